#include "http/idempotency.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>

namespace townkrier::http {

namespace {

constexpr std::string_view kHeader = "idempotency-key";
constexpr std::size_t kMaxBytes = 200;

std::string digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return {hash.begin(), hash.end()};
}

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kMaxBytes && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

// What is asked for, but for the base path, of which there are two.
std::string asked(const Request& request, std::string_view route) {
  std::string text(route);
  for (const QueryPair& pair : request.query) {
    text.append(1, '\0').append(pair.name).append(1, '\0').append(pair.value);
  }
  return text.append(2, '\0').append(request.body);
}

}  // namespace

Result<std::optional<IdempotencyKey>> read_idempotency_key(const Request& request,
                                                           const Identity& sender,
                                                           std::string_view route) {
  const auto count = std::ranges::count(request.headers, kHeader, &Header::name);
  if (count == 0) return std::nullopt;
  const std::string_view key = without_quotes(*request.header(kHeader));
  if (count > 1 || !is_key(key)) {
    return fail_field(Errc::kMalformed, "Idempotency-Key",
                      "must be one text of 1 to 200 printable ASCII characters without blanks");
  }
  std::string name = sender.label();
  name.append(1, '\0').append(key);
  return IdempotencyKey{digest(name), digest(asked(request, route))};
}

}  // namespace townkrier::http
