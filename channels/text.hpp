#pragma once

/// \file text.hpp
/// Texts from outside, made fit for error messages. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace townkrier {

/// `text` without control characters (a run of them becomes one space) and surrounding space, cut
/// to `max_bytes` at a character boundary.
std::string printable(std::string_view text, std::size_t max_bytes);

/// True when `text` holds a byte below 0x20 or 0x7f.
bool has_control(std::string_view text);

/// True when every byte is 0x20..0x7e.
bool is_printable_ascii(std::string_view text);

}  // namespace townkrier
