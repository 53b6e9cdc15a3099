#pragma once

/// \file http/router.hpp
/// Which handler serves a method and a path. Filled at start, then read only: thread-safe.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/exchange.hpp"
#include "http/identity.hpp"
#include "http/request.hpp"

namespace townkrier::http {

/// What body a route takes.
enum class BodyKind : std::uint8_t {
  kNone,          ///< Ignored when empty; a body has to be JSON all the same.
  kJson,          ///< application/json
  kJsonOrNdjson,  ///< or application/x-ndjson
  kAny,           ///< Of any type: the handler checks it.
};

/// How a request that changes something is written to the audit log. Every route whose method is
/// not GET needs one.
struct AuditRule {
  std::string action;  ///< "job.retry"; empty: nothing is written.
  /// The path parameter that names the target; absent: there is none, or it is personal.
  std::optional<std::size_t> target = std::nullopt;
  enum class Rows : std::uint8_t {
    kEach,     ///< A row a request, written before the answer.
    kCounted,  ///< What programs do often: like requests of some seconds are one row.
  };
  Rows rows = Rows::kEach;
};

/// What the header Idempotency-Key is to a route.
enum class KeyUse : std::uint8_t {
  kIgnored,  ///< It reads, or doing it twice is doing it once.
  kTaken,
  kRefused,  ///< It would be of no use, and must not seem to be.
};

/// In Route::query: the route takes any parameters (a page reads its own in the browser).
inline constexpr std::string_view kAnyQuery = "*";

/// Path parameters in the order of the pattern's ":name" segments.
using PathParams = std::vector<std::string>;
/// `params` is valid during the call only.
using RouteHandler = std::function<void(const ExchangePtr& exchange, const PathParams& params)>;

struct Route {
  Method method = Method::kGet;
  std::string pattern;  ///< "/jobs/:id/retry"
  Access access = Access::kNobody;
  BodyKind body = BodyKind::kNone;
  /// The parameters it knows; any other is refused. "status*" may be given several times.
  std::vector<std::string> query = {};
  AuditRule audit = {};
  RouteHandler handler;
  KeyUse key = KeyUse::kIgnored;
  std::string label = {};  ///< What it is counted as: "GET /api/jobs/:id".
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

  /// "GET /api/jobs/:id" and its route, of all that were added. For the test of permissions.
  std::vector<std::pair<std::string, const Route*>> list() const;

 private:
  struct Entry {
    std::vector<std::string> segments;
    Route route;
  };
  std::vector<Entry> entries_;
};

}  // namespace townkrier::http
