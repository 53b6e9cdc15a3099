#include "townkrier/id.hpp"

#include <cstring>

namespace townkrier {

namespace {

constexpr std::size_t kTextLength = 36;

bool is_dash_position(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Uuid::to_string() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kTextLength, '-');
  std::size_t position = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_dash_position(position)) ++position;
    text[position++] = kDigits[byte >> 4];
    text[position++] = kDigits[byte & 0x0f];
  }
  return text;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  constexpr auto kWanted =
      "not an id: expected 36 characters like "
      "01890a5d-ac96-774b-bcce-b302099a8057";
  if (text.size() != kTextLength) return fail(Errc::kMalformed, kWanted);
  Uuid id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    if (is_dash_position(i)) {
      if (text[i] != '-') return fail(Errc::kMalformed, kWanted);
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return fail(Errc::kMalformed, kWanted);
    auto& byte = id.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
    ++nibble;
  }
  return id;
}

}  // namespace townkrier

// The last eight bytes hold the random part; the first eight tell ids with few random bits apart.
std::size_t std::hash<townkrier::Uuid>::operator()(const townkrier::Uuid& id) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), sizeof high);
  std::memcpy(&low, id.bytes.data() + sizeof high, sizeof low);
  std::uint64_t mixed = (high ^ (low + 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
  mixed ^= mixed >> 32;
  return static_cast<std::size_t>(mixed);
}
