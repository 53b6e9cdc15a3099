#include "core/circuit_breaker.hpp"

#include <algorithm>

namespace townkrier {

std::optional<CircuitBreaker::Permit> CircuitBreaker::acquire(Time now) {
  if (state_ == State::kOpen && now - opened_at_ >= options_.cooldown) {
    state_ = State::kHalfOpen;
    ++phase_;
    probe_out_ = false;
  }
  if (state_ == State::kOpen || (state_ == State::kHalfOpen && probe_out_)) return std::nullopt;
  probe_out_ = state_ == State::kHalfOpen;
  return Permit{phase_};
}

void CircuitBreaker::success(Permit permit) {
  if (permit.phase != phase_) return;
  failures_in_row_ = 0;
  if (state_ != State::kHalfOpen) return;
  state_ = State::kClosed;
  ++phase_;
  probe_out_ = false;
}

void CircuitBreaker::failure(Permit permit, Time now) {
  if (permit.phase != phase_) return;
  ++failures_in_row_;
  if (state_ == State::kHalfOpen || failures_in_row_ >= options_.failures) open(now);
}

void CircuitBreaker::abandon(Permit permit) {
  if (permit.phase == phase_) probe_out_ = false;
}

CircuitBreaker::State CircuitBreaker::state(Time now) const {
  if (state_ == State::kOpen && now - opened_at_ >= options_.cooldown) return State::kHalfOpen;
  return state_;
}

std::chrono::nanoseconds CircuitBreaker::retry_in(Time now) const {
  if (state_ != State::kOpen) return std::chrono::nanoseconds::zero();
  return std::max(std::chrono::nanoseconds::zero(),
                  std::chrono::nanoseconds{opened_at_ + options_.cooldown - now});
}

void CircuitBreaker::open(Time now) {
  state_ = State::kOpen;
  ++phase_;
  probe_out_ = false;
  failures_in_row_ = 0;
  opened_at_ = now;
}

std::string_view to_string(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kClosed:
      return "closed";
    case CircuitBreaker::State::kOpen:
      return "open";
    case CircuitBreaker::State::kHalfOpen:
      return "half-open";
  }
  return "unknown";
}

}  // namespace townkrier
