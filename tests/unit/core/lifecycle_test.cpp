// What an attempt, an outcome, a crash or an operator does to a job.

#include "core/lifecycle.hpp"

#include <gtest/gtest.h>

#include "core/transitions.hpp"

namespace townkrier {
namespace {

using enum JobStatus;

const TimePoint kNow{Duration{1'700'000'000'000}};
const OutcomeRules kExact{{Duration{3'600'000}, 0}, ContentPrivacy::kMasked};

struct Lifecycle : testing::Test {
  JobEnvelope envelope;
  JobState state;
  Uuid run{{1}};

  void SetUp() override {
    envelope.created_at = kNow;
    envelope.max_retries = 2;
    envelope.retry_delay = Duration{100};
    make({"email"});
  }
  void make(std::vector<std::string> channels) {
    std::vector<Delivery> deliveries;
    for (auto& channel : channels) {
      Delivery d;
      d.channel = channel;
      deliveries.push_back(d);
    }
    state = initial_state(envelope, std::move(deliveries), kNow);
  }
  void begin() { begin_attempt(state, open_deliveries(state), run, kNow); }
  void outcome(std::size_t delivery, const DeliveryOutcome& how, TimePoint at = kNow) {
    apply_outcome(envelope, state, delivery, how, kExact, 0, at);
  }
  void end(AttemptEnd how = AttemptEnd::kNormal) { settle(envelope, state, how, kNow); }
};

TEST_F(Lifecycle, ATimeInThePastMeansNow) {
  envelope.scheduled_for = kNow - Duration{5};
  make({"email"});
  EXPECT_EQ(state.status, kPending);
  envelope.scheduled_for = kNow + Duration{5};
  make({"email"});
  EXPECT_EQ(state.status, kScheduled);
  EXPECT_EQ(state.due_at, kNow + Duration{5});
}

TEST_F(Lifecycle, AnAttemptIsCountedWhenItBegins) {
  begin();
  EXPECT_EQ(state.status, kProcessing);
  EXPECT_EQ(state.attempts, 1u);
  EXPECT_EQ(state.begun, 1u);
  EXPECT_EQ(state.deliveries[0].status, LogStatus::kSending);
}

TEST_F(Lifecycle, CompletesWhenEveryChannelSent) {
  make({"email", "sms"});
  begin();
  outcome(0, DeliveryOutcome::sent("a"));
  outcome(1, DeliveryOutcome::sent("b"));
  end();
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_TRUE(state.completed_at);
}

TEST_F(Lifecycle, OnePermanentFailureStillLetsTheOtherChannelRetry) {
  make({"email", "sms"});
  begin();
  outcome(0, DeliveryOutcome::permanent("bad address"));
  outcome(1, DeliveryOutcome::transient("down"));
  end();
  EXPECT_EQ(state.status, kRetrying);
  EXPECT_EQ(state.due_at, kNow + Duration{100});
  promote(state, kNow + Duration{100});
  EXPECT_EQ(open_deliveries(state), std::vector<std::size_t>{1});
  begin();
  outcome(1, DeliveryOutcome::sent());
  end();
  EXPECT_EQ(state.status, kFailed);
  EXPECT_EQ(state.error, "email: bad address");
}

TEST_F(Lifecycle, WaitsForTheEarliestOfSeveralRetries) {
  make({"email", "sms"});
  begin();
  outcome(0, DeliveryOutcome::throttled(Duration{5000}));
  outcome(1, DeliveryOutcome::transient("down"));
  end();
  EXPECT_EQ(state.due_at, kNow + Duration{100});
  promote(state, kNow + Duration{100});
  EXPECT_EQ(open_deliveries(state), std::vector<std::size_t>{1});
}

TEST_F(Lifecycle, AChannelLeftOutOfAnAttemptIsPendingAndUncharged) {
  make({"email", "sms"});
  const std::size_t only[] = {0};
  begin_attempt(state, only, run, kNow);
  outcome(0, DeliveryOutcome::sent());
  end();
  EXPECT_EQ(state.status, kPending);
  EXPECT_EQ(state.deliveries[1].attempts, 0u);
  EXPECT_EQ(state.due_at, envelope.created_at);
}

TEST_F(Lifecycle, HandingBackChargesNothing) {
  begin();
  hand_back(state, kNow);
  EXPECT_EQ(state.status, kPending);
  EXPECT_EQ(state.attempts, 0u);
  EXPECT_EQ(state.crashes, 0u);
  EXPECT_EQ(state.begun, 1u);
  begin();
  EXPECT_EQ(state.begun, 2u);
}

TEST_F(Lifecycle, ACrashIsCountedApartFromFailures) {
  begin();
  recover_crashed(state, 3, kNow);
  EXPECT_EQ(state.status, kPending);
  EXPECT_EQ(state.attempts, 0u);
  EXPECT_EQ(state.crashes, 1u);
}

TEST_F(Lifecycle, TheLastAllowedCrashParksTheJob) {
  for (int i = 0; i < 3; ++i) {
    begin();
    recover_crashed(state, 3, kNow);
  }
  EXPECT_EQ(state.status, kFailed);
  EXPECT_NE(state.error.find("crashed 3 times"), std::string::npos);
  EXPECT_TRUE(apply_action({}, state, JobAction::kRetry, kNow));
  EXPECT_EQ(state.crashes, 0u);
}

TEST_F(Lifecycle, ACancelledAttemptEndsCancelledUnlessAllWasSent) {
  begin();
  outcome(0, DeliveryOutcome::transient("stopped"));
  end(AttemptEnd::kCancelled);
  EXPECT_EQ(state.status, kCancelled);
  make({"email"});
  begin();
  outcome(0, DeliveryOutcome::sent());
  end(AttemptEnd::kCancelled);
  EXPECT_EQ(state.status, kCompleted);
}

TEST_F(Lifecycle, ErrorsAreMaskedBeforeTheyAreKept) {
  begin();
  outcome(0, DeliveryOutcome::permanent("550 no such user user@example.com"));
  end();
  EXPECT_EQ(state.error.find("user@example.com"), std::string::npos);
  EXPECT_EQ(state.deliveries[0].tries[0].error.find("user@example.com"), std::string::npos);
}

TEST_F(Lifecycle, HistoryAndTriesAreBounded) {
  envelope.max_retries = 1000;
  for (int i = 0; i < 300; ++i) {
    begin();
    outcome(0, DeliveryOutcome::transient("down"));
    end();
    promote(state, state.due_at);
  }
  EXPECT_EQ(state.history.size(), 51u);
  EXPECT_EQ(state.history.front().message, "Job created");
  EXPECT_EQ(state.deliveries[0].tries.size(), 51u);
  EXPECT_EQ(state.deliveries[0].tries.back().attempt, 300u);
}

TEST_F(Lifecycle, ActionsFollowTheTable) {
  struct Row {
    JobStatus status;
    JobAction action;
    std::optional<JobStatus> after;  // nullopt: conflict
  };
  const Row rows[] = {
      {kPending, JobAction::kRetry, kPending},
      {kPending, JobAction::kRunNow, kPending},
      {kPending, JobAction::kCancel, kCancelled},
      {kPending, JobAction::kDelete, kPending},
      {kScheduled, JobAction::kRetry, kPending},
      {kScheduled, JobAction::kRunNow, kPending},
      {kScheduled, JobAction::kCancel, kCancelled},
      {kScheduled, JobAction::kDelete, kScheduled},
      {kRetrying, JobAction::kRetry, kPending},
      {kRetrying, JobAction::kRunNow, kPending},
      {kRetrying, JobAction::kCancel, kCancelled},
      {kRetrying, JobAction::kDelete, kRetrying},
      {kProcessing, JobAction::kRetry, {}},
      {kProcessing, JobAction::kRunNow, {}},
      {kProcessing, JobAction::kDelete, {}},
      {kCompleted, JobAction::kRetry, {}},
      {kCompleted, JobAction::kRunNow, {}},
      {kCompleted, JobAction::kCancel, {}},
      {kCompleted, JobAction::kDelete, kCompleted},
      {kFailed, JobAction::kRetry, kPending},
      {kFailed, JobAction::kRunNow, {}},
      {kFailed, JobAction::kCancel, {}},
      {kFailed, JobAction::kDelete, kFailed},
      {kCancelled, JobAction::kRetry, kPending},
      {kCancelled, JobAction::kCancel, {}},
      {kCancelled, JobAction::kRunNow, {}},
  };
  for (const Row& row : rows) {
    make({"email"});
    state.status = row.status;
    const auto result = apply_action({}, state, row.action, kNow);
    EXPECT_EQ(result.has_value(), row.after.has_value())
        << to_string(row.action) << " " << to_string(row.status);
    EXPECT_EQ(state.status, row.after.value_or(row.status))
        << to_string(row.action) << " " << to_string(row.status);
    if (!result) {
      EXPECT_EQ(result.error().code, Errc::kConflict);
    }
  }
}

TEST(Transitions, NothingLeavesCompleted) {
  for (int to = 0; to < int(kJobStatusCount); ++to) {
    EXPECT_FALSE(can_move(kCompleted, JobStatus(to)));
  }
}

TEST(TransitionsDeathTest, AForbiddenMoveStopsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  JobState state;
  state.status = kCompleted;
  EXPECT_DEATH(move_to(state, kPending, kNow), "invariant broken");
}

}  // namespace
}  // namespace townkrier
