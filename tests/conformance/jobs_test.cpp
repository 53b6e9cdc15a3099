/// Writing jobs: places, unique keys, removal, errors.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;
using StoreJobs = StoreTest;

TEST_P(StoreJobs, ReturnsAJobAsItWasEnqueued) {
  Job job = make_job({.id = 7, .priority = 20, .channels = {"email", "sms"}});
  job.state.history.push_back({.timestamp = at(1), .message = "enqueued"});
  add(job);
  restart();
  const auto found = store().get_job(id_of(7));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found->envelope, *job.envelope);
  EXPECT_EQ(found->state, job.state);
}

TEST_P(StoreJobs, SaysNotFoundForAnUnknownJob) {
  const auto found = store().get_job(id_of(1));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::kNotFound);
}

TEST_P(StoreJobs, LeavesUnknownIdsOutOfMany) {
  add({make_job({.id = 1}), make_job({.id = 3})});
  const std::vector<JobId> ids = {id_of(3), id_of(2), id_of(1)};
  const auto jobs = store().get_jobs(ids);
  ASSERT_TRUE(jobs);
  EXPECT_EQ(numbers(*jobs), (Numbers{3, 1}));
}

TEST_P(StoreJobs, MovesAJobThroughAllItsPlaces) {
  Job job = make_job({.id = 1, .status = kScheduled, .time = 50});
  add(job);
  EXPECT_EQ(numbers(*store().due_jobs(at(50), {}, 10)), Numbers{1});
  EXPECT_EQ(numbers(*store().due_jobs(at(49), {}, 10)), Numbers{});

  change(move(job, kPending, 60));
  EXPECT_EQ(numbers(*store().due_jobs(at(100), {}, 10)), Numbers{});
  const LaneKey lane{"default", "email", JobPriority::kNormal};
  EXPECT_EQ(numbers(*store().ready_jobs(lane, {}, 10)), Numbers{1});

  change(move(job, kProcessing, 70));
  EXPECT_EQ(numbers(*store().ready_jobs(lane, {}, 10)), Numbers{});
  EXPECT_EQ(numbers(*store().processing_jobs({}, 10)), Numbers{1});

  change(move(job, kRetrying, 80));
  EXPECT_EQ(numbers(*store().processing_jobs({}, 10)), Numbers{});
  EXPECT_EQ(numbers(*store().due_jobs(at(80), {}, 10)), Numbers{1});

  change(move(job, kFailed, 90));
  EXPECT_EQ(numbers(*store().due_jobs(at(1000), {}, 10)), Numbers{});
  EXPECT_EQ(numbers(*store().finished_jobs(kFailed, at(91), 10)), Numbers{1});
  EXPECT_EQ(numbers(*store().finished_jobs(kFailed, at(90), 10)), Numbers{});
  EXPECT_EQ(numbers(*store().finished_jobs(kCompleted, at(91), 10)), Numbers{});
  EXPECT_EQ(*store().job_stats(), (QueueStats{.failed = 1}));
}

TEST_P(StoreJobs, KeepsTheLaterOfTwoChangesInOneBatch) {
  Job job = make_job({.id = 1});
  add(job);
  StoreBatch batch;
  batch.changes.push_back(move(job, kProcessing, 1));
  batch.changes.push_back(move(job, kCompleted, 2));
  must_commit(batch);
  EXPECT_EQ(store().get_job(id_of(1))->status(), kCompleted);
  EXPECT_EQ(numbers(*store().processing_jobs({}, 10)), Numbers{});
  EXPECT_EQ(*store().job_stats(), (QueueStats{.completed = 1}));
}

TEST_P(StoreJobs, AcceptsAnEnqueueAndItsChangeInOneBatch) {
  Job job = make_job({.id = 1});
  StoreBatch batch;
  batch.enqueued.push_back({.job = job, .logs = {}});
  batch.changes.push_back(move(job, kCancelled, 5));
  must_commit(batch);
  EXPECT_EQ(*store().job_stats(), (QueueStats{.cancelled = 1}));
  EXPECT_TRUE(store().ready_lanes()->empty());
}

TEST_P(StoreJobs, ChangesOfRouteMoveAJobBetweenLanes) {
  Job job = make_job({.id = 1, .channels = {"email", "sms"}});
  add(job);
  const JobPlace before = place(job);
  job.state.deliveries[0].status = LogStatus::kSent;
  change({.job = job, .before = before});
  const auto lanes = store().ready_lanes();
  ASSERT_EQ(lanes->size(), 1u);
  EXPECT_EQ(lanes->front().lane.route, "sms");
  EXPECT_EQ(numbers(*store().ready_jobs(lanes->front().lane, {}, 10)), Numbers{1});
}

TEST_P(StoreJobs, KeepsTheEnvelopeUnlessToldToRewriteIt) {
  Job job = make_job({.id = 1});
  add(job);
  JobEnvelope masked = *job.envelope;
  masked.payload = {};
  masked.masked = JsonText::trusted(R"({"masked":true})");
  const auto original = job.envelope;
  job.envelope = std::make_shared<const JobEnvelope>(masked);
  change(move(job, kProcessing, 1));
  EXPECT_EQ(*store().get_job(id_of(1))->envelope, *original);
  JobChange rewriting = move(job, kCompleted, 2);
  rewriting.rewrite_envelope = true;
  change(rewriting);
  restart();
  EXPECT_EQ(*store().get_job(id_of(1))->envelope, masked);
}

TEST_P(StoreJobs, RemovesAJobButNotItsLogRows) {
  const Job job = make_job({.id = 1, .status = kFailed, .time = 3});
  NotificationLog row = make_log({.id = 9});
  row.job_id = job.id();
  must_commit({.enqueued = {{.job = job, .logs = {row}}}});
  must_commit({.removals = {{.job = job, .before = place(job)}}});
  restart();
  EXPECT_FALSE(store().get_job(id_of(1)));
  EXPECT_TRUE(store().finished_jobs(kFailed, at(10), 10)->empty());
  EXPECT_EQ(*store().job_stats(), QueueStats{});
  EXPECT_EQ(store().list_jobs({})->total, 0u);
  EXPECT_TRUE(store().get_log(id_of(9)));
}

TEST_P(StoreJobs, AnswersWithTheHolderOfAUniqueKey) {
  add(make_job({.id = 1, .unique_key = "k"}));
  const auto outcome =
      commit({.enqueued = {{.job = make_job({.id = 2, .unique_key = "k"}), .logs = {}},
                           {.job = make_job({.id = 3, .unique_key = "other"}), .logs = {}}}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)[0].id, id_of(1));
  EXPECT_TRUE((*outcome)[0].deduplicated);
  EXPECT_EQ((*outcome)[1].id, id_of(3));
  EXPECT_FALSE((*outcome)[1].deduplicated);
  EXPECT_FALSE(store().get_job(id_of(2)));
  EXPECT_EQ(store().job_stats()->pending, 2u);
}

TEST_P(StoreJobs, StoresNoLogRowsOfADeduplicatedJob) {
  add(make_job({.id = 1, .unique_key = "k"}));
  NewJob second{.job = make_job({.id = 2, .unique_key = "k"}), .logs = {make_log({.id = 5})}};
  second.logs[0].job_id = second.job.id();
  must_commit({.enqueued = {second}});
  EXPECT_FALSE(store().get_log(id_of(5)));
  EXPECT_EQ(store().log_stats({})->total, 0u);
}

TEST_P(StoreJobs, SeesDuplicatesWithinOneBatch) {
  const auto outcome =
      commit({.enqueued = {{.job = make_job({.id = 1, .unique_key = "k"}), .logs = {}},
                           {.job = make_job({.id = 2, .unique_key = "k"}), .logs = {}}}});
  ASSERT_TRUE(outcome);
  EXPECT_TRUE((*outcome)[1].deduplicated);
  EXPECT_EQ((*outcome)[1].id, id_of(1));
  EXPECT_EQ(store().job_stats()->pending, 1u);
}

TEST_P(StoreJobs, FreesAUniqueKeyWhenItsJobEnds) {
  for (const JobStatus end : {kCompleted, kFailed, kCancelled}) {
    const auto id = static_cast<std::uint64_t>(end);
    Job job = make_job({.id = id, .unique_key = "k"});
    const auto outcome = commit({.enqueued = {{.job = job, .logs = {}}}});
    EXPECT_FALSE(outcome->front().deduplicated) << to_string(end);
    change(move(job, kProcessing, 1));
    change(move(job, end, 2));
  }
}

TEST_P(StoreJobs, FreesAUniqueKeyWhenItsJobIsRemoved) {
  const Job job = make_job({.id = 1, .unique_key = "k"});
  add(job);
  must_commit({.removals = {{.job = job, .before = place(job)}}});
  restart();
  const auto outcome =
      commit({.enqueued = {{.job = make_job({.id = 2, .unique_key = "k"}), .logs = {}}}});
  EXPECT_FALSE(outcome->front().deduplicated);
}

TEST_P(StoreJobs, ARetriedJobTakesItsUniqueKeyBack) {
  Job job = make_job({.id = 1, .unique_key = "k"});
  add(job);
  change(move(job, kFailed, 1));
  change(move(job, kPending, 2));
  const auto outcome =
      commit({.enqueued = {{.job = make_job({.id = 2, .unique_key = "k"}), .logs = {}}}});
  EXPECT_EQ(outcome->front().id, id_of(1));
}

TEST_P(StoreJobs, ARetriedJobLeavesItsUniqueKeyToItsPresentHolder) {
  Job job = make_job({.id = 1, .unique_key = "k"});
  add(job);
  change(move(job, kFailed, 1));
  add(make_job({.id = 2, .unique_key = "k"}));
  change(move(job, kPending, 2));
  change(move(job, kCompleted, 3));
  const auto outcome =
      commit({.enqueued = {{.job = make_job({.id = 3, .unique_key = "k"}), .logs = {}}}});
  EXPECT_EQ(outcome->front().id, id_of(2));
}

TEST_P(StoreJobs, RefusesABatchWithoutStoringAnyOfIt) {
  Job nameless = make_job({.id = 2});
  nameless.envelope.reset();
  const auto outcome = commit(
      {.enqueued = {{.job = make_job({.id = 1}), .logs = {}}, {.job = nameless, .logs = {}}}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::kInvalidArgument);
  EXPECT_FALSE(store().get_job(id_of(1)));
  EXPECT_EQ(*store().job_stats(), QueueStats{});
}

TEST_P(StoreJobs, RefusesToCountBelowZero) {
  // Nothing is pending, so no job can leave `pending`.
  Job job = make_job({.id = 1});
  const auto outcome = commit({.changes = {move(job, kProcessing, 1)}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::kInternal);
  EXPECT_FALSE(store().get_job(id_of(1)));
}

TEST_P(StoreJobs, KeepsSettingsOverRestarts) {
  must_commit({.settings = {{"paused/default", "1"}, {"rev", "3"}}});
  must_commit({.settings = {{"rev", "4"}}});
  restart();
  EXPECT_EQ(*store().settings(),
            (std::map<std::string, std::string>{{"paused/default", "1"}, {"rev", "4"}}));
}

TEST_P(StoreJobs, CountsByQueue) {
  add({make_job({.id = 1, .queue = "a"}), make_job({.id = 2, .queue = "a", .status = kScheduled}),
       make_job({.id = 3, .queue = "b"})});
  restart();
  const auto stats = store().job_stats_by_queue();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->size(), 2u);
  EXPECT_EQ(stats->at("a"), (QueueStats{.pending = 1, .scheduled = 1}));
  EXPECT_EQ(stats->at("b"), (QueueStats{.pending = 1}));
}

TEST_P(StoreJobs, IsHealthyAndSyncs) {
  add(make_job({.id = 1}));
  EXPECT_TRUE(store().health());
  EXPECT_TRUE(store().sync());
}

TOWNKRIER_ON_EACH_STORE(StoreJobs);

}  // namespace
}  // namespace townkrier::testing
