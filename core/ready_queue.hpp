#pragma once

/// \file ready_queue.hpp
/// Which ready job runs next. A plain class: no I/O, no clock, no actor; owned by the scheduler.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "townkrier/job.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// The priority a job counts with after waiting: one step (LOW → NORMAL → HIGH → CRITICAL) for
/// each full `ageing`; 0 = no ageing. Priorities above CRITICAL stay as they are.
Priority aged_priority(Priority priority, Duration waited, Duration ageing);

/// Approximate memory a job holds, for the byte limits of the windows.
std::size_t memory_of(const Job& job);

/// Ready jobs in lanes (queue, route, priority), each FIFO by (due_at, id). Only a window of each
/// lane, its front, is in memory; the rest stays in the store's ready index and is loaded when the
/// window runs low.
///
/// Invariants:
///  1. A lane's window holds the lane's first jobs: nothing in the store sorts before its last one
///     without being in it, except jobs that are held by someone else (running, being changed).
///  2. `more` is true whenever the store may have jobs behind the window.
class ReadyQueue {
 public:
  struct Limits {
    std::size_t window_jobs = 4096;        ///< Per lane.
    std::size_t window_bytes = 32u << 20;  ///< Per lane.
    std::size_t low_mark = 1024;           ///< Below this a lane asks to be refilled.
  };

  ReadyQueue(Limits limits, Duration ageing) : limits_(limits), ageing_(ageing) {}

  /// A lane found in the store at start: not empty, nothing of it in memory yet.
  void know(const LaneKey& lane);

  /// A job that became ready. Kept when it belongs into the window, else left to the store.
  void add(Job job);

  /// Forgets a job (it is about to be changed by somebody else). Returns whether it was here.
  bool remove(const JobId& id);
  bool contains(const JobId& id) const { return lane_of_.contains(id); }

  /// The best job of `queue` whose route passes `runnable`, by aged priority, then due time, then
  /// id; it leaves the queue. nullopt: none.
  std::optional<Job> take(const std::string& queue, TimePoint now,
                          const std::function<bool(const std::string& route)>& runnable);

  /// A lane to load more of: jobs strictly after `after`, at most `limit`.
  struct Refill {
    LaneKey lane;
    std::optional<IndexPosition> after;
    std::size_t limit = 0;
  };
  /// Lanes that run low and may have more in the store. Each is reported once until `refilled`.
  std::vector<Refill> refills();
  /// The store's answer. `skip` says which of them are held elsewhere and must not enter.
  void refilled(const Refill& request, std::vector<Job> jobs,
                const std::function<bool(const JobId&)>& skip);

  std::vector<std::string> queues() const;
  std::size_t size() const { return lane_of_.size(); }

 private:
  struct Lane {
    std::map<IndexPosition, Job> window;
    std::size_t bytes = 0;
    bool more = false;
    bool loading = false;
  };
  using Lanes = std::map<Priority, Lane>;
  using Routes = std::map<std::string, Lanes>;

  Lane& lane_at(const LaneKey& key);
  void trim(Lane& lane);
  void insert(const LaneKey& key, Lane& lane, Job job);
  Job extract(Lane& lane, std::map<IndexPosition, Job>::iterator at);
  void forget_empty_lanes(std::map<std::string, Routes>::iterator queue);

  Limits limits_;
  Duration ageing_;
  std::map<std::string, Routes> queues_;
  struct Where {
    LaneKey lane;
    IndexPosition position;
  };
  std::unordered_map<JobId, Where> lane_of_;
};

}  // namespace townkrier
