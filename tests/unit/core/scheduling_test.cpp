// RetryPolicy, ReadyQueue, DueWheel, Admission: when and in which order jobs run.

#include <gtest/gtest.h>

#include <limits>

#include "core/admission.hpp"
#include "core/due_wheel.hpp"
#include "core/ready_queue.hpp"
#include "core/retry_policy.hpp"

namespace townkrier {
namespace {

const TimePoint kNow{Duration{1'700'000'000'000}};

TEST(RetryPolicy, DoublesTheDelayForEachRetry) {
  const RetryPolicy exact{Duration{3'600'000}, 0};
  EXPECT_EQ(exact.delay(Duration{1000}, 1, 0.5), Duration{1000});
  EXPECT_EQ(exact.delay(Duration{1000}, 2, 0.5), Duration{2000});
  EXPECT_EQ(exact.delay(Duration{1000}, 3, 0.5), Duration{4000});
}

TEST(RetryPolicy, StopsAtTheCapAndNeverOverflows) {
  const RetryPolicy exact{Duration{3'600'000}, 0};
  EXPECT_EQ(exact.delay(Duration{1000}, 1000, 0), Duration{3'600'000});
  EXPECT_EQ(exact.delay(Duration{1000}, std::numeric_limits<std::uint32_t>::max(), 0),
            Duration{3'600'000});
  EXPECT_EQ(exact.delay(Duration{7'200'000}, 1, 0), Duration{3'600'000});
}

TEST(RetryPolicy, JitterOnlyAddsAndAddsAtMostItsShare) {
  const RetryPolicy jittered{Duration{3'600'000}, 0.1};
  EXPECT_EQ(jittered.delay(Duration{1000}, 1, 0), Duration{1000});
  EXPECT_EQ(jittered.delay(Duration{1000}, 1, 0.9999), Duration{1099});
  EXPECT_EQ(jittered.delay(Duration{1000}, 2, 0.5), Duration{2100});
}

TEST(Ageing, GivesOneStepForEachFullPeriod) {
  const Duration period{1000};
  EXPECT_EQ(aged_priority(JobPriority::kLow, Duration{999}, period), JobPriority::kLow);
  EXPECT_EQ(aged_priority(JobPriority::kLow, Duration{1000}, period), JobPriority::kNormal);
  EXPECT_EQ(aged_priority(JobPriority::kLow, Duration{2000}, period), JobPriority::kHigh);
  EXPECT_EQ(aged_priority(JobPriority::kLow, Duration{99'000}, period), JobPriority::kCritical);
  EXPECT_EQ(aged_priority(7, Duration{1000}, period), JobPriority::kHigh);
  EXPECT_EQ(aged_priority(200, Duration{99'000}, period), 200);
}

TEST(Ageing, IsOffAtZero) {
  EXPECT_EQ(aged_priority(JobPriority::kLow, Duration{99'000}, Duration{0}), JobPriority::kLow);
}

Job ready_job(std::uint8_t number, Priority priority = JobPriority::kNormal,
              Duration after = Duration{0}, std::string channel = "email") {
  auto envelope = std::make_shared<JobEnvelope>();
  envelope->id.bytes[15] = number;
  envelope->priority = priority;
  Job job;
  job.state.due_at = kNow + after;
  Delivery delivery;
  delivery.channel = std::move(channel);
  job.state.deliveries.push_back(std::move(delivery));
  job.envelope = std::move(envelope);
  return job;
}

bool any(const std::string&) {
  return true;
}
bool nobody(const JobId&) {
  return false;
}

int number_of(const std::optional<Job>& job) {
  return job ? job->id().bytes[15] : -1;
}

TEST(ReadyQueue, TakesByPriorityThenDueTimeThenId) {
  ReadyQueue queue{{}, Duration{0}};
  queue.add(ready_job(1, JobPriority::kLow));
  queue.add(ready_job(2, JobPriority::kNormal, Duration{5}));
  queue.add(ready_job(4, JobPriority::kNormal));
  queue.add(ready_job(3, JobPriority::kNormal));
  queue.add(ready_job(5, JobPriority::kCritical, Duration{9}));
  std::vector<int> order;
  while (auto job = queue.take("default", kNow, any)) order.push_back(number_of(job));
  EXPECT_EQ(order, (std::vector<int>{5, 3, 4, 2, 1}));
}

TEST(ReadyQueue, PassesOverRoutesThatCannotRun) {
  ReadyQueue queue{{}, Duration{0}};
  queue.add(ready_job(1, JobPriority::kCritical, Duration{0}, "hook"));
  queue.add(ready_job(2));
  const auto only_email = [](const std::string& route) { return route == "email"; };
  EXPECT_EQ(number_of(queue.take("default", kNow, only_email)), 2);
  EXPECT_EQ(number_of(queue.take("default", kNow, only_email)), -1);
}

TEST(ReadyQueue, KeepsOnlyItsWindowAndAsksForTheRest) {
  ReadyQueue queue{{4, 1u << 20, 2}, Duration{0}};
  for (std::uint8_t i = 1; i <= 10; ++i) queue.add(ready_job(i, 5, Duration{i}));
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_TRUE(queue.refills().empty());
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(number_of(queue.take("default", kNow, any)), i);
  const auto refills = queue.refills();
  ASSERT_EQ(refills.size(), 1u);
  EXPECT_EQ(refills[0].after->id.bytes[15], 4);
  EXPECT_TRUE(queue.refills().empty()) << "asked twice";
  std::vector<Job> loaded;
  for (std::uint8_t i = 5; i <= 7; ++i) loaded.push_back(ready_job(i, 5, Duration{i}));
  queue.refilled(refills[0], std::move(loaded), nobody);
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), 4);
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), 5);
}

TEST(ReadyQueue, AnEarlierJobEntersTheWindowOfALongLane) {
  ReadyQueue queue{{2, 1u << 20, 1}, Duration{0}};
  for (std::uint8_t i = 10; i <= 20; ++i) queue.add(ready_job(i, 5, Duration{i}));
  queue.add(ready_job(1, 5, Duration{1}));
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), 1);
}

TEST(ReadyQueue, LoadedJobsThatAreHeldElsewhereDoNotEnter) {
  ReadyQueue queue{{4, 1u << 20, 2}, Duration{0}};
  queue.know({"default", "email", 5});
  const auto refills = queue.refills();
  ASSERT_EQ(refills.size(), 1u);
  queue.refilled(refills[0], {ready_job(1), ready_job(2)},
                 [](const JobId& id) { return id.bytes[15] == 1; });
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), 2);
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), -1);
}

TEST(ReadyQueue, RemovedJobsAreNotTaken) {
  ReadyQueue queue{{}, Duration{0}};
  queue.add(ready_job(1));
  EXPECT_TRUE(queue.remove(ready_job(1).id()));
  EXPECT_FALSE(queue.remove(ready_job(1).id()));
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), -1);
}

TEST(ReadyQueue, ForgetsQueuesThatAreEmpty) {
  ReadyQueue queue{{}, Duration{0}};
  queue.add(ready_job(1));
  EXPECT_EQ(queue.queues(), std::vector<std::string>{"default"});
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), 1);
  EXPECT_EQ(number_of(queue.take("default", kNow, any)), -1);
  EXPECT_TRUE(queue.queues().empty());
}

Job waiting_job(std::uint8_t number, Duration after) {
  Job job = ready_job(number, 5, after);
  job.state.status = JobStatus::kScheduled;
  return job;
}

TEST(DueWheel, PopsWhatIsDueInOrder) {
  DueWheel wheel{{}};
  const auto load = wheel.load(kNow);
  ASSERT_TRUE(load);
  wheel.loaded(*load, {}, nobody);
  wheel.add(waiting_job(2, Duration{20}));
  wheel.add(waiting_job(1, Duration{10}));
  wheel.add(waiting_job(3, Duration{30}));
  EXPECT_TRUE(wheel.pop_due(kNow + Duration{9}, 100).empty());
  const auto due = wheel.pop_due(kNow + Duration{20}, 100);
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(number_of(due[0]), 1);
  EXPECT_EQ(wheel.next_wake(), kNow + Duration{30});
}

TEST(DueWheel, LeavesWhatIsBeyondTheHorizonToTheStore) {
  DueWheel wheel{{100, 1u << 20, Duration{1000}}};
  const auto load = wheel.load(kNow);
  wheel.loaded(*load, {}, nobody);
  wheel.add(waiting_job(1, Duration{5000}));
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_LE(*wheel.next_wake(), kNow + Duration{1000});
  const auto again = wheel.load(kNow + Duration{900});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->until, kNow + Duration{1900});
}

TEST(DueWheel, HoldsAtMostItsLimitAndCoversLess) {
  DueWheel wheel{{4, 1u << 20, Duration{60'000}}};
  const auto load = wheel.load(kNow);
  wheel.loaded(*load, {}, nobody);
  for (std::uint8_t i = 1; i <= 10; ++i) wheel.add(waiting_job(i, Duration{i * 10}));
  EXPECT_EQ(wheel.size(), 4u);
  EXPECT_EQ(wheel.pop_due(kNow + Duration{1000}, 100).size(), 4u);
  const auto again = wheel.load(kNow + Duration{1000});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->after->id.bytes[15], 4);
}

TEST(DueWheel, AFullWheelDoesNotAskToLookAhead) {
  DueWheel wheel{{4, 1u << 20, Duration{60'000}}};
  const auto load = wheel.load(kNow);
  std::vector<Job> jobs;
  for (std::uint8_t i = 1; i <= 4; ++i) jobs.push_back(waiting_job(i, Duration{i * 1000}));
  wheel.loaded(*load, std::move(jobs), nobody);
  EXPECT_EQ(wheel.next_wake(), kNow + Duration{1000});
}

TEST(Admission, RefusesBeyondItsLimits) {
  Admission admission{10, 1000};
  EXPECT_TRUE(admission.enter(10, 100));
  EXPECT_FALSE(admission.enter(1, 1));
  admission.leave(10, 100);
  EXPECT_EQ(admission.jobs(), 0u);
  EXPECT_TRUE(admission.enter(1, 900));
  EXPECT_FALSE(admission.enter(1, 200));
}

TEST(Admission, LetsOneRequestLargerThanTheLimitInAlone) {
  Admission admission{10, 1000};
  EXPECT_TRUE(admission.enter(5000, 9000));
  EXPECT_FALSE(admission.enter(1, 1));
  admission.leave(5000, 9000);
  EXPECT_EQ(admission.bytes(), 0u);
}

}  // namespace
}  // namespace townkrier
