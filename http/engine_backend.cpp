#include "http/engine_backend.hpp"

#include <utility>

namespace townkrier::http {

Result<EngineBackend> engine_backend(const DashboardServerConfig& config) {
  if (!config.queue_manager) {
    return fail(Errc::kInvalidConfig, "a dashboard needs a queue_manager");
  }
  auto engine = config.queue_manager->backend();
  if (!engine) return std::unexpected(engine.error());
  if (!config.storage_manager) return EngineBackend{std::move(*engine)};
  config.queue_manager->log_to(*config.storage_manager);
  auto logs = std::make_shared<LogBackend>(*config.storage_manager, std::move(*engine));
  return EngineBackend{logs, logs};
}

ServerOptions server_options(const DashboardServerConfig& config) {
  ServerOptions options = config.server;
  options.host = config.host;
  options.port = config.port;
  options.path = config.path;
  options.auth = config.auth;
  return options;
}

}  // namespace townkrier::http
