#pragma once

/// \file bench/starts.hpp
/// When numbered jobs were meant to start, were enqueued, and did start.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "bench/engine.hpp"
#include "bench/histogram.hpp"
#include "bench/load.hpp"

namespace townkrier::bench {

/// One slot a job. The producer writes `intended` and `called` before it enqueues; the handler
/// marks the start; the rest is read when all have started.
class Starts {
 public:
  explicit Starts(std::size_t jobs) : slots_(jobs) {}

  void enqueued(std::size_t job, SteadyTime intended, SteadyTime called) {
    slots_[job].intended = intended;
    slots_[job].called = called;
  }
  void started(std::size_t job) {
    if (job < slots_.size()) slots_[job].started = std::chrono::steady_clock::now();
  }
  /// A handler that marks the start of the job whose number is in the content.
  Respond respond() {
    return [this](const DeliveryRequest& request) {
      started(number_in(request.content.text()));
      return DeliveryOutcome::sent();
    };
  }

  SteadyTime start_of(std::size_t job) const { return slots_[job].started; }
  /// From the intended time, and from the call, to the start. Only when all have started.
  void after_intended(Histogram& durations) const {
    for (const Slot& slot : slots_) durations.record(slot.started - slot.intended);
  }
  void after_call(Histogram& durations) const {
    for (const Slot& slot : slots_) durations.record(slot.started - slot.called);
  }

 private:
  struct Slot {
    SteadyTime intended{};
    SteadyTime called{};
    SteadyTime started{};
  };
  std::vector<Slot> slots_;
};

/// Runs some jobs whose numbers begin at `unmarked`, to start the threads and fill the caches.
Result<void> warm_up(Engine& engine, std::size_t unmarked);

/// Enqueues jobs 0..`jobs` one by one at that rate and waits until all have started.
Result<void> run_schedule(Engine& engine, double rate, std::size_t jobs, Starts& starts);

}  // namespace townkrier::bench
