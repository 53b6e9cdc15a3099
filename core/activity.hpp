#pragma once

/// \file activity.hpp
/// What the engine did lately, in memory of fixed size: the news that a dashboard polls, rates, and
/// the open minute and hour of the series. The store actor tells it of every group it wrote;
/// anybody may ask. `Activity` is thread-safe.
///
/// Invariants of Activity: (1) `rev` grows by one with each changed job, and begins beyond every
/// rev of an earlier process that changed fewer than a million jobs a second; (2) a bucket that is
/// not in the store yet as it is here is in `unsaved`.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/activity.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// What one group commit changed, counted.
struct ActivityBatch {
  SeriesCounts total;
  std::map<std::string, SeriesCounts> by_queue;
  std::map<std::string, SeriesCounts> by_channel;
  std::vector<Duration> waits;
  std::vector<Duration> runs;
  std::vector<JobId> changed;

  void add(const NewJob& added);
  void add(const JobChange& change);
  void add(const JobRemoval& removal) { changed.push_back(removal.job.id()); }
  bool empty() const { return changed.empty(); }
};

/// Since the process started.
struct ActivityCounters {
  SeriesCounts totals;
  LatencyHistogram wait;
  LatencyHistogram run;
  LatencyHistogram commit_time;
  LatencyHistogram commit_jobs;                   ///< Jobs in a group, counted as microseconds.
  std::map<std::string, std::uint64_t> restarts;  ///< By actor.
};

class Activity {
 public:
  explicit Activity(TimePoint now);

  void record(const ActivityBatch& batch, TimePoint now);
  /// A group commit of so many jobs took that long.
  void committed(std::size_t jobs, std::chrono::microseconds time);
  void restarted(const std::string& actor);
  ActivityCounters counters() const;

  /// The bucket that is open now, as an earlier process left it in the store.
  void restore(SeriesBucket bucket, TimePoint now);

  /// All but `jobs`.
  LiveNews news(std::uint64_t since, TimePoint now) const;
  /// Jobs of a queue that ended, a second, over the last ten seconds.
  double ended_rate(const std::string& queue, TimePoint now) const;
  /// Deliveries by channel since the process started.
  std::map<std::string, SeriesCounts> channels() const;

  /// Buckets that the store does not have as they are; in order of time.
  std::vector<SeriesBucket> unsaved(SeriesStep step) const;
  std::vector<SeriesBucket> unsaved() const;
  /// They have been written; what changed meanwhile stays unsaved.
  void saved(const std::vector<SeriesBucket>& buckets);

 private:
  struct Second {
    std::int64_t number = -1;  // since 1970
    SeriesCounts total;
    std::map<std::string, std::uint64_t> ended;  // by queue
  };
  struct Open {
    SeriesBucket bucket;
    bool dirty = false;
  };

  void count(Open& open, const ActivityBatch& batch, TimePoint now);
  void roll(Open& open, TimePoint now);
  Second& second(TimePoint now);

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::uint64_t rev_;
  std::uint64_t first_rev_;
  std::array<JobId, 256> changed_;  // by rev
  ActivityCounters counters_;
  std::map<std::string, SeriesCounts> channels_;
  std::array<Second, 16> seconds_;
  Open minute_;
  Open hour_;
  std::deque<SeriesBucket> closed_;  // over, not yet written; bounded
};

/// The most names that a bucket counts apart.
inline constexpr std::size_t kMaxSeriesNames = 200;
inline constexpr std::string_view kOtherNames = "(other)";

/// How long buckets are kept.
inline constexpr Duration kKeepMinutes{48LL * 3'600'000};
inline constexpr Duration kKeepHours{92LL * 24 * 3'600'000};

/// Writes what is unsaved, and drops what is too old.
Result<void> save_series(Activity& activity, Store& store, TimePoint now);

/// The start of the minute or hour that holds `time`.
TimePoint bucket_start(SeriesStep step, TimePoint time);

}  // namespace townkrier
