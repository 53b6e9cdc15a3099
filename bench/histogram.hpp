#pragma once

/// \file bench/histogram.hpp
/// Durations in buckets that are at most 1.6 % wide. Recording is thread-safe and does not lock.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace townkrier::bench {

/// What a table or a JSON line tells of many durations. Milliseconds.
struct Summary {
  std::uint64_t count = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;  ///< Exact; the percentiles are the upper ends of their buckets.
};

/// Counts durations from 1 ns to about 6 days: 64 linear buckets for each power of two.
class Histogram {
 public:
  /// Negative durations (an event before its time) count as 0.
  void record(std::chrono::nanoseconds duration);
  std::uint64_t count() const { return count_.load(); }

  /// At least that share (0..1) of all is at most this long.
  std::chrono::nanoseconds percentile(double share) const;
  Summary summary() const;

 private:
  static constexpr std::size_t kLinear = 64;
  static constexpr std::size_t kPowers = 43;
  static std::size_t bucket_of(std::uint64_t nanoseconds);
  static std::uint64_t upper_end(std::size_t bucket);

  std::array<std::atomic<std::uint64_t>, kLinear * kPowers> buckets_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace townkrier::bench
