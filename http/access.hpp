#pragma once

/// \file http/access.hpp
/// Checks that a request may be served at all, before any route runs. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"
#include "http/router.hpp"

namespace townkrier::http {

/// Which Host headers are answered: on loopback, only names of this machine, so that a page
/// elsewhere cannot reach the server by pointing its own name at 127.0.0.1 (DNS rebinding).
enum class HostPolicy : std::uint8_t { kAny, kLoopbackOnly };
std::optional<ProblemText> check_host(const Request& request, HostPolicy policy,
                                      std::string_view bound_host);

/// Refuses requests that a browser makes for another site's page (Sec-Fetch-Site, Origin).
/// Programs send neither header.
std::optional<ProblemText> check_same_site(const Request& request);

/// 415 unless the body's type is what the route takes.
std::optional<ProblemText> check_media_type(const Request& request, BodyKind kind);

/// "Application/JSON; charset=utf-8" → "application/json"; empty without the header.
std::string media_type(const Request& request);

}  // namespace townkrier::http
