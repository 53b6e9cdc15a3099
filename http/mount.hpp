#pragma once

/// \file http/mount.hpp
/// Serves requests that another Pistache server has read.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>  // Before Pistache, whose macro `unreachable` would break it.

#include <pistache/router.h>

#include "http/app.hpp"
#include "http/reply_loop.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/config.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Thread-safe. Shared by its owner and the router's middleware, which cannot be removed again.
class Mount : public std::enable_shared_from_this<Mount> {
 public:
  /// Checks the options as a server of its own would. kInvalidConfig.
  static Result<std::shared_ptr<Mount>> create(const ServerOptions& options,
                                               std::shared_ptr<DashboardBackend> backend,
                                               std::shared_ptr<const Clock> clock);

  /// Adds the middleware that answers everything under the path.
  void add_to(Pistache::Rest::Router& router);
  /// Further requests are answered 503, running ones not at all. Must be called, from no thread of
  /// the backend's, before the owner lets go.
  void stop();

 private:
  Mount(ServerOptions options, std::shared_ptr<App> app, std::shared_ptr<const Clock> clock);
  bool is_ours(const std::string& resource) const;
  void serve(Pistache::Http::Request& request, Pistache::Http::ResponseWriter& response);
  void answer(int fd, const std::string& request_id, Method method, const Response& response);
  std::shared_ptr<App> watch(const ExchangePtr& exchange);

  const ServerOptions options_;
  const std::shared_ptr<const Clock> clock_;
  const std::string request_id_prefix_;
  std::atomic<std::uint64_t> requests_{0};

  std::mutex mutex_;
  // Guarded by mutex_; both are null once stopped.
  std::shared_ptr<App> app_;  // Shared with requests being answered.
  std::unique_ptr<ReplyLoop> replies_;
};

}  // namespace townkrier::http
