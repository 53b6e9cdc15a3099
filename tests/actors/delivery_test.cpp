// A job on its way: delivered, retried, given up, timed out.

#include "tests/actors/engine_fixture.hpp"

namespace townkrier::test {
namespace {

using Times = std::vector<Duration::rep>;

struct Delivering : EngineTest {
  void SetUp() override {
    channel("email");
    channel("hook");
    launch();
  }
};

TEST_F(Delivering, SendsAReadyJobOnceAndCompletesIt) {
  const JobId id = enqueue();
  EXPECT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  advance(5s, 100ms);
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

TEST_F(Delivering, WritesALogRowThatEndsAsSent) {
  const JobId id = enqueue();
  LogFilter filter;
  filter.job_id = id;
  const auto rows = store_->query_logs(filter);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->logs.size(), 1u);
  EXPECT_EQ(rows->logs[0].status, LogStatus::kSent);
  EXPECT_EQ(rows->logs[0].attempts, 1u);
  EXPECT_EQ(store_->log_stats({})->sent, 1u);
}

TEST_F(Delivering, RetriesAfterOneTwoAndFourTimesTheDelayThenFails) {
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::transient("no route"); };
  Spec spec;
  spec.options.max_retries = 3;
  spec.options.retry_delay = 300ms;
  const JobId id = enqueue(spec);
  EXPECT_EQ(status(id), JobStatus::kRetrying);
  advance(3s, 1ms);
  EXPECT_EQ(call_times("email"), (Times{0, 300, 900, 2100}));
  EXPECT_EQ(status(id), JobStatus::kFailed);
  EXPECT_EQ(job(id).state.attempts, 4u);
}

TEST_F(Delivering, NeverRetriesWithAZeroBudget) {
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::transient("no route"); };
  Spec spec;
  spec.options.max_retries = 0;
  const JobId id = enqueue(spec);
  advance(5s, 100ms);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(status(id), JobStatus::kFailed);
}

TEST_F(Delivering, RetryOfAFailedJobStartsAfreshWithItsBudget) {
  provider("email").answer = [](std::size_t n) {
    return n <= 2 ? DeliveryOutcome::transient("no route") : DeliveryOutcome::sent();
  };
  Spec spec;
  spec.options.max_retries = 1;
  spec.options.retry_delay = 100ms;
  const JobId id = enqueue(spec);
  advance(200ms);
  ASSERT_EQ(status(id), JobStatus::kFailed);
  ASSERT_TRUE(act(id, JobAction::kRetry));
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 3u);
}

TEST_F(Delivering, RetriesOnlyTheChannelThatFailedWithTheSameIdempotencyKey) {
  provider("hook").answer = [](std::size_t n) {
    return n <= 2 ? DeliveryOutcome::transient("HTTP 500") : DeliveryOutcome::sent();
  };
  Spec spec;
  spec.via = {"email", "hook"};
  spec.options.retry_delay = 100ms;
  const JobId id = enqueue(spec);
  advance(1s);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  ASSERT_EQ(provider("hook").calls.size(), 3u);
  const auto& calls = provider("hook").calls;
  EXPECT_EQ(calls[0].request.idempotency_key, calls[1].request.idempotency_key);
  EXPECT_EQ(calls[0].request.idempotency_key, calls[2].request.idempotency_key);
  EXPECT_NE(calls[0].request.idempotency_key, provider("email").calls[0].request.idempotency_key);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Delivering, APermanentFailureIsNotRetried) {
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::permanent("no such user"); };
  const JobId id = enqueue();
  advance(10s, 100ms);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(status(id), JobStatus::kFailed);
}

TEST_F(Delivering, ThrottlingWaitsAsToldAndUsesUpNoRetry) {
  provider("email").answer = [](std::size_t n) {
    return n <= 5 ? DeliveryOutcome::throttled(700ms) : DeliveryOutcome::sent();
  };
  Spec spec;
  spec.options.max_retries = 0;
  const JobId id = enqueue(spec);
  advance(5s, 1ms);
  EXPECT_EQ(call_times("email"), (Times{0, 700, 1400, 2100, 2800, 3500}));
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(job(id).state.attempts, 1u);
}

TEST_F(Delivering, AScheduledJobRunsAtItsTimeAndNotBefore) {
  Spec spec;
  spec.options.delay = 5s;
  const JobId id = enqueue(spec);
  const TimePoint due = clock_->now() + 5s;
  advance(4990ms);
  EXPECT_EQ(status(id), JobStatus::kScheduled);
  EXPECT_TRUE(provider("email").calls.empty());
  advance(20ms, 1ms);
  ASSERT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(provider("email").calls[0].at, due);
}

TEST_F(Delivering, AHangingProviderTimesOutAndItsLateAnswerChangesNothing) {
  provider("email").answer = nullptr;
  Spec spec;
  spec.options.timeout = 2s;
  spec.options.max_retries = 0;
  const JobId id = enqueue(spec);
  advance(1990ms);
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  advance(20ms);
  EXPECT_EQ(status(id), JobStatus::kFailed);
  EXPECT_NE(job(id).state.error.find("timed out after 2000 ms"), std::string::npos);
  EXPECT_TRUE(provider("email").calls[0].request.stop.stop_requested());
  provider("email").calls[0].done(DeliveryOutcome::sent("late"));
  run();
  EXPECT_EQ(status(id), JobStatus::kFailed);
  EXPECT_EQ(job(id).state.deliveries[0].message_id, "");
}

TEST_F(Delivering, OneChannelsHangDelaysNoOther) {
  provider("hook").answer = nullptr;
  Spec hung;
  hung.via = {"hook"};
  for (int i = 0; i < 1000; ++i) enqueue(hung);
  const TimePoint before = clock_->now();
  const JobId id = enqueue();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(clock_->now(), before);
}

TEST_F(Delivering, AJobOfTwoChannelsUsesTheFreeOneAtOnce) {
  provider("hook").answer = nullptr;
  Spec hung;
  hung.via = {"hook"};
  for (int i = 0; i < 32; ++i) enqueue(hung);  // all of the channel's concurrency
  Spec both;
  both.via = {"email", "hook"};
  const JobId id = enqueue(both);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(job(id).state.deliveries[0].status, LogStatus::kSent);
  EXPECT_EQ(status(id), JobStatus::kPending);
  provider("hook").answer = [](std::size_t) { return DeliveryOutcome::sent(); };
  provider("hook").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

TEST_F(Delivering, AProviderThatAnswersTwiceCountsOnce) {
  provider("email").answer = nullptr;
  const JobId id = enqueue();
  const auto done = provider("email").calls[0].done;
  done(DeliveryOutcome::sent("first"));
  done(DeliveryOutcome::permanent("second"));
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(job(id).state.deliveries[0].message_id, "first");
}

TEST_F(Delivering, AnUnfinishedJobWithTheSameKeyIsGivenBack) {
  provider("email").answer = nullptr;
  Spec spec;
  spec.options.unique_key = "invoice-7";
  const JobId first = enqueue(spec);
  const auto second = try_enqueue(spec);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->front().deduplicated);
  EXPECT_EQ(second->front().job.id(), first);
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

TEST_F(Delivering, ACompletedNotificationKeepsOnlyItsMaskedPayload) {
  const JobId id = enqueue();
  EXPECT_TRUE(job(id).envelope->payload.empty());
  EXPECT_EQ(job(id).envelope->masked.text(), "{}");
}

struct Breaking : EngineTest {};

TEST_F(Breaking, FailuresOpenTheBreakerAndWaitingCostsNoRetry) {
  channel("email").breaker = {2, 1s};
  launch();
  provider("email").answer = [](std::size_t n) {
    return n <= 2 ? DeliveryOutcome::transient("down") : DeliveryOutcome::sent();
  };
  Spec spec;
  spec.options.retry_delay = 10ms;
  spec.options.max_retries = 2;
  const JobId id = enqueue(spec);
  advance(900ms);
  EXPECT_EQ(provider("email").calls.size(), 2u);
  EXPECT_EQ(status(id), JobStatus::kRetrying);
  advance(3s);
  EXPECT_EQ(provider("email").calls.size(), 3u);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Breaking, ARateLimitSpreadsDeliveriesAndLosesNone) {
  channel("email").rate = 10;
  launch();
  for (int i = 0; i < 21; ++i) enqueue();
  EXPECT_EQ(provider("email").calls.size(), 1u);
  advance(1s);
  EXPECT_LE(provider("email").calls.size(), 11u);
  EXPECT_GE(provider("email").calls.size(), 9u);
  advance(2s);
  EXPECT_EQ(provider("email").calls.size(), 21u);
}

}  // namespace
}  // namespace townkrier::test
