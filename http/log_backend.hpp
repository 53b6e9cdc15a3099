#pragma once

/// \file http/log_backend.hpp
/// A backend whose logs are read from a StorageManager; everything else is the engine's.

#include <memory>

#include "townkrier/backend.hpp"
#include "townkrier/storage_manager.hpp"

namespace townkrier::http {

/// `storage` is borrowed and must outlive every call, so stop the server first. Its calls block, so
/// they run on a thread of the backend's own, in order; at most 1,024 wait, more are kOverloaded.
std::shared_ptr<DashboardBackend> with_logs_from(StorageManager& storage,
                                                 std::shared_ptr<DashboardBackend> engine);

}  // namespace townkrier::http
