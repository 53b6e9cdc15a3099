#pragma once

/// \file dashboard_server.hpp
/// The HTTP interface: JSON API and dashboard.

#include <functional>
#include <memory>
#include <string>

#include "townkrier/config.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/result.hpp"
#include "townkrier/storage_manager.hpp"

namespace townkrier {

struct DashboardServerConfig {
  QueueManager* queue_manager = nullptr;      ///< Required; must outlive the server.
  StorageManager* storage_manager = nullptr;  ///< Optional; logs are read from it when given.
  std::string host = "127.0.0.1";
  std::uint16_t port = 3000;  ///< 0 = any free port.
  std::string path = "/dashboard";
  AuthOptions auth;
  /// Remaining limits; host, port, path and auth above win.
  ServerOptions server = {};
  LogSink log = {};
};

/// `start` and `stop` are for one thread; double start or stop has no effect.
class DashboardServer {
 public:
  explicit DashboardServer(DashboardServerConfig config);
  ~DashboardServer();
  DashboardServer(const DashboardServer&) = delete;
  DashboardServer& operator=(const DashboardServer&) = delete;

  /// Listens. Errors: kInvalidConfig (refuses another address than loopback without auth), kIo
  /// (port in use).
  Result<void> start();
  /// Takes no new requests, lets running ones finish for at most 2 s, closes.
  void stop();

  /// The bound port; 0 before start.
  std::uint16_t port() const;
  /// "http://127.0.0.1:3000/dashboard"
  std::string url() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace townkrier
