#pragma once

/// \file process_limits.hpp
/// What the operating system lets this process open.

#include <cstdint>

#include "server/logging.hpp"

namespace townkrier::server {

/// Raises the limit of open descriptors to `wanted` as far as allowed, and logs a warning when
/// that is not enough. Call it before threads start.
void ensure_descriptors(std::uint64_t wanted, Log& log);

}  // namespace townkrier::server
