#pragma once

/// \file cursor.hpp
/// Opaque page cursors: where the last row of a page stands, so that a page does not move when rows
/// are added or removed. A cursor is only valid for the listing and direction it came from.

#include <optional>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

/// `kind` names the listing and its direction (one letter each kind, chosen by the caller).
std::string make_cursor(char kind, const IndexPosition& position);
/// kMalformed, with pointer "cursor".
Result<IndexPosition> parse_cursor(char kind, std::string_view text);
/// Absent stays absent.
Result<std::optional<IndexPosition>> parse_cursor(char kind,
                                                  const std::optional<std::string>& text);

}  // namespace townkrier::persistence
