#include "http/engine_backend.hpp"

#include "http/log_backend.hpp"

namespace townkrier::http {

Result<std::shared_ptr<DashboardBackend>> engine_backend(const DashboardServerConfig& config) {
  if (!config.queue_manager) {
    return fail(Errc::kInvalidConfig, "a dashboard needs a queue_manager");
  }
  auto engine = config.queue_manager->backend();
  if (!engine || !config.storage_manager) return engine;
  config.queue_manager->log_to(*config.storage_manager);
  return with_logs_from(*config.storage_manager, std::move(*engine));
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
