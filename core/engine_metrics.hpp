#pragma once

/// \file engine_metrics.hpp
/// The engine's numbers as metrics. Pure functions.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/activity.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/metrics.hpp"

namespace townkrier {

/// Jobs by queue and status, ages, rates.
std::vector<Metric> queue_metrics(std::span<const QueueInfo> queues);
/// Deliveries, tries, breakers and latencies by channel and provider.
std::vector<Metric> channel_metrics(std::span<const ChannelInfo> channels);
/// Jobs by what became of them, times, commits, restarts.
std::vector<Metric> activity_metrics(const ActivityCounters& counters);

/// With the bounds 1 ms, 2.5 ms, 5 ms, ... 60 s, in seconds; the sum is exact to 3 %.
MetricHistogram seconds_of(const LatencyHistogram& times,
                           std::map<std::string, std::string> labels = {});

}  // namespace townkrier
