#pragma once

/// \file utf8.hpp
/// The few questions we ask of UTF-8 text (RFC 3629). Pure functions; any bytes are accepted.

#include <cstddef>
#include <string>
#include <string_view>

namespace townkrier {

/// Bytes of the well-formed character at `position` (1..4), or 0 when there is none.
std::size_t utf8_char_bytes(std::string_view text, std::size_t position);

bool is_valid_utf8(std::string_view text);

/// Characters (code points); each byte outside a well-formed character counts as one.
std::size_t utf8_length(std::string_view text);

/// The longest prefix of at most `max_characters`.
std::string_view utf8_prefix(std::string_view text, std::size_t max_characters);

/// The longest prefix of at most `max_bytes` that does not cut a character.
std::string_view utf8_cut(std::string_view text, std::size_t max_bytes);

/// Ill-formed bytes become U+FFFD.
std::string to_valid_utf8(std::string_view text);

/// True for C0 controls and DEL.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace townkrier
