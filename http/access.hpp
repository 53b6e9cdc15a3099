#pragma once

/// \file http/access.hpp
/// Checks that a request may be served at all, before any route runs. Pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.hpp"
#include "http/response.hpp"
#include "http/router.hpp"

namespace townkrier::http {

/// Which names the server is called by. With kListed a page elsewhere cannot reach it by pointing
/// its own name at our address (DNS rebinding).
enum class HostPolicy : std::uint8_t {
  kAny,
  kListed,  ///< `names`, the bound host, and names of this machine's loopback.
};
struct HostRules {
  HostPolicy policy = HostPolicy::kListed;
  std::string bound = "127.0.0.1";
  std::vector<std::string> names = {};
};
std::optional<ProblemText> check_host(const Request& request, const HostRules& rules);

/// Refuses requests that a browser makes for another site's page (Sec-Fetch-Site, Origin).
/// Programs send neither header.
std::optional<ProblemText> check_same_site(const Request& request);

/// 415 unless the body's type is what the route takes.
std::optional<ProblemText> check_media_type(const Request& request, BodyKind kind);

/// "Application/JSON; charset=utf-8" → "application/json"; empty without the header.
std::string media_type(const Request& request);

}  // namespace townkrier::http
