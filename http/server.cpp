#include "http/server.hpp"

#include <utility>

#include "core/uuid_generator.hpp"
#include "http/acceptor.hpp"
#include "http/app.hpp"
#include "http/pistache_server.hpp"

namespace townkrier::http {

namespace {

std::shared_ptr<ConnectionScope> make_scope(const HttpServerConfig& config,
                                            std::shared_ptr<App> app) {
  auto scope = std::make_shared<ConnectionScope>();
  scope->limits.max_body_bytes = config.options.max_body_bytes;
  scope->timeouts = config.timeouts;
  scope->timeouts.request = config.options.request_timeout;
  scope->clock = config.clock;
  // 64 random bits and a number: nobody can guess another's, and they sort within a run.
  scope->request_id_prefix = random_uuid().to_string().substr(19, 17) + "-";
  scope->max_in_flight = std::max(config.options.max_connections, 1024);
  scope->handler = [app = std::move(app)](ExchangePtr exchange) {
    app->handle(std::move(exchange));
  };
  return scope;
}

}  // namespace

HttpServer::HttpServer(std::shared_ptr<App> app, std::unique_ptr<PistacheServer> server)
    : app_(std::move(app)), server_(std::move(server)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerConfig config,
                                                      std::shared_ptr<DashboardBackend> backend) {
  const ServerOptions& options = config.options;
  if (auto valid = options.validate(); !valid) {
    return fail(Errc::kInvalidConfig, valid.error().message);
  }
  if (!config.clock) config.clock = std::make_shared<SystemClock>();
  auto app = App::create(app_options(options, config.log), std::move(backend), config.clock);
  if (!app) return std::unexpected(app.error());
  auto server =
      PistacheServer::start({.host = options.host,
                             .port = options.port,
                             .threads = options.threads,
                             .max_connections = options.max_connections,
                             .max_connections_per_address = options.max_connections_per_address,
                             .stop_grace = config.stop_grace,
                             .log = config.log},
                            make_scope(config, *app));
  if (!server) return std::unexpected(server.error());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(*app), std::move(*server)));
}

void HttpServer::stop() {
  server_->stop();
  app_->stop();
}

std::uint16_t HttpServer::port() const {
  return server_->port();
}

int HttpServer::connections() const {
  return server_->connections();
}

}  // namespace townkrier::http
