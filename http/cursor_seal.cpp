#include "http/cursor_seal.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>
#include <vector>

namespace townkrier::http {

namespace {

constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kMacDigits = 2 * kMacBytes;

void append_part(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

bool is_filter(const QueryPair& pair) {
  return pair.name != "limit" && pair.name != "offset" && pair.name != "cursor";
}

}  // namespace

CursorSeal::CursorSeal() {
  randombytes_buf(key_.data(), key_.size());
}

std::string CursorSeal::mac(std::string_view cursor, const Request& request) const {
  std::vector<QueryPair> filter;
  std::ranges::copy_if(request.query, std::back_inserter(filter), is_filter);
  std::ranges::sort(filter, {},
                    [](const QueryPair& pair) { return std::tie(pair.name, pair.value); });
  std::string text;
  append_part(text, cursor);
  append_part(text, request.segments.empty() ? "" : request.segments.back());
  for (const QueryPair& pair : filter) {
    append_part(text, pair.name);
    append_part(text, pair.value);
  }
  std::array<unsigned char, kMacBytes> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), key_.data(), key_.size());
  std::array<char, kMacDigits + 1> digits{};
  sodium_bin2hex(digits.data(), digits.size(), hash.data(), hash.size());
  return {digits.data(), kMacDigits};
}

std::string CursorSeal::seal(std::string_view cursor, const Request& request) const {
  return std::string(cursor) + mac(cursor, request);
}

Result<std::optional<std::string>> CursorSeal::open(const Request& request) const {
  const auto found = std::ranges::find(request.query, "cursor", &QueryPair::name);
  if (found == request.query.end()) return std::nullopt;
  const std::string_view text = found->value;
  if (text.size() > kMacDigits) {
    const std::string_view cursor = text.substr(0, text.size() - kMacDigits);
    const std::string wanted = mac(cursor, request);
    if (sodium_memcmp(wanted.data(), text.data() + cursor.size(), kMacDigits) == 0) {
      return std::string(cursor);
    }
  }
  return fail_field(Errc::kMalformed, "cursor",
                    "is not a cursor of this list and filter; begin without one");
}

}  // namespace townkrier::http
