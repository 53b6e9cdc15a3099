#pragma once

/// \file http/app.hpp
/// From a request to a route: the checks every request passes, in this order: Host, login, route,
/// method, other sites, query names, body type. No socket and no thread of its own.

#include <memory>
#include <string>

#include "http/access.hpp"
#include "http/api.hpp"
#include "http/auth.hpp"
#include "http/exchange.hpp"
#include "http/router.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/config.hpp"

namespace townkrier::http {

struct AppOptions {
  std::string path = "/dashboard";  ///< ServerOptions::path.
  std::string host = "127.0.0.1";   ///< What the server is bound to.
  HostPolicy hosts = HostPolicy::kLoopbackOnly;
  AuthOptions auth;
  std::size_t max_body_bytes = 1u << 20;
};

/// Thread-safe.
class App : public std::enable_shared_from_this<App> {
 public:
  /// kInvalidConfig when the login cannot work.
  static Result<std::shared_ptr<App>> create(AppOptions options,
                                             std::shared_ptr<DashboardBackend> backend,
                                             std::shared_ptr<const Clock> clock);

  /// Answers at once or later; never throws.
  void handle(ExchangePtr exchange) const;
  /// Logins that are being checked are refused. To be called before the last reference goes.
  void stop() { authenticator_->stop(); }

 private:
  App(AppOptions options, std::unique_ptr<Authenticator> authenticator);
  void serve(const ExchangePtr& exchange, const Router::Match& match) const;
  void run(const ExchangePtr& exchange, const Router::Found& found) const;

  const AppOptions options_;
  const std::unique_ptr<Authenticator> authenticator_;
  Router router_;
};

}  // namespace townkrier::http
