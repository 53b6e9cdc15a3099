#pragma once

/// \file metrics.hpp
/// Numbers for monitoring, in the form Prometheus has them. Plain values.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace townkrier {

struct MetricSample {
  std::map<std::string, std::string> labels;
  double value = 0;
};

/// Cumulative: how many values were at most `first`; what is above the last is in `count` alone.
struct MetricHistogram {
  std::map<std::string, std::string> labels;
  std::vector<std::pair<double, std::uint64_t>> buckets;
  std::uint64_t count = 0;
  double sum = 0;
};

/// One metric with all its samples. Base units (seconds, bytes); counters end in `_total`.
struct Metric {
  enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };
  std::string name;
  std::string help;
  Kind kind = Kind::kGauge;
  std::vector<MetricSample> samples;        ///< Of counters and gauges.
  std::vector<MetricHistogram> histograms;  ///< Of kHistogram.
};

}  // namespace townkrier
