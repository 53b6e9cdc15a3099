// Wall clocks that jump: nothing stops, nothing times out early, and what was due runs once.

#include "tests/actors/engine_fixture.hpp"

namespace townkrier::test {
namespace {

struct JumpCase {
  const char* name;
  Duration by;
};

void PrintTo(const JumpCase& each, std::ostream* out) {
  *out << each.name;
}

/// From 2023-11-14, where the tests' clock begins.
constexpr Duration kTo1970{-1'699'999'000'000};
constexpr Duration kTo2100{2'402'000'000'000};

class ClockJumps : public EngineTest, public ::testing::WithParamInterface<JumpCase> {
 protected:
  void SetUp() override {
    channel("email");
    launch();
  }
  void jump() { clock_->advance(GetParam().by); }
};

TEST_P(ClockJumps, NewJobsRunAtOnce) {
  jump();
  const JobId id = enqueue();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_P(ClockJumps, ARunningAttemptKeepsItsTimeout) {
  provider("email").answer = nullptr;
  Spec spec;
  spec.options.timeout = 3s;
  const JobId id = enqueue(spec);
  advance(1s);
  jump();
  advance(1900ms);
  EXPECT_EQ(status(id), JobStatus::kProcessing) << "timed out early";
  advance(200ms);
  EXPECT_EQ(status(id), JobStatus::kRetrying) << "timed out late";
}

TEST_P(ClockJumps, ARetryThatBeginsToWaitAfterwardsWaitsAsLongAsItShould) {
  jump();
  provider("email").answer = [](std::size_t n) {
    return n == 1 ? DeliveryOutcome::transient("down") : DeliveryOutcome::sent();
  };
  const JobId id = enqueue();
  advance(990ms);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  advance(20ms);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_P(ClockJumps, ARetryThatWaitedAlreadyIsNotKeptLonger) {
  provider("email").answer = [](std::size_t n) {
    return n == 1 ? DeliveryOutcome::transient("down") : DeliveryOutcome::sent();
  };
  const JobId id = enqueue();
  ASSERT_EQ(status(id), JobStatus::kRetrying);
  jump();
  advance(1000ms + options_.poll_interval + 20ms);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 2u);
}

TEST_P(ClockJumps, AScheduledJobRunsWhenTheWallClockSaysSoAndOnce) {
  Spec spec;
  spec.options.delay = 2s;
  const TimePoint due = clock_->now() + 2s;
  const JobId id = enqueue(spec);
  jump();
  advance(options_.poll_interval + 20ms);
  if (GetParam().by > 0s) {
    EXPECT_EQ(status(id), JobStatus::kCompleted);
  } else {
    EXPECT_EQ(status(id), JobStatus::kScheduled);
    clock_->set(due);
    advance(options_.poll_interval + 20ms);
    EXPECT_EQ(status(id), JobStatus::kCompleted);
  }
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Jumps, ClockJumps,
    ::testing::Values(JumpCase{"ASecondForward", 1s}, JumpCase{"ASecondBack", -1s},
                      JumpCase{"AnHourForward", 1h}, JumpCase{"AnHourBack", -1h},
                      JumpCase{"ADayForward", 24h}, JumpCase{"ADayBack", -24h},
                      JumpCase{"To1970", kTo1970}, JumpCase{"To2100", kTo2100}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace townkrier::test
