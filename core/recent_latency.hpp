#pragma once

/// \file recent_latency.hpp
/// Times of the last five to ten minutes, in fixed memory: two histograms, of which the older one
/// is dropped every five minutes. A plain class.

#include <chrono>

#include "townkrier/activity.hpp"

namespace townkrier {

class RecentLatency {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  void record(std::chrono::microseconds time, Steady now) {
    turn(now);
    current_.record(time);
  }
  LatencyHistogram recent(Steady now) const {
    RecentLatency at_now = *this;
    at_now.turn(now);
    LatencyHistogram both = std::move(at_now.earlier_);
    both.merge(at_now.current_);
    return both;
  }

 private:
  static constexpr std::chrono::minutes kWindow{5};

  void turn(Steady now) {
    if (now - began_ < kWindow) return;
    earlier_ = now - began_ < 2 * kWindow ? std::move(current_) : LatencyHistogram{};
    current_ = {};
    began_ = now;
  }

  LatencyHistogram current_;
  LatencyHistogram earlier_;
  Steady began_{};
};

}  // namespace townkrier
