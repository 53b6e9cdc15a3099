#pragma once

/// \file due_wheel.hpp
/// Jobs that wait for a time: scheduled ones and retries. A plain class, owned by the scheduler.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "townkrier/job.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// Holds what is due soon; everything later stays in the store's due index and costs no memory.
///
/// Invariant: every waiting job of the store at or before `covered` is in memory, except jobs that
/// are held by someone else. Nothing after `covered` is.
class DueWheel {
 public:
  struct Limits {
    std::size_t max_jobs = 10'000;
    std::size_t max_bytes = 64u << 20;
    Duration horizon{60'000};  ///< How far ahead jobs are held.
  };

  explicit DueWheel(Limits limits) : limits_(limits) {}

  /// A job that began to wait. Kept when it is due within what is covered.
  void add(Job job);
  /// Forgets a job; returns whether it was here.
  bool remove(const JobId& id);
  bool contains(const JobId& id) const { return position_of_.contains(id); }

  /// The wall clock went back by this much: the retries that are held here wait as long as they
  /// should have. Those in the store alone, and jobs scheduled for a time, go by the clock.
  void bring_forward(Duration by);

  /// Takes out at most `limit` jobs that are due at `now`, earliest first.
  std::vector<Job> pop_due(TimePoint now, std::size_t limit);

  struct Load {
    std::optional<IndexPosition> after;
    TimePoint until{};
    std::size_t limit = 0;
  };
  /// What to read from the store now, if anything; reported once until `loaded`.
  std::optional<Load> load(TimePoint now);
  void loaded(const Load& request, std::vector<Job> jobs,
              const std::function<bool(const JobId&)>& skip);

  /// When something is to be done here next: the first job's time, or the time to look ahead again.
  std::optional<TimePoint> next_wake() const;
  std::size_t size() const { return jobs_.size(); }

 private:
  void insert(Job job);
  void trim();

  Limits limits_;
  std::map<IndexPosition, Job> jobs_;
  std::unordered_map<JobId, IndexPosition> position_of_;
  std::size_t bytes_ = 0;
  IndexPosition covered_{};  ///< Everything at or before it is in memory.
  bool loading_ = false;
};

}  // namespace townkrier
