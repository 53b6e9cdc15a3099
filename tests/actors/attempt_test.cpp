// What a handler may do with its attempt while it runs, and what is refused once it is over.

#include <algorithm>

#include "tests/actors/engine_fixture.hpp"
#include "tests/support/faulty_store.hpp"

namespace townkrier::test {
namespace {

/// Jobs of the kind "work", whose handler is the test: it holds every attempt.
struct Attempting : EngineTest {
  void SetUp() override {
    channel("@work").concurrency = 4;
    channel("@child");
    provider("@work").answer = nullptr;
    launch();
  }
  JobId work(JobOptions options = {}) {
    return enqueue({.via = {"@work"}, .options = std::move(options), .kind = "work"});
  }
  FakeProvider::Call& call(std::size_t number = 0) { return provider("@work").calls.at(number); }
  AttemptPort& port(std::size_t number = 0) { return *call(number).request.port; }
  Result<void> extend(AttemptPort& port, Duration from_now) {
    Result<void> answer = fail(Errc::kTimeout, "no answer");
    port.extend(from_now, [&](Result<void> result) { answer = std::move(result); });
    run();
    return answer;
  }
  JobRequest child(std::string unique_key = {}) {
    JobRequest request;
    request.kind = "child";
    request.options.unique_key = std::move(unique_key);
    return request;
  }
  void expect_over(AttemptPort& port) {
    EXPECT_EQ(port.report({}).error().code, Errc::kConflict);
    EXPECT_EQ(port.log("late").error().code, Errc::kConflict);
    EXPECT_EQ(port.enqueue(child()).error().code, Errc::kConflict);
    EXPECT_EQ(extend(port, 1h).error().code, Errc::kConflict);
  }
};

TEST_F(Attempting, ProgressIsShownInTheJobWhileItRuns) {
  const JobId id = work();
  ASSERT_TRUE(port().report({0.5, 1, 2, "half", {}}));
  advance(300ms);
  const auto progress = job(id).state.progress;
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->fraction, 0.5);
  EXPECT_EQ(progress->done, 1u);
  EXPECT_EQ(progress->total, 2u);
  EXPECT_EQ(progress->message, "half");
  EXPECT_EQ(status(id), JobStatus::kProcessing);
}

TEST_F(Attempting, ManyReportsCostFewWrites) {
  auto counting = std::make_shared<FaultyStore>(make_memory_store());
  shut_down();
  store_ = counting;
  provider("@work").calls.clear();
  launch();
  const JobId id = work();
  const std::size_t before = counting->commits;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(port().report({double(i) / 1000, 0, 0, {}, {}}));
    advance(1ms, 1ms);
  }
  advance(300ms);
  EXPECT_LE(counting->commits - before, 6u);
  EXPECT_EQ(job(id).state.progress->fraction, 0.999);
}

TEST_F(Attempting, LogLinesAreMaskedAndTheNewestAreKept) {
  const JobId id = work();
  for (std::size_t i = 0; i < kMaxJobLogLines + 50; ++i) {
    ASSERT_TRUE(port().log("line " + std::to_string(i)));
    advance(1ms, 1ms);
  }
  ASSERT_TRUE(port().log("wrote to someone@example.com " + std::string(5000, 'x')));
  call().done(DeliveryOutcome::sent());
  run();
  const JobState state = job(id).state;
  ASSERT_EQ(state.log.size(), kMaxJobLogLines);
  EXPECT_EQ(state.log_dropped, 51u);
  EXPECT_EQ(state.log.back().text.find("someone@"), std::string::npos);
  EXPECT_LE(state.log.back().text.size(), kMaxJobLogLine);
  EXPECT_EQ(state.log.front().text, "line 51");
}

TEST_F(Attempting, LinesWrittenJustBeforeATimeoutAreKept) {
  JobOptions options;
  options.timeout = 1s;
  const JobId id = work(options);
  advance(990ms);
  ASSERT_TRUE(port().log("stuck in the second page"));
  advance(20ms);
  EXPECT_EQ(status(id), JobStatus::kRetrying);
  ASSERT_EQ(job(id).state.log.size(), 1u);
}

TEST_F(Attempting, AnExtendedAttemptMayRunLonger) {
  JobOptions options;
  options.timeout = 1s;
  const JobId id = work(options);
  advance(900ms);
  ASSERT_TRUE(extend(port(), 5s));
  advance(4900ms);
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  advance(200ms);
  EXPECT_EQ(status(id), JobStatus::kRetrying);
}

TEST_F(Attempting, AfterATimeoutEverythingIsRefused) {
  JobOptions options;
  options.timeout = 1s;
  const JobId id = work(options);
  const auto late = call().request.port;
  ASSERT_TRUE(late->enqueue(child()));
  advance(1010ms);
  expect_over(*late);
  call().done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kRetrying);
  EXPECT_FALSE(job(id).state.progress);
  EXPECT_TRUE(job(id).state.log.empty());
  EXPECT_EQ(store_->job_stats()->completed, 0u);
  EXPECT_TRUE(provider("@child").calls.empty());
}

TEST_F(Attempting, AnOlderAttemptCannotSpeakForTheRunningOne) {
  JobOptions options;
  options.timeout = 1s;
  options.retry_delay = 1ms;
  const JobId id = work(options);
  const auto late = call().request.port;
  advance(1100ms);
  ASSERT_EQ(provider("@work").calls.size(), 2u);
  expect_over(*late);
  call(0).done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  call(1).done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

// Whatever the layers before it let through.
TEST_F(Attempting, TheSchedulerRefusesWhatCarriesAnOldToken) {
  JobOptions options;
  options.timeout = 1s;
  options.retry_delay = 1ms;
  const JobId id = work(options);
  const JobState first = job(id).state;
  advance(1100ms);
  ASSERT_EQ(job(id).state.begun, first.begun + 1);
  const DeliveryKey old{{id, first.begun, first.run_id}, 0};
  std::vector<ChannelOutcome> late;
  late.push_back({1, old, DeliveryOutcome::sent()});
  caf::anon_send(directory_->scheduler(), outcome_atom::value, parcel(std::move(late)));
  Result<void> extended;
  ExtendCall call{old, 1h, ReplyOnce<void>{[&](Result<void> result) { extended = result; }}};
  caf::anon_send(directory_->scheduler(), extend_atom::value, parcel(std::move(call)));
  run();
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  EXPECT_FALSE(extended);
}

TEST_F(Attempting, AfterACancelOrAStopEverythingIsRefused) {
  const JobId id = work();
  const auto cancelled = call().request.port;
  ASSERT_TRUE(act(id, JobAction::kCancel));
  run();
  expect_over(*cancelled);
  const JobId stopped = work();
  const auto handed_back = call(1).request.port;
  shut_down();
  EXPECT_EQ(handed_back->log("late").error().code, Errc::kConflict);
  EXPECT_EQ(status(stopped), JobStatus::kPending);
}

TEST_F(Attempting, ASnoozedJobRunsAgainAtItsTimeAndKeepsItsRetries) {
  JobOptions options;
  options.max_retries = 0;
  const JobId id = work(options);
  for (std::size_t i = 0; i < 3; ++i) {
    call(i).done(DeliveryOutcome::snoozed(clock_->now() + 2s));
    run();
    EXPECT_EQ(status(id), JobStatus::kRetrying);
    EXPECT_EQ(job(id).state.attempts, 0u);
    advance(1990ms);
    EXPECT_EQ(provider("@work").calls.size(), i + 1);
    advance(20ms);
    ASSERT_EQ(provider("@work").calls.size(), i + 2);
  }
  call(3).done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Attempting, ADiscardedJobEndsCancelledWithItsNoteAndIsNotRetried) {
  const JobId id = work();
  call().done(DeliveryOutcome::discarded("the account someone@example.com is gone"));
  advance(10s, 100ms);
  EXPECT_EQ(status(id), JobStatus::kCancelled);
  EXPECT_EQ(provider("@work").calls.size(), 1u);
  EXPECT_NE(job(id).state.error.find("is gone"), std::string::npos);
  EXPECT_EQ(job(id).state.error.find("someone@"), std::string::npos);
  EXPECT_EQ(job(id).state.history.back().message, "Discarded by its handler");
}

TEST_F(Attempting, ChildrenAreStoredWithTheCompletionAndRun) {
  const JobId id = work();
  const JobId first = *port().enqueue(child());
  const JobId second = *port().enqueue(child());
  advance(1s);
  EXPECT_EQ(store_->get_job(first).error().code, Errc::kNotFound);
  call().done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(status(first), JobStatus::kCompleted);
  EXPECT_EQ(status(second), JobStatus::kCompleted);
}

TEST_F(Attempting, ChildrenOfAnAttemptThatDoesNotCompleteAreNeverMade) {
  JobOptions options;
  options.retry_delay = 1ms;
  work(options);
  ASSERT_TRUE(port().enqueue(child()));
  call(0).done(DeliveryOutcome::transient("no"));
  advance(20ms);
  ASSERT_TRUE(port(1).enqueue(child()));
  call(1).done(DeliveryOutcome::snoozed(1ms));
  advance(20ms);
  ASSERT_TRUE(port(2).enqueue(child()));
  call(2).done(DeliveryOutcome::discarded("enough"));
  advance(20ms);
  EXPECT_TRUE(provider("@child").calls.empty());
  EXPECT_EQ(store_->list_jobs({})->total, 1u);
}

TEST_F(Attempting, AChildWhoseKeyIsHeldIsLeftOut) {
  provider("@child").answer = nullptr;
  work();
  work();
  const JobId first = *port(0).enqueue(child("only-one"));
  const JobId second = *port(1).enqueue(child("only-one"));
  call(0).done(DeliveryOutcome::sent());
  call(1).done(DeliveryOutcome::sent());
  run();
  EXPECT_TRUE(store_->get_job(first));
  EXPECT_EQ(store_->get_job(second).error().code, Errc::kNotFound);
  EXPECT_EQ(provider("@child").calls.size(), 1u);
}

TEST_F(Attempting, TooManyChildrenAreRefused) {
  work();
  for (std::size_t i = 0; i < JobContext::kMaxChildren; ++i) ASSERT_TRUE(port().enqueue(child()));
  EXPECT_EQ(port().enqueue(child()).error().code, Errc::kTooLarge);
}

TEST_F(Attempting, ChildrenAndReportsSurviveARestartOfTheScheduler) {
  const JobId id = work();
  const JobId made = *port().enqueue(child());
  caf::anon_send_exit(directory_->scheduler(), caf::exit_reason::unknown);
  run();
  ASSERT_TRUE(port().log("still here"));
  advance(300ms);
  ASSERT_TRUE(extend(port(), 1h));
  call().done(DeliveryOutcome::sent());
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(status(made), JobStatus::kCompleted);
  EXPECT_EQ(job(id).state.log.size(), 1u);
}

TEST_F(Attempting, ANextAttemptBeginsWithoutProgress) {
  JobOptions options;
  options.retry_delay = 1ms;
  const JobId id = work(options);
  ASSERT_TRUE(port().report({0.9, 0, 0, "nearly", {}}));
  call().done(DeliveryOutcome::transient("no"));
  advance(20ms);
  ASSERT_EQ(status(id), JobStatus::kProcessing);
  EXPECT_FALSE(job(id).state.progress);
}

struct LowOnSpace : Attempting {
  std::shared_ptr<FaultyStore> faulty = std::make_shared<FaultyStore>(make_memory_store());
  void SetUp() override {
    store_ = faulty;
    Attempting::SetUp();
  }
};

TEST_F(LowOnSpace, ChildrenWaitForTheCompletionThatCannotBeWrittenYet) {
  const JobId id = work();
  const JobId made = *port().enqueue(child());
  faulty->fail_with = Errc::kDiskFull;
  call().done(DeliveryOutcome::sent());
  run();
  EXPECT_FALSE(store_->get_job(made));
  faulty->fail_with.reset();
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(status(made), JobStatus::kCompleted);
}

struct Retaining : EngineTest {
  void end_jobs(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) enqueue();
  }
};

TEST_F(Retaining, KeepsTheNewestOfEachStatusUpToItsCount) {
  retention_.completed.max_count = 5;
  retention_.interval = 1s;
  channel("email");
  launch();
  std::vector<JobId> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(enqueue());
    advance(1ms, 1ms);
  }
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::permanent("no"); };
  for (int i = 0; i < 7; ++i) enqueue();
  advance(3s, 100ms);
  EXPECT_EQ(store_->job_stats()->completed, 5u);
  EXPECT_EQ(store_->job_stats()->failed, 7u);
  EXPECT_FALSE(store_->get_job(ids[14]));
  EXPECT_TRUE(store_->get_job(ids[15]));
}

TEST_F(Retaining, KeepsNoMoreThanItsBytes) {
  retention_.completed.max_bytes = 50'000;
  retention_.interval = 1s;
  channel("email");
  launch();
  end_jobs(500);
  ASSERT_GT(store_->finished_size(JobStatus::kCompleted)->bytes, 50'000u);
  advance(5s, 100ms);
  EXPECT_LE(store_->finished_size(JobStatus::kCompleted)->bytes, 50'000u);
  EXPECT_GT(store_->finished_size(JobStatus::kCompleted)->bytes, 5'000u);
}

TEST_F(Retaining, DeletesByAgeOfItsStatus) {
  retention_.completed.max_age = 1h;
  channel("email");
  launch();
  const JobId done = enqueue();
  provider("email").answer = [](std::size_t) { return DeliveryOutcome::permanent("no"); };
  const JobId failed = enqueue();
  advance(59min, 10s);
  EXPECT_TRUE(store_->get_job(done));
  advance(3min, 10s);
  EXPECT_FALSE(store_->get_job(done));
  EXPECT_TRUE(store_->get_job(failed));
}

TEST_F(Retaining, DeletesMessagesByCount) {
  retention_.inbox.max_count = 3;
  retention_.interval = 1s;
  channel("email");
  launch();
  StoreBatch batch;
  for (int i = 0; i < 10; ++i) {
    InboxMessage message;
    message.id = ids_.next();
    message.user_id = i % 2 == 0 ? "ann" : "bob";
    message.created_at = clock_->now() + Duration{i};
    batch.inbox.push_back(message);
  }
  ASSERT_TRUE(store_->commit(batch, Durability::kNone));
  advance(2s, 100ms);
  EXPECT_EQ(store_->inbox_size()->count, 3u);
  EXPECT_EQ(store_->inbox("bob", 10, {}, false)->messages.size(), 2u);
  EXPECT_EQ(store_->inbox("bob", 10, {}, false)->unread, 2u);
}

}  // namespace
}  // namespace townkrier::test
