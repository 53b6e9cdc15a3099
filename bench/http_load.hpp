#pragma once

/// \file bench/http_load.hpp
/// Load over HTTP: keep-alive connections on one thread, each with one request in flight.

#include "bench/histogram.hpp"
#include "bench/load.hpp"
#include "bench/options.hpp"
#include "townkrier/result.hpp"

namespace townkrier::bench {

/// Enqueues on `options.server` (http://[USER:PASSWORD@]HOST:PORT; HOST an IPv4 address or
/// "localhost") over `plan.outstanding` connections: POST /api/notifications, or the batch route
/// with NDJSON when `plan.group` is above 1. `durations` gets the time of each request. Any answer
/// but 202, a 503 or a 429 (repeated) ends it.
Result<LoadResult> http_load(const Options& options, const LoadPlan& plan, Histogram& durations);

}  // namespace townkrier::bench
