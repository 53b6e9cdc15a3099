#include "core/retry_policy.hpp"

#include <algorithm>

#include "core/mutant.hpp"

namespace townkrier {

Duration RetryPolicy::delay(Duration retry_delay, std::uint32_t retry, double random) const {
  Duration base = std::min(retry_delay, max_delay);
  for (std::uint32_t n = 1; n < retry && base < max_delay; ++n) {
    base = base > max_delay / 2 ? max_delay : base * 2;
  }
  if (mutated(Mutant::kNoJitter)) return base;
  const auto extra = static_cast<Duration::rep>(double(base.count()) * jitter * random);
  return base + Duration{extra};
}

}  // namespace townkrier
