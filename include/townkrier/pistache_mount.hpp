#pragma once

/// \file pistache_mount.hpp
/// The dashboard and its API inside a service's own Pistache server. Opt-in: this header needs
/// Pistache.
///
/// Everything under `config.path` is answered: the page at `<path>`, the API at `<path>/api`. The
/// service's own routes are untouched. What DashboardServer does for its own sockets (strict
/// framing, slow clients, connection limits; see docs/) is here the business of the service's
/// server, so put a reverse proxy with request buffering in front of it.

#include <memory>
#include <utility>  // Before Pistache, whose macro `unreachable` would break it.

#include <pistache/router.h>

#include "townkrier/dashboard_server.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// Keeps a mounted dashboard alive; without it requests under its path are answered 503. Destroy it
/// before the QueueManager. Thread-safe to destroy while the server runs.
class DashboardMount {
 public:
  ~DashboardMount();
  DashboardMount(const DashboardMount&) = delete;
  DashboardMount& operator=(const DashboardMount&) = delete;

 private:
  friend Result<std::unique_ptr<DashboardMount>> mount_dashboard(Pistache::Rest::Router& router,
                                                                 DashboardServerConfig config);
  struct Impl;
  explicit DashboardMount(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Adds a middleware to `router`; call it before `router.handler()`. `config.host` says where the
/// service listens (another address than loopback needs `auth`); `config.port` is not used. Answers
/// are written on a duplicate of the client's descriptor and end its connection. Plain HTTP only:
/// with Pistache's own TLS the answers would bypass it. Errors: kInvalidConfig.
Result<std::unique_ptr<DashboardMount>> mount_dashboard(Pistache::Rest::Router& router,
                                                        DashboardServerConfig config);

}  // namespace townkrier
