#pragma once

// A clock that stands still until a test moves it.
#include <atomic>

#include "townkrier/time.hpp"

namespace townkrier::testing {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimePoint now = TimePoint{Duration{1'767'225'600'000}})
      : now_ms_(now.time_since_epoch().count()) {}
  TimePoint now() const override { return TimePoint{Duration{now_ms_.load()}}; }
  void move(Duration by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace townkrier::testing
