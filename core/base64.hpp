#pragma once

/// \file base64.hpp
/// Base64 (RFC 4648 §4, with padding) and hex. Pure functions.

#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

std::string base64_encode(std::string_view bytes);
/// Strict: no white space, padding required, no stray bits. kMalformed.
Result<std::string> base64_decode(std::string_view text);

/// Lower case, two digits a byte.
std::string hex_encode(std::string_view bytes);
/// Either case, an even number of digits. kMalformed.
Result<std::string> hex_decode(std::string_view text);

}  // namespace townkrier
