#pragma once

/// \file provider_check.hpp
/// Asks each provider's driver whether its settings are right, and reads the templates, before
/// anything starts.

#include "server/config_loader.hpp"
#include "townkrier/result.hpp"

namespace townkrier::server {

/// kInvalidConfig with one line a problem, each with file, line and dotted key.
Result<void> check_providers(const ServerConfig& config);

}  // namespace townkrier::server
