#pragma once

/// \file http/credentials.hpp
/// Reading what a request says about its sender: Authorization and Cookie. Pure functions that take
/// any bytes.

#include <optional>
#include <string>
#include <string_view>

#include "http/request.hpp"

namespace townkrier::http {

/// "Basic dXNlcjpwYXNz" → {"user","pass"}; nullopt for anything else.
struct BasicCredentials {
  std::string user;
  std::string password;
};
std::optional<BasicCredentials> parse_basic(std::string_view authorization);

/// "Bearer abc" → "abc" (RFC 6750, 2.1); nullopt for anything else.
std::optional<std::string_view> parse_bearer(std::string_view authorization);

/// The value of the cookie of that name, from all Cookie lines. nullopt without one, and when it is
/// given more than once: another site under the same domain may have added one of them.
std::optional<std::string_view> find_cookie(const Request& request, std::string_view name);

}  // namespace townkrier::http
