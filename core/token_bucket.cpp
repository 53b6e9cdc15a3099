#include "core/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace townkrier {

TokenBucket::TokenBucket(double rate, double burst, Time start)
    : rate_(rate), burst_(std::max(1.0, burst)), tokens_(burst_), last_(start) {}

double TokenBucket::tokens(Time now) const {
  const std::chrono::duration<double> passed = std::max(now - last_, Time::duration::zero());
  return std::min(burst_, tokens_ + passed.count() * rate_);
}

bool TokenBucket::try_take(Time now) {
  if (wait(now) > Wait::zero()) return false;
  tokens_ = std::max(0.0, tokens(now) - 1.0);
  last_ = std::max(last_, now);
  return true;
}

// Rounded up to whole nanoseconds; what is left below one is lost in rounding, so that whoever
// waits exactly this long does get a token.
TokenBucket::Wait TokenBucket::wait(Time now) const {
  constexpr double kRounding = 1e-9;
  constexpr double kLongest = 365.0 * 86'400;  // seconds
  const double missing = 1.0 - tokens(now);
  if (missing <= kRounding) return Wait::zero();
  const double seconds = std::min(missing / rate_, kLongest);
  // Time that stepped back must pass again before the bucket fills.
  return Wait{static_cast<std::int64_t>(std::ceil(seconds * 1e9))} +
         std::max(Wait::zero(), Wait{last_ - now});
}

}  // namespace townkrier
