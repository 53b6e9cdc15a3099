#include "http/credentials.hpp"

#include <algorithm>

#include "core/base64.hpp"

namespace townkrier::http {

namespace {

// The rest after "scheme " in any case; nullopt for another scheme.
std::optional<std::string_view> after_scheme(std::string_view text, std::string_view scheme) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  if (text.size() <= scheme.size() || text[scheme.size()] != ' ' ||
      !std::ranges::equal(text.substr(0, scheme.size()), scheme, same)) {
    return std::nullopt;
  }
  return text.substr(scheme.size() + 1);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<BasicCredentials> parse_basic(std::string_view authorization) {
  const auto encoded = after_scheme(authorization, "basic");
  if (!encoded) return std::nullopt;
  const auto decoded = base64_decode(*encoded);
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::optional<std::string_view> parse_bearer(std::string_view authorization) {
  const auto token = after_scheme(authorization, "bearer");
  if (!token || token->empty() || token->find(' ') != token->npos) return std::nullopt;
  return token;
}

std::optional<std::string_view> find_cookie(const Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Header& header : request.headers) {
    if (header.name != "cookie") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = pair.find('=');
      if (equals == pair.npos || pair.substr(0, equals) != name) continue;
      if (found) return std::nullopt;
      found = pair.substr(equals + 1);
    }
  }
  return found;
}

}  // namespace townkrier::http
