#include "persistence/cursor.hpp"

#include "persistence/key_schema.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string make_cursor(char kind, const IndexPosition& position) {
  std::string bytes;
  append_position(bytes, position.time, position.id);
  std::string text(1, kind);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Result<IndexPosition> parse_cursor(char kind, std::string_view text) {
  const auto malformed = fail_field(Errc::kMalformed, "cursor", "is not a cursor of this listing");
  if (text.size() != 1 + 2 * kPositionSize || text.front() != kind) return malformed;
  std::string bytes;
  for (std::size_t i = 1; i < text.size(); i += 2) {
    const auto high = kDigits.find(text[i]);
    const auto low = kDigits.find(text[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return malformed;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return *position_at_end(bytes);
}

Result<std::optional<IndexPosition>> parse_cursor(char kind,
                                                  const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto position = parse_cursor(kind, std::string_view(*text));
  if (!position) return std::unexpected(position.error());
  return *position;
}

}  // namespace townkrier::persistence
