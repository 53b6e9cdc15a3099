#pragma once

#include <atomic>

#include "townkrier/time.hpp"

namespace townkrier::test {

/// Wall time that moves only by hand. Thread-safe.
class FakeClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint{Duration{now_.load()}}; }
  void advance(Duration by) { now_ += by.count(); }
  void set(TimePoint to) { now_ = to.time_since_epoch().count(); }

 private:
  std::atomic<Duration::rep> now_{1'700'000'000'000};
};

}  // namespace townkrier::test
