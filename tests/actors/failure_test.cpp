// Crashes, restarts of actors, stops, operators, and a store that refuses to write.

#include <algorithm>

#include "tests/actors/engine_fixture.hpp"
#include "tests/support/faulty_store.hpp"

namespace townkrier::test {
namespace {

struct Recovering : EngineTest {
  void SetUp() override { channel("email"); }
  void kill_scheduler() {
    caf::anon_send_exit(directory_->scheduler(), caf::exit_reason::unknown);
    run();
  }
};

TEST_F(Recovering, AJobThatRanDuringACrashRunsAgainUncharged) {
  provider("email").answer = nullptr;
  launch();
  const JobId id = enqueue();
  const std::string key = provider("email").calls[0].request.idempotency_key;
  crash();
  ASSERT_EQ(status(id), JobStatus::kProcessing);
  launch();
  ASSERT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(provider("email").calls[0].request.idempotency_key, key);
  EXPECT_EQ(job(id).state.attempts, 1u);
  EXPECT_EQ(job(id).state.crashes, 1u);
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Recovering, AJobThatCrashesTheProcessThreeTimesIsParked) {
  provider("email").answer = nullptr;
  launch();
  const JobId id = enqueue();
  const JobId other = enqueue({{"email"}, {}});
  for (int i = 0; i < 2; ++i) {
    crash();
    launch();
    EXPECT_EQ(status(id), JobStatus::kProcessing);
  }
  crash();
  launch();
  EXPECT_EQ(status(id), JobStatus::kFailed);
  EXPECT_NE(job(id).state.error.find("crashed 3 times"), std::string::npos);
  EXPECT_EQ(status(other), JobStatus::kFailed);
}

TEST_F(Recovering, WaitingAndScheduledJobsSurviveACrash) {
  provider("email").answer = [](std::size_t n) {
    return n == 1 ? DeliveryOutcome::transient("down") : DeliveryOutcome::sent();
  };
  launch();
  Spec retried;
  retried.options.retry_delay = 3s;
  const JobId waiting = enqueue(retried);
  Spec later;
  later.options.delay = 5s;
  const JobId scheduled = enqueue(later);
  advance(1s);
  crash();
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::sent(); };
  launch();
  EXPECT_EQ(status(waiting), JobStatus::kRetrying);
  EXPECT_EQ(status(scheduled), JobStatus::kScheduled);
  advance(2010ms);
  EXPECT_EQ(status(waiting), JobStatus::kCompleted);
  EXPECT_EQ(status(scheduled), JobStatus::kScheduled);
  advance(2s);
  EXPECT_EQ(status(scheduled), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 2u);
}

TEST_F(Recovering, ARestartedSchedulerAdoptsWhatIsInFlight) {
  provider("email").answer = nullptr;
  launch();
  const JobId id = enqueue();
  kill_scheduler();
  advance(200ms);
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

TEST_F(Recovering, AnOutcomeThatArrivesWhileNoSchedulerLivesIsNotLost) {
  provider("email").answer = nullptr;
  launch();
  const JobId id = enqueue();
  kill_scheduler();
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  advance(500ms);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

// The channel speaks to a new scheduler before the store does.
TEST_F(Recovering, AnOutcomeThatArrivesBeforeTheRecoveryIsNotTakenForALateOne) {
  auto slow = std::make_shared<FaultyStore>(store_);
  shut_down();
  store_ = slow;
  provider("email").answer = nullptr;
  launch();
  const JobId running = enqueue();
  Spec other;
  other.via = {"email"};
  const JobId stuck = enqueue(other);
  slow->fail_with = Errc::kDiskFull;  // something to write keeps the store from answering
  provider("email").calls[1].done(DeliveryOutcome::sent());
  run();
  kill_scheduler();
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  advance(1s);
  slow->fail_with.reset();
  advance(1s);
  EXPECT_EQ(status(running), JobStatus::kCompleted);
  EXPECT_EQ(status(stuck), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 2u) << "sent again";
}

TEST_F(Recovering, ARestartedSchedulerGoesOnWithTheBacklog) {
  ready_limits_ = {4, 1u << 20, 2};
  channel("email").concurrency = 1;
  provider("email").answer = nullptr;
  launch();
  std::vector<JobId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(enqueue());
  kill_scheduler();
  advance(200ms);
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::sent(); };
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_TRUE(std::ranges::all_of(
      ids, [&](const JobId& id) { return status(id) == JobStatus::kCompleted; }));
  EXPECT_EQ(provider("email").calls.size(), 20u);
}

TEST_F(Recovering, ARestartedChannelIsATransientFailureOfWhatItWasSending) {
  provider("email").answer = nullptr;
  launch();
  Spec spec;
  spec.options.retry_delay = 1s;
  const JobId id = enqueue(spec);
  caf::anon_send_exit(directory_->channel(0), caf::exit_reason::unknown);
  run();
  advance(500ms);
  EXPECT_EQ(status(id), JobStatus::kRetrying);
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::sent(); };
  advance(2s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

struct Stopping : EngineTest {
  void SetUp() override {
    options_.drain_timeout = 2s;
    channel("email");
    provider("email").answer = nullptr;
    launch();
  }
};

TEST_F(Stopping, WaitsForARunningAttempt) {
  const JobId id = enqueue();
  bool done = false;
  caf::anon_send(supervisor_, stop_atom::value,
                 parcel(StopCall{StopCall::Reason::kPause, [&done] { done = true; }}));
  run();
  advance(1s);
  EXPECT_FALSE(done);
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_TRUE(done);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Stopping, HandsBackWhatDoesNotEndAndChargesNothing) {
  const JobId id = enqueue();
  shut_down();
  EXPECT_EQ(status(id), JobStatus::kPending);
  EXPECT_EQ(job(id).state.attempts, 0u);
  EXPECT_EQ(job(id).state.crashes, 0u);
}

TEST_F(Stopping, AsksRunningDeliveriesToStopWhenTheDrainIsOver) {
  enqueue();
  const auto stop = provider("email").calls[0].request.stop;
  shut_down();
  EXPECT_TRUE(stop.stop_requested());
}

struct Operating : EngineTest {
  void SetUp() override {
    channel("email");
    launch();
  }
};

TEST_F(Operating, CancelOfAWaitingJobEndsIt) {
  Spec spec;
  spec.options.delay = 1s;
  const JobId id = enqueue(spec);
  ASSERT_TRUE(act(id, JobAction::kCancel));
  EXPECT_EQ(status(id), JobStatus::kCancelled);
  advance(3s, 100ms);
  EXPECT_TRUE(provider("email").calls.empty());
}

TEST_F(Operating, CancelOfARunningJobAsksItToStopAndEndsItCancelled) {
  provider("email").answer = nullptr;
  const JobId id = enqueue();
  ASSERT_TRUE(act(id, JobAction::kCancel));
  EXPECT_TRUE(provider("email").calls[0].request.stop.stop_requested());
  EXPECT_EQ(status(id), JobStatus::kCancelled);
}

TEST_F(Operating, CancelOfARunningJobWithoutRetriesIsNoFailure) {
  provider("email").answer = nullptr;
  Spec spec;
  spec.options.max_retries = 0;
  const JobId id = enqueue(spec);
  ASSERT_TRUE(act(id, JobAction::kCancel));
  EXPECT_EQ(status(id), JobStatus::kCancelled);
}

TEST_F(Operating, RunNowBringsAScheduledJobForward) {
  Spec spec;
  spec.options.delay = 1h;
  const JobId id = enqueue(spec);
  ASSERT_TRUE(act(id, JobAction::kRunNow));
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Operating, ConflictsNameTheStatusAndChangeNothing) {
  const JobId done = enqueue();
  const auto retried = act(done, JobAction::kRetry);
  ASSERT_FALSE(retried);
  EXPECT_EQ(retried.error().code, Errc::kConflict);
  EXPECT_NE(retried.error().message.find("completed"), std::string::npos);
  provider("email").answer = nullptr;
  const JobId running = enqueue();
  const auto deleted = act(running, JobAction::kDelete);
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().code, Errc::kConflict);
  EXPECT_EQ(status(running), JobStatus::kProcessing);
}

TEST_F(Operating, DeleteRemovesAJobThatIsNotRunning) {
  Spec spec;
  spec.options.delay = 1s;
  const JobId id = enqueue(spec);
  ASSERT_TRUE(act(id, JobAction::kDelete));
  EXPECT_EQ(store_->get_job(id).error().code, Errc::kNotFound);
  advance(3s, 100ms);
  EXPECT_TRUE(provider("email").calls.empty());
  EXPECT_EQ(act(id, JobAction::kDelete).error().code, Errc::kNotFound);
}

TEST_F(Operating, RetryOfAPendingJobChangesNothing) {
  flow("default", DashboardBackend::Flow::kPause);
  const JobId id = enqueue();
  ASSERT_TRUE(act(id, JobAction::kRetry));
  EXPECT_EQ(status(id), JobStatus::kPending);
  flow("default", DashboardBackend::Flow::kResume);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 1u);
}

struct Refusing : EngineTest {
  std::shared_ptr<FaultyStore> faulty = std::make_shared<FaultyStore>(make_memory_store());
  void SetUp() override {
    store_ = faulty;
    channel("email");
    launch();
  }
};

TEST_F(Refusing, AFullDiskRefusesNewJobsAndKeepsOutcomesUntilItCanWrite) {
  provider("email").answer = nullptr;
  const JobId id = enqueue();
  faulty->fail_with = Errc::kDiskFull;
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  const auto refused = try_enqueue({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kDiskFull);
  faulty->fail_with.reset();
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  EXPECT_TRUE(fatal_.empty());
}

TEST_F(Refusing, BelowTheFreeSpaceFloorOnlyNewJobsAreRefused) {
  provider("email").answer = nullptr;
  const JobId id = enqueue();
  faulty->takes_jobs = false;
  // Outcome and enqueue meet in one group of the store: one is written, the other refused.
  provider("email").calls[0].done(DeliveryOutcome::sent());
  const auto refused = try_enqueue({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kDiskFull);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  faulty->takes_jobs = true;
  EXPECT_TRUE(try_enqueue({}));
  EXPECT_TRUE(fatal_.empty());
}

TEST_F(Refusing, ASchedulerThatRestartsOnAFullDiskDoesNotForgetWhatItsPredecessorWasTold) {
  provider("email").answer = nullptr;
  const JobId id = enqueue();
  faulty->fail_with = Errc::kDiskFull;
  provider("email").calls[0].done(DeliveryOutcome::sent());
  run();
  for (int i = 0; i < 2; ++i) {
    caf::anon_send_exit(directory_->scheduler(), caf::exit_reason::unknown);
    run();
    advance(1s);
  }
  faulty->fail_with.reset();
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("email").calls.size(), 1u) << "sent again";
  EXPECT_TRUE(try_enqueue({})) << "the store goes on";
}

TEST_F(Refusing, AnOperationIsSyncedAlsoWhenANoteJoinsItsGroup) {
  Spec later;
  later.options.delay = 1h;
  const JobId cancelled = enqueue(later);
  const JobId noted = enqueue(later);
  faulty->durabilities.clear();
  const auto send = [&](ActCall call) {
    caf::anon_send(directory_->scheduler(), act_atom::value, parcel(std::move(call)));
  };
  send({cancelled, JobAction::kCancel, ReplyOnce<Job>{[](Result<Job>) {}}, {}});
  send({noted, {}, {}, [](JobState& state, TimePoint now) { state.updated_at = now; }});
  run();
  EXPECT_EQ(status(cancelled), JobStatus::kCancelled);
  EXPECT_EQ(faulty->durabilities, std::vector{Durability::kFsync});
}

TEST_F(Refusing, AnIoErrorStopsEverythingAndSaysSo) {
  faulty->fail_with = Errc::kIo;
  const auto refused = try_enqueue({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kIo);
  EXPECT_FALSE(fatal_.empty());
  faulty->fail_with.reset();
  EXPECT_EQ(try_enqueue({}).error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace townkrier::test
