#pragma once

/// \file http/app.hpp
/// From a request to a route: the checks every request passes, in this order: where it comes from,
/// Host, login, route, method, role, other sites, body type, query names. No socket and no thread
/// of its own.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/access.hpp"
#include "http/api.hpp"
#include "http/audit_recorder.hpp"
#include "http/auth.hpp"
#include "http/exchange.hpp"
#include "http/forwarding.hpp"
#include "http/router.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/config.hpp"

namespace townkrier::http {

struct AppOptions {
  std::string path = "/dashboard";  ///< ServerOptions::path.
  HostRules hosts = {};
  AuthOptions auth = {};
  std::vector<std::string> trusted_proxies = {};  ///< ServerOptions::trusted_proxies.
  std::size_t max_body_bytes = 1u << 20;
  LogSink log = {};
};

/// What a server with these options, valid by themselves, needs of the App.
AppOptions app_options(const ServerOptions& options, LogSink log);

/// Thread-safe.
class App : public std::enable_shared_from_this<App> {
 public:
  /// kInvalidConfig when the login cannot work or a proxy's address is none.
  static Result<std::shared_ptr<App>> create(AppOptions options,
                                             std::shared_ptr<DashboardBackend> backend,
                                             std::shared_ptr<const Clock> clock);

  /// Answers at once or later; never throws.
  void handle(ExchangePtr exchange) const;
  /// Logins that are being checked are refused, gathered audit rows are written. To be called
  /// before the last reference goes, and while the backend still answers.
  void stop();

  /// "GET /api/jobs/:id" and its rules, of every route.
  std::vector<std::pair<std::string, const Route*>> routes() const { return router_.list(); }

 private:
  App(AppOptions options, NetworkList proxies, const SessionContext& context);
  Router::Match match(const Request& request) const;
  void serve(const ExchangePtr& exchange, const Router::Match& match) const;
  void run(const ExchangePtr& exchange, const Router::Found& found) const;
  void audit(const ExchangePtr& exchange, const Router::Found& found) const;
  void count_answer(const ExchangePtr& exchange, const Router::Match& match) const;
  void refuse_login(const ExchangePtr& exchange, const LoginFailure& failure) const;

  const AppOptions options_;
  const NetworkList proxies_;
  const std::shared_ptr<Authenticator> authenticator_;  // Shared with the session's routes,
  const std::shared_ptr<AuditRecorder> audit_;          // and so is this.
  const std::shared_ptr<HttpMetrics> metrics_ = std::make_shared<HttpMetrics>();    // Shared with
  const std::shared_ptr<EventStreams> streams_ = std::make_shared<EventStreams>();  // the API.
  Router router_;
};

}  // namespace townkrier::http
