#pragma once

/// \file http/router.hpp
/// Which handler serves a method and a path. Filled at start, then read only: thread-safe.

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/exchange.hpp"
#include "http/request.hpp"

namespace townkrier::http {

/// Who may call a route.
enum class Access : std::uint8_t {
  kPublic,   ///< Anybody: liveness only.
  kRead,     ///< A logged-in viewer.
  kOperate,  ///< The same, and not from another site's page.
};

/// What body a route takes.
enum class BodyKind : std::uint8_t {
  kNone,          ///< Ignored when empty; a body has to be JSON all the same.
  kJson,          ///< application/json
  kJsonOrNdjson,  ///< or application/x-ndjson
};

/// Path parameters in the order of the pattern's ":name" segments.
using PathParams = std::vector<std::string>;
/// `params` is valid during the call only.
using RouteHandler = std::function<void(const ExchangePtr& exchange, const PathParams& params)>;

struct Route {
  Method method = Method::kGet;
  std::string pattern;  ///< "/jobs/:id/retry"
  Access access = Access::kRead;
  BodyKind body = BodyKind::kNone;
  /// The parameters it knows; any other is refused. "status*" may be given several times.
  std::vector<std::string> query = {};
  RouteHandler handler;
};

class Router {
 public:
  /// A HEAD request is served by the GET route. `prefix` goes before the pattern ("/api").
  void add(std::string_view prefix, Route route);

  struct Found {
    const Route* route;
    PathParams params;
  };
  struct NotFound {};
  struct MethodNotAllowed {
    std::string allow;  ///< "GET, HEAD, DELETE"
  };
  using Match = std::variant<Found, NotFound, MethodNotAllowed>;

  Match match(Method method, const std::vector<std::string>& segments) const;

 private:
  struct Entry {
    std::vector<std::string> segments;
    Route route;
  };
  std::vector<Entry> entries_;
};

}  // namespace townkrier::http
