#pragma once

/// \file bench/http_load.hpp
/// Load over HTTP: keep-alive connections on one thread, each with one request in flight.

#include <cstdint>
#include <string>

#include "bench/histogram.hpp"
#include "bench/load.hpp"
#include "bench/payload.hpp"
#include "townkrier/result.hpp"

namespace townkrier::bench {

struct HttpTarget {
  std::string host;  ///< An IPv4 address.
  std::uint16_t port = 0;
  std::string authorization;  ///< Value of that header; empty = none.
  std::string channel;        ///< What the notifications are for.
};

/// Reads http://[USER:PASSWORD@]HOST[:PORT]; "localhost" is 127.0.0.1.
Result<HttpTarget> parse_server(const std::string& url, std::string channel);

/// Enqueues over `plan.outstanding` connections: POST /api/notifications, or NDJSON to
/// /api/notifications/batch when `plan.group` is above 1. `durations` gets the time of each request
/// that was accepted. 429 and 503 are repeated; any other answer ends it, and so does silence.
Result<LoadResult> http_load(const HttpTarget& target, const Payload& payload, const LoadPlan& plan,
                             Histogram& durations);

}  // namespace townkrier::bench
