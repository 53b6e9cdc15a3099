#pragma once

/// \file token_bucket.hpp
/// A rate limit as a decision: may one more go now, and if not, when?

#include <chrono>

namespace townkrier {

/// Holds at most `burst` tokens and gains `rate` of them a second. Time is passed in, so that it is
/// tested without waiting; time that steps back counts as no time. Not thread-safe.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Wait = std::chrono::nanoseconds;

  /// `rate` > 0 a second; `burst` is at least 1 (less is taken as 1). Starts full at `start`.
  TokenBucket(double rate, double burst, Time start);

  /// Takes one token and returns true, or takes nothing.
  bool try_take(Time now);
  /// How long until one token is there; 0 = now. At most a year.
  Wait wait(Time now) const;
  double tokens(Time now) const;

 private:
  double rate_;
  double burst_;
  double tokens_;  // as of last_
  Time last_;
};

}  // namespace townkrier
