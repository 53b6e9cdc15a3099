#pragma once

/// \file http/cursor_seal.hpp
/// Makes the stores' cursors opaque: a cursor that was edited, or taken to another list or filter,
/// is refused. Cursors do not outlive the process. Immutable: thread-safe.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

class CursorSeal {
 public:
  /// With a random key.
  CursorSeal();

  /// For the list and the filter of this request: its last path segment and its query but for
  /// limit, offset and cursor.
  std::string seal(std::string_view cursor, const Request& request) const;
  /// The `cursor` parameter as the store gave it; absent without one. kMalformed when it is not
  /// from `seal` for this list and filter.
  Result<std::optional<std::string>> open(const Request& request) const;

 private:
  std::string mac(std::string_view cursor, const Request& request) const;

  std::array<unsigned char, 32> key_;
};

}  // namespace townkrier::http
