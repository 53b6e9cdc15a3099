#pragma once

/// \file activity.hpp
/// What the engine has been doing: counts a minute and an hour for graphs, percentiles of times,
/// and the short news that a dashboard polls. Plain values.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/id.hpp"
#include "townkrier/job.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// How often which time was seen: buckets of a fixed width relative to their value (1/16), so that
/// percentiles are at most 3 % off and memory is bounded (at most 592 buckets). From 1 us to 7
/// days; what is outside counts at the end. Needs external synchronisation.
class LatencyHistogram {
 public:
  static constexpr std::size_t kBuckets = 592;

  void record(std::chrono::microseconds time) { add(bucket_of(time), 1); }
  void merge(const LatencyHistogram& other);
  /// Of a bucket below kBuckets; others are left out.
  void add(std::size_t bucket, std::uint64_t count);

  std::uint64_t count() const { return count_; }
  /// The time below which that share (0..1) of all is; 0 without any.
  std::chrono::microseconds percentile(double share) const;
  /// Bucket and count of all that are not empty, in order.
  std::map<std::uint16_t, std::uint64_t> filled() const;
  bool operator==(const LatencyHistogram& other) const { return filled() == other.filled(); }

  static std::size_t bucket_of(std::chrono::microseconds time);
  /// The middle of a bucket.
  static std::chrono::microseconds value_of(std::size_t bucket);

 private:
  std::vector<std::uint32_t> counts_;  ///< Empty until something is counted.
  std::uint64_t count_ = 0;
};

/// Percentiles of one histogram.
struct LatencySummary {
  std::uint64_t count = 0;
  std::chrono::microseconds p50{0};
  std::chrono::microseconds p95{0};
  std::chrono::microseconds p99{0};
  bool operator==(const LatencySummary&) const = default;
};
LatencySummary summary_of(const LatencyHistogram& histogram);

/// What is counted. Stored: DO NOT CHANGE THE NUMBERS.
enum class SeriesMetric : std::uint8_t {
  kEnqueued = 0,
  kCompleted = 1,
  kFailed = 2,   ///< For good.
  kRetried = 3,  ///< An attempt failed, another follows.
};
inline constexpr std::size_t kSeriesMetricCount = 4;
std::string_view to_string(SeriesMetric metric);

/// By queue: jobs. By channel: deliveries (sent counts as completed); the channel of a job kind
/// with a handler is "@" and its name.
struct SeriesCounts {
  std::array<std::uint64_t, kSeriesMetricCount> values{};
  std::uint64_t& operator[](SeriesMetric m) { return values[static_cast<std::size_t>(m)]; }
  std::uint64_t operator[](SeriesMetric m) const { return values[static_cast<std::size_t>(m)]; }
  SeriesCounts& operator+=(const SeriesCounts& other);
  bool operator==(const SeriesCounts&) const = default;
};

/// Stored: DO NOT CHANGE THE NUMBERS.
enum class SeriesStep : std::uint8_t { kMinute = 0, kHour = 1 };
Duration length_of(SeriesStep step);

/// What is remembered of one minute or hour. Names beyond the first 200 are counted as "(other)".
struct SeriesBucket {
  SeriesStep step = SeriesStep::kMinute;
  TimePoint start{};  ///< A whole minute or hour, UTC.
  SeriesCounts total;
  std::map<std::string, SeriesCounts> by_queue;
  std::map<std::string, SeriesCounts> by_channel;
  LatencyHistogram wait;  ///< From when a job was due until its attempt began.
  LatencyHistogram run;   ///< Of attempts, from begin to end.
  bool operator==(const SeriesBucket&) const = default;
  bool empty() const { return total == SeriesCounts{} && run.count() == 0 && wait.count() == 0; }
  /// Adds the counts and times of another, whatever its step and start.
  void merge(const SeriesBucket& other);
};

/// Which buckets: those that start in [from, to).
struct SeriesFilter {
  SeriesStep step = SeriesStep::kMinute;
  TimePoint from{};
  TimePoint to{};
};

/// What changed since a client last asked.
struct LiveNews {
  /// Grows with every change of a job, also over restarts of the process.
  std::uint64_t rev = 0;
  QueueStats jobs;
  SeriesCounts totals;                             ///< Since the process started.
  std::array<double, kSeriesMetricCount> rates{};  ///< A second, over the last ten seconds.
  std::vector<JobId> changed;                      ///< Newest first, each once; at most 20.
  bool more = false;                               ///< Others changed too: fetch lists afresh.
};

/// Failed jobs with the same kind and, but for numbers and ids, the same error.
struct ErrorGroup {
  std::string kind;
  std::string message;  ///< Of its newest job; numbers and ids replaced by '#'.
  std::uint64_t count = 0;
  TimePoint first_at{};
  TimePoint last_at{};
  JobId example;                      ///< Its newest job.
  std::vector<std::string> channels;  ///< Whose deliveries failed; at most 10.
};
struct ErrorSummary {
  std::vector<ErrorGroup> groups;  ///< Largest first, at most 100.
  std::uint64_t scanned = 0;       ///< Failed jobs looked at, the newest ones.
  bool truncated = false;          ///< There are older ones.
};

}  // namespace townkrier
