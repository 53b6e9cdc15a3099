#include "townkrier/pistache_mount.hpp"

#include <utility>

#include "http/engine_backend.hpp"
#include "http/mount.hpp"

namespace townkrier {

struct DashboardMount::Impl {
  http::EngineBackend engine;
  std::shared_ptr<http::Mount> mount;  // Shared with the router's middleware.
};

DashboardMount::DashboardMount(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

DashboardMount::~DashboardMount() {
  impl_->mount->stop();
}

Result<std::unique_ptr<DashboardMount>> mount_dashboard(Pistache::Rest::Router& router,
                                                        DashboardServerConfig config) {
  auto engine = http::engine_backend(config);
  if (!engine) return std::unexpected(engine.error());
  auto mount = http::Mount::create(http::server_options(config), engine->backend,
                                   std::make_shared<SystemClock>());
  if (!mount) {
    engine->stop();
    return std::unexpected(mount.error());
  }
  (*mount)->add_to(router);
  return std::unique_ptr<DashboardMount>(new DashboardMount(
      std::make_unique<DashboardMount::Impl>(std::move(*engine), std::move(*mount))));
}

}  // namespace townkrier
