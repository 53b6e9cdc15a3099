#pragma once

/// \file http/server.hpp
/// The HTTP server over any DashboardBackend: what the DashboardServer facade runs, and what tests
/// start with a backend of their own.

#include <cstdint>
#include <memory>
#include <string>

#include "http/connection.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/config.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

class App;
class PistacheServer;

struct HttpServerConfig {
  ServerOptions options;
  /// `request` is taken from the options.
  ConnectionTimeouts timeouts = {};
  Duration stop_grace{2'000};
  std::shared_ptr<const Clock> clock;  ///< Default: SystemClock.
  LogSink log;
};

/// For one thread.
class HttpServer {
 public:
  /// Serves until `stop` or destruction. Errors: kInvalidConfig, kIo.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerConfig config,
                                                   std::shared_ptr<DashboardBackend> backend);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void stop();
  std::uint16_t port() const;
  /// Connections that are open or still owe an answer.
  int connections() const;

 private:
  HttpServer(std::shared_ptr<App> app, std::unique_ptr<PistacheServer> server);

  const std::shared_ptr<App> app_;  // Shared with requests that are still being answered.
  const std::unique_ptr<PistacheServer> server_;
};

}  // namespace townkrier::http
