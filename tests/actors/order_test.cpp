// What runs next: priorities, FIFO, ageing, pause, backlogs larger than memory holds.

#include "tests/actors/engine_fixture.hpp"

namespace townkrier::test {
namespace {

struct Ordering : EngineTest {
  std::vector<JobId> delivered() {
    std::vector<JobId> ids;
    for (const auto& call : provider("email").calls) ids.push_back(call.request.job_id);
    return ids;
  }
  Spec with_priority(Priority priority) {
    Spec spec;
    spec.options.priority = priority;
    return spec;
  }
};

TEST_F(Ordering, AResumedQueueRunsByPriorityThenFirstInFirstOut) {
  channel("email").concurrency = 1;
  launch();
  flow("default", DashboardBackend::Flow::kPause);
  std::map<Priority, std::vector<JobId>> by_priority;
  for (int round = 0; round < 5; ++round) {
    for (Priority p :
         {JobPriority::kLow, JobPriority::kNormal, JobPriority::kHigh, JobPriority::kCritical}) {
      by_priority[p].push_back(enqueue(with_priority(p)));
    }
  }
  EXPECT_TRUE(provider("email").calls.empty());
  flow("default", DashboardBackend::Flow::kResume);
  std::vector<JobId> expected;
  for (Priority p :
       {JobPriority::kCritical, JobPriority::kHigh, JobPriority::kNormal, JobPriority::kLow}) {
    expected.insert(expected.end(), by_priority[p].begin(), by_priority[p].end());
  }
  EXPECT_EQ(delivered(), expected);
}

TEST_F(Ordering, LowStillRunsWhileHighKeepsComing) {
  options_.ageing = 1s;
  channel("email").concurrency = 1;
  provider("email").answer = nullptr;
  launch();
  enqueue(with_priority(JobPriority::kHigh));
  const JobId low = enqueue(with_priority(JobPriority::kLow));
  bool ran = false;
  for (int tick = 0; tick < 100 && !ran; ++tick) {
    enqueue(with_priority(JobPriority::kHigh));
    advance(100ms);
    auto done = provider("email").calls.back().done;
    ran = provider("email").calls.back().request.job_id == low;
    done(DeliveryOutcome::sent());
    run();
  }
  EXPECT_TRUE(ran);
}

TEST_F(Ordering, ABacklogLargerThanTheWindowKeepsItsOrder) {
  ready_limits_ = {8, 1u << 20, 4};
  channel("email").concurrency = 1;
  launch(Begin::kIdle);
  std::vector<JobId> expected;
  for (int i = 0; i < 100; ++i) expected.push_back(enqueue());
  start();
  EXPECT_EQ(delivered(), expected);
}

TEST_F(Ordering, ManyJobsDueLaterThanMemoryHoldsAllRunAtTheirTimes) {
  due_limits_ = {8, 1u << 20, 2s};
  channel("email");
  launch();
  std::map<JobId, TimePoint> due;
  for (int i = 0; i < 60; ++i) {
    Spec spec;
    spec.options.delay = Duration{100 * (1 + (i * 37) % 60)};
    const TimePoint at = clock_->now() + *spec.options.delay;
    due[enqueue(spec)] = at;
  }
  advance(7s, 1ms);
  ASSERT_EQ(provider("email").calls.size(), 60u);
  for (const auto& call : provider("email").calls) {
    EXPECT_EQ(call.at, due[call.request.job_id]);
  }
}

TEST_F(Ordering, AQueuesConcurrencyIsKept) {
  options_.queues["slow"].concurrency = 3;
  channel("email");
  provider("email").answer = nullptr;
  launch();
  Spec spec;
  spec.options.queue = "slow";
  for (int i = 0; i < 10; ++i) enqueue(spec);
  EXPECT_EQ(provider("email").calls.size(), 3u);
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(provider("email").calls.size(), 4u);
}

TEST_F(Ordering, APauseSurvivesARestart) {
  channel("email");
  launch();
  flow("default", DashboardBackend::Flow::kPause);
  const JobId id = enqueue();
  shut_down();
  launch();
  advance(3s, 100ms);
  EXPECT_EQ(status(id), JobStatus::kPending);
  flow("default", DashboardBackend::Flow::kResume);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

}  // namespace
}  // namespace townkrier::test
