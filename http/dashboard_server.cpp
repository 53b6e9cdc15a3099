#include "townkrier/dashboard_server.hpp"

#include <utility>

#include "http/engine_backend.hpp"
#include "http/server.hpp"

namespace townkrier {

struct DashboardServer::Impl {
  DashboardServerConfig config;
  http::EngineBackend engine;
  std::unique_ptr<http::HttpServer> server;  // Null unless started.

  void log(LogLevel level, const std::string& line) const {
    if (config.log) config.log(level, line);
  }
};

DashboardServer::DashboardServer(DashboardServerConfig config)
    : impl_(std::make_unique<Impl>(Impl{std::move(config), {}, nullptr})) {
  // From here on, not only from `start`: jobs that run before it are to be seen, too.
  QueueManager* const queue = impl_->config.queue_manager;
  StorageManager* const storage = impl_->config.storage_manager;
  if (queue && storage) queue->log_to(*storage);
}

DashboardServer::~DashboardServer() {
  stop();
}

Result<void> DashboardServer::start() {
  if (impl_->server) return {};
  auto engine = http::engine_backend(impl_->config);
  if (!engine) return std::unexpected(engine.error());
  auto server = http::HttpServer::start(
      {.options = http::server_options(impl_->config), .log = impl_->config.log}, engine->backend);
  if (!server) {
    engine->stop();
    return std::unexpected(server.error());
  }
  impl_->engine = std::move(*engine);
  impl_->server = std::move(*server);
  impl_->log(LogLevel::kInfo, "event=http_listening url=" + url());
  return {};
}

void DashboardServer::stop() {
  if (!impl_->server) return;
  impl_->server.reset();
  impl_->engine.stop();
  impl_->engine = {};
  impl_->log(LogLevel::kInfo, "event=http_stopped");
}

std::uint16_t DashboardServer::port() const {
  return impl_->server ? impl_->server->port() : 0;
}

std::string DashboardServer::url() const {
  const DashboardServerConfig& config = impl_->config;
  const bool is_v6 = config.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + config.host + "]" : config.host;
  const std::uint16_t shown = impl_->server ? port() : config.port;
  return "http://" + host + ":" + std::to_string(shown) + config.path;
}

}  // namespace townkrier
