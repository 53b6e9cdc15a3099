#pragma once

/// \file http/http_metrics.hpp
/// How many requests were answered how, and how fast, by route. Thread-safe.

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "townkrier/activity.hpp"
#include "townkrier/metrics.hpp"

namespace townkrier::http {

class HttpMetrics {
 public:
  /// `route`: "GET /api/jobs/:id", never a path that a client sent.
  void count(const std::string& route, int status, std::chrono::microseconds took);
  /// Without a route: another path, another method, or no login.
  void count_unrouted(int status);
  std::vector<Metric> metrics() const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::pair<std::string, int>, std::uint64_t> answers_;
  std::map<std::string, LatencyHistogram> times_;
};

}  // namespace townkrier::http
