#pragma once

/// \file retry_policy.hpp
/// When a failed delivery is tried again. Pure.

#include <cstdint>

#include "townkrier/time.hpp"

namespace townkrier {

/// Exponential backoff: retry N waits retry_delay * 2^(N-1), at most `max_delay`, plus up to
/// `jitter` of itself so that a crowd that failed together does not return together.
struct RetryPolicy {
  Duration max_delay{3'600'000};
  double jitter = 0.1;  ///< 0..1; 0 = exact.

  /// `retry` counts from 1. `random` is uniform in [0, 1). Never less than the doubled delay (or
  /// the cap) and never overflows.
  Duration delay(Duration retry_delay, std::uint32_t retry, double random) const;
};

}  // namespace townkrier
