#pragma once

/// \file circuit_breaker.hpp
/// Keeps a failing provider from being asked in vain. A plain decision class; time is passed in.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "townkrier/config.hpp"

namespace townkrier {

/// closed --(`failures` in a row)--> open --(`cooldown`)--> half-open: one probe
/// half-open --(probe succeeds)--> closed; --(probe fails)--> open again.
///
/// Every permit is answered by exactly one of `success`, `failure`, `abandon`. Answers that belong
/// to an earlier phase (a slow call from before it opened) change nothing. Not thread-safe.
class CircuitBreaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };
  /// The right to make one call.
  struct Permit {
    std::uint64_t phase = 0;
  };

  explicit CircuitBreaker(BreakerOptions options) : options_(options) {}

  /// A permit, or nullopt while open or while the probe is out.
  std::optional<Permit> acquire(Time now);
  void success(Permit permit);
  void failure(Permit permit, Time now);
  /// The call was not made or says nothing about the provider's health (a bad address, a cancel).
  void abandon(Permit permit);

  State state(Time now) const;
  /// Until the next probe may go; 0 when closed, half-open or due.
  std::chrono::nanoseconds retry_in(Time now) const;

 private:
  void open(Time now);

  BreakerOptions options_;
  State state_ = State::kClosed;
  std::uint64_t phase_ = 0;  // grows with each change of state_
  int failures_in_row_ = 0;
  bool probe_out_ = false;
  Time opened_at_{};
};

/// "closed", "open", "half-open".
std::string_view to_string(CircuitBreaker::State state);

}  // namespace townkrier
