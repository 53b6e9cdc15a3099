#pragma once

/// \file bench/load.hpp
/// Producers: a closed loop with a fixed number of calls in flight, and a schedule.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>

#include "bench/engine.hpp"
#include "bench/histogram.hpp"

namespace townkrier::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

struct LoadPlan {
  std::size_t jobs = 0;  ///< At most this many,
  double seconds = 0;    ///< and for at most so long; 0 = no limit.
  std::size_t group = 1;
  std::size_t outstanding = 1;  ///< Calls in flight.
  std::size_t first = 0;        ///< Number of the first job.
  std::function<JobOptions(std::size_t)> options_of =
      {};  ///< Of a job by number; absent: defaults.
};

struct LoadResult {
  std::size_t jobs = 0;
  double seconds = 0;
  std::size_t refused = 0;  ///< Calls answered "overloaded" and repeated a millisecond later.
  double rate() const { return double(jobs) / seconds; }
};

/// Enqueues from this thread until the plan is done and every call is answered. `durations` gets
/// the time of each call, from its first try to its acknowledgement. The first other error than
/// "overloaded" ends it.
Result<LoadResult> enqueue_load(Engine& engine, const LoadPlan& plan, Histogram& durations);

/// Calls `act(i, intended)` for i = 0.. at that rate by a fixed schedule, from this thread. When
/// late it catches up without a pause, so that delays are not hidden.
using PacedAct = std::function<void(std::size_t, SteadyTime)>;
void paced(double rate, std::size_t count, const PacedAct& act);
/// The same until a stop is requested.
void paced(double rate, const std::stop_token& stop, const PacedAct& act);

}  // namespace townkrier::bench
