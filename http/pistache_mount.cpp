#include "townkrier/pistache_mount.hpp"

#include <utility>

#include "http/engine_backend.hpp"
#include "http/mount.hpp"

namespace townkrier {

struct DashboardMount::Impl {
  std::shared_ptr<http::Mount> mount;  // Shared with the router's middleware.
};

DashboardMount::DashboardMount(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

DashboardMount::~DashboardMount() {
  impl_->mount->stop();
}

Result<std::unique_ptr<DashboardMount>> mount_dashboard(Pistache::Rest::Router& router,
                                                        DashboardServerConfig config) {
  auto backend = http::engine_backend(config);
  if (!backend) return std::unexpected(backend.error());
  auto mount = http::Mount::create(http::server_options(config), std::move(*backend),
                                   std::make_shared<SystemClock>());
  if (!mount) return std::unexpected(mount.error());
  (*mount)->add_to(router);
  return std::unique_ptr<DashboardMount>(
      new DashboardMount(std::make_unique<DashboardMount::Impl>(std::move(*mount))));
}

}  // namespace townkrier
