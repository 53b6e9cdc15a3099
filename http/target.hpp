#pragma once

/// \file http/target.hpp
/// Reading a request target ("/api/jobs?status=failed") into decoded segments and query pairs.

#include <optional>
#include <string>
#include <string_view>

#include "http/guard.hpp"
#include "http/request.hpp"

namespace townkrier::http {

/// Fills `path`, `segments` and `query`. An absolute address gives `host`, too (RFC 9112,
/// 3.2.2). Refused: any other form, empty and dot segments,
/// broken percent-encoding, control characters, invalid UTF-8, more than 64 query pairs.
std::optional<Reject> read_target(std::string_view target, Request& request);

/// Percent-decoding; with `Plus::kSpace` a '+' is a blank (queries). nullopt: broken encoding, a
/// control character, or invalid UTF-8.
enum class Plus : std::uint8_t { kLiteral, kSpace };
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

}  // namespace townkrier::http
