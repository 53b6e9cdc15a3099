#include "core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace townkrier {

namespace {

bool is_continuation(std::string_view text, std::size_t position) {
  return position < text.size() && (static_cast<std::uint8_t>(text[position]) & 0xc0) == 0x80;
}

// How many bytes from `position` on are ASCII; most text is, so eight are looked at at once.
std::size_t ascii_run(std::string_view text, std::size_t position) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t end = position;
  for (std::uint64_t word = 0; end + sizeof word <= text.size(); end += sizeof word) {
    std::memcpy(&word, text.data() + end, sizeof word);
    if ((word & kHighBits) != 0) break;
  }
  while (end < text.size() && static_cast<std::uint8_t>(text[end]) < 0x80) ++end;
  return end - position;
}

}  // namespace

// Table 3-7 of the Unicode Standard: the second byte's range depends on the first.
std::size_t utf8_char_bytes(std::string_view text, std::size_t position) {
  if (position >= text.size()) return 0;
  const auto first = static_cast<std::uint8_t>(text[position]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !is_continuation(text, position + 1)) return 0;
  if (first < 0xe0) return 2;
  const auto second = static_cast<std::uint8_t>(text[position + 1]);
  if (!is_continuation(text, position + 2)) return 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  return is_continuation(text, position + 3) ? 4 : 0;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = ascii_run(text, 0); i < text.size(); i += ascii_run(text, i)) {
    const std::size_t bytes = utf8_char_bytes(text, i);
    if (bytes == 0) return false;
    i += bytes;
  }
  return true;
}

std::size_t utf8_length(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t ascii = ascii_run(text, i);
    characters += ascii;
    i += ascii;
    if (i == text.size()) break;
    i += std::max<std::size_t>(1, utf8_char_bytes(text, i));
    ++characters;
  }
  return characters;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_characters) {
  std::size_t end = 0;
  for (std::size_t taken = 0; taken < max_characters && end < text.size(); ++taken) {
    end += std::max<std::size_t>(1, utf8_char_bytes(text, end));
  }
  return text.substr(0, end);
}

std::string_view utf8_cut(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 4 && is_continuation(text, end)) --end;
  return text.substr(0, end);
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t ascii = ascii_run(text, i);
    valid.append(text, i, ascii);
    i += ascii;
    if (i == text.size()) break;
    const std::size_t bytes = utf8_char_bytes(text, i);
    valid += bytes == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(i, bytes);
    i += std::max<std::size_t>(1, bytes);
  }
  return valid;
}

}  // namespace townkrier
