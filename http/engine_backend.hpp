#pragma once

/// \file http/engine_backend.hpp
/// What the facades have in common: from their public configuration to the parts of the server.

#include <memory>

#include "http/log_backend.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/dashboard_server.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

/// The backend of a facade, which calls `stop` when its server has stopped.
struct EngineBackend {
  std::shared_ptr<DashboardBackend> backend;
  std::shared_ptr<LogBackend> logs = nullptr;  ///< The same, when there is a storage manager.

  void stop() {
    if (logs) logs->stop();
  }
};

/// The queue manager's engine; with a storage manager its logs are written to and read from that.
/// kInvalidConfig without a queue manager, or what the engine says is wrong.
Result<EngineBackend> engine_backend(const DashboardServerConfig& config);

/// `config.server` with host, port, path and auth from the config itself.
ServerOptions server_options(const DashboardServerConfig& config);

}  // namespace townkrier::http
