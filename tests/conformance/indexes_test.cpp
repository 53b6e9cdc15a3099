/// Reading jobs in the order in which the engine takes them.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;
using StoreIndexes = StoreTest;

const LaneKey kLane{"default", "email", JobPriority::kNormal};

IndexPosition position(const Job& job) {
  return {job.state.due_at, job.id()};
}

TEST_P(StoreIndexes, OrdersALaneByDueTimeThenId) {
  add({make_job({.id = 4, .time = 10}), make_job({.id = 1, .time = 20}),
       make_job({.id = 3, .time = 10}), make_job({.id = 2, .time = 5})});
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, {}, 10)), (Numbers{2, 3, 4, 1}));
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, {}, 2)), (Numbers{2, 3}));
}

TEST_P(StoreIndexes, GoesOnStrictlyAfterAPosition) {
  add({make_job({.id = 1, .time = 5}), make_job({.id = 2, .time = 5}),
       make_job({.id = 3, .time = 6})});
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, IndexPosition{at(5), id_of(1)}, 10)),
            (Numbers{2, 3}));
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, IndexPosition{at(5), id_of(99)}, 10)), Numbers{3});
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, IndexPosition{at(6), id_of(3)}, 10)), Numbers{});
}

TEST_P(StoreIndexes, KeepsLanesApartWhoseNamesWouldRunTogether) {
  add({make_job({.id = 1, .queue = "a", .channels = {"bc"}}),
       make_job({.id = 2, .queue = "ab", .channels = {"c"}}),
       make_job({.id = 3, .queue = "a", .priority = 6, .channels = {"bc"}})});
  EXPECT_EQ(numbers(*store().ready_jobs({"a", "bc", 5}, {}, 10)), Numbers{1});
  EXPECT_EQ(numbers(*store().ready_jobs({"ab", "c", 5}, {}, 10)), Numbers{2});
  EXPECT_EQ(numbers(*store().ready_jobs({"a", "bc", 6}, {}, 10)), Numbers{3});
  EXPECT_EQ(numbers(*store().ready_jobs({"a", "b", 5}, {}, 10)), Numbers{});
}

TEST_P(StoreIndexes, KnowsTheSizesOfItsLanes) {
  Job third = make_job({.id = 3, .queue = "b"});
  add({make_job({.id = 1}), make_job({.id = 2}), third});
  const auto sizes = [&] {
    std::map<LaneKey, std::uint64_t> all;
    const auto lanes = store().ready_lanes();
    for (const auto& each : *lanes) all[each.lane] = each.jobs;
    return all;
  };
  restart();
  EXPECT_EQ(sizes(), (std::map<LaneKey, std::uint64_t>{{kLane, 2}, {{"b", "email", 5}, 1}}));
  change(move(third, kProcessing, 1));
  restart();
  EXPECT_EQ(sizes(), (std::map<LaneKey, std::uint64_t>{{kLane, 2}}));
}

TEST_P(StoreIndexes, FindsTheFrontOfALaneAfterItWasEmptied) {
  std::vector<Job> jobs;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    jobs.push_back(make_job({.id = i, .time = static_cast<std::int64_t>(i)}));
  }
  add(jobs);
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, {}, 1)), Numbers{1});
  for (auto& job : jobs) change(move(job, kProcessing, 1));
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, {}, 1)), Numbers{});
  add(make_job({.id = 200, .time = 1000}));
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, {}, 1)), Numbers{200});
  // Handed back with its old due time, a job stands before the remembered front.
  change(move(jobs[3], kPending, 4));
  EXPECT_EQ(numbers(*store().ready_jobs(kLane, {}, 9)), (Numbers{4, 200}));
}

TEST_P(StoreIndexes, SeesADueJobThatIsEarlierThanTheRememberedFront) {
  add(make_job({.id = 1, .status = kScheduled, .time = 500}));
  EXPECT_EQ(numbers(*store().due_jobs(at(100), {}, 10)), Numbers{});
  EXPECT_EQ(numbers(*store().due_jobs(at(600), {}, 10)), Numbers{1});
  add(make_job({.id = 2, .status = kScheduled, .time = 50}));
  EXPECT_EQ(numbers(*store().due_jobs(at(600), {}, 10)), (Numbers{2, 1}));
  EXPECT_EQ(numbers(*store().due_jobs(at(60), {}, 10)), Numbers{2});
}

TEST_P(StoreIndexes, PagesThroughDueJobs) {
  add({make_job({.id = 1, .status = kScheduled, .time = 30}),
       make_job({.id = 2, .status = kRetrying, .time = 10}),
       make_job({.id = 3, .status = kScheduled, .time = 20}),
       make_job({.id = 4, .status = kScheduled, .time = 40})});
  const auto first = store().due_jobs(at(30), {}, 2);
  EXPECT_EQ(numbers(*first), (Numbers{2, 3}));
  EXPECT_EQ(numbers(*store().due_jobs(at(30), position(first->back()), 2)), Numbers{1});
  EXPECT_EQ(numbers(*store().due_jobs(TimePoint::max(), {}, 10)), (Numbers{2, 3, 1, 4}));
}

TEST_P(StoreIndexes, PagesThroughProcessingJobsById) {
  for (std::uint64_t i : {3, 1, 2}) {
    Job job = make_job({.id = i});
    add(job);
    change(move(job, kProcessing, 1));
  }
  EXPECT_EQ(numbers(*store().processing_jobs({}, 2)), (Numbers{1, 2}));
  EXPECT_EQ(numbers(*store().processing_jobs(id_of(2), 2)), Numbers{3});
}

TEST_P(StoreIndexes, ReturnsFinishedJobsOldestFirst) {
  add({make_job({.id = 1, .status = kCompleted, .time = 30}),
       make_job({.id = 2, .status = kCompleted, .time = 10}),
       make_job({.id = 3, .status = kCancelled, .time = 10}),
       make_job({.id = 4, .status = kCompleted, .time = 20})});
  EXPECT_EQ(numbers(*store().finished_jobs(kCompleted, at(100), 10)), (Numbers{2, 4, 1}));
  EXPECT_EQ(numbers(*store().finished_jobs(kCompleted, at(30), 10)), (Numbers{2, 4}));
  EXPECT_EQ(numbers(*store().finished_jobs(kCompleted, at(100), 1)), Numbers{2});
}

TEST_P(StoreIndexes, RefusesAFinishedListOfAnUnfinishedStatus) {
  const auto jobs = store().finished_jobs(kPending, at(1), 10);
  ASSERT_FALSE(jobs);
  EXPECT_EQ(jobs.error().code, Errc::kInvalidArgument);
}

TEST_P(StoreIndexes, KnowsTheOldestReadyJobOfAQueue) {
  add({make_job({.id = 1, .time = 30}), make_job({.id = 2, .priority = 20, .time = 20}),
       make_job({.id = 3, .queue = "defaults", .time = 1}),
       make_job({.id = 4, .status = kScheduled, .time = 2})});
  EXPECT_EQ(*store().oldest_ready("default"), at(20));
  EXPECT_EQ(*store().oldest_ready("defaults"), at(1));
  EXPECT_EQ(*store().oldest_ready("empty"), std::nullopt);
}

TOWNKRIER_ON_EACH_STORE(StoreIndexes);

}  // namespace
}  // namespace townkrier::testing
