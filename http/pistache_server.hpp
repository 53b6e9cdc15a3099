#pragma once

/// \file http/pistache_server.hpp
/// The running server: accepts, reads with Pistache's event loops, hands requests to the handler.
/// This header names no Pistache type, so only pistache_server.cpp pays for Pistache's.

#include <cstdint>
#include <memory>
#include <string>

#include "http/connection.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

struct NetworkOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  int threads = 1;
  int max_connections = 4096;
  int max_connections_per_address = 2048;
  Duration stop_grace{2'000};  ///< Running requests may take this long after `stop`.
  LogSink log;
};

/// `stop` and the destructor are for one thread.
class PistacheServer {
 public:
  /// Listens and serves. Errors: kIo.
  static Result<std::unique_ptr<PistacheServer>> start(NetworkOptions options,
                                                       std::shared_ptr<ConnectionScope> scope);
  ~PistacheServer();
  PistacheServer(const PistacheServer&) = delete;
  PistacheServer& operator=(const PistacheServer&) = delete;

  std::uint16_t port() const;
  int connections() const;
  /// Takes no new connections, lets running requests finish for `stop_grace`, closes everything.
  void stop();

 private:
  struct Impl;
  explicit PistacheServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace townkrier::http
