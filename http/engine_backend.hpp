#pragma once

/// \file http/engine_backend.hpp
/// What the facades have in common: from their public configuration to the parts of the server.

#include <memory>

#include "townkrier/backend.hpp"
#include "townkrier/dashboard_server.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

/// The queue manager's engine; with a storage manager its logs are written to and read from that.
/// kInvalidConfig without a queue manager, or what the engine says is wrong.
Result<std::shared_ptr<DashboardBackend>> engine_backend(const DashboardServerConfig& config);

/// `config.server` with host, port, path and auth from the config itself.
ServerOptions server_options(const DashboardServerConfig& config);

}  // namespace townkrier::http
