// Idempotency keys and messages that are remembered, on the real actors in virtual time.

#include "core/remembered.hpp"
#include "engine_fixture.hpp"

namespace townkrier::test {
namespace {

class OnceTest : public EngineTest {
 protected:
  void SetUp() override { channel("email"); }

  using Answer = Result<std::vector<EnqueuedJob>>;

  void send(const IdempotencyKey& key, std::size_t jobs, Answer& answer) {
    answer = fail(Errc::kTimeout, "no answer");
    EnqueueCall call;
    for (std::size_t i = 0; i < jobs; ++i) call.jobs.push_back(make_job({}));
    call.once = key;
    call.reply = ReplyOnce<std::vector<EnqueuedJob>>{
        [&answer](Answer result) { answer = std::move(result); }};
    caf::anon_send(directory_->store(), enqueue_atom::value, parcel(std::move(call)));
  }
  Answer enqueue_once(const IdempotencyKey& key, std::size_t jobs = 1) {
    Answer answer;
    send(key, jobs, answer);
    run();
    return answer;
  }
  std::uint64_t stored() { return store_->list_jobs({}).value().total; }

  const IdempotencyKey key_{"a name", "a fingerprint"};
};

TEST_F(OnceTest, ARepetitionInTheSameGroupGetsTheSameJob) {
  launch(Begin::kIdle);
  Answer first;
  Answer second;
  send(key_, 1, first);
  send(key_, 1, second);
  run();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->front().deduplicated);
  EXPECT_TRUE(second->front().deduplicated);
  EXPECT_EQ(first->front().job.id(), second->front().job.id());
  EXPECT_EQ(stored(), 1u);
}

TEST_F(OnceTest, AKeyHoldsForADayWhateverBecomesOfTheJob) {
  launch();
  const JobId id = enqueue_once(key_)->front().job.id();
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  advance(23h, 1h);
  const auto again = enqueue_once(key_);
  EXPECT_EQ(again->front().job.id(), id);
  EXPECT_EQ(again->front().job.status(), JobStatus::kCompleted);
  advance(2h, 1h);
  EXPECT_FALSE(store_->timed_entry(once_key(key_), TimePoint::min())) << "the janitor took it";
  EXPECT_NE(enqueue_once(key_)->front().job.id(), id);
}

TEST_F(OnceTest, ACrashForgetsNoKey) {
  launch(Begin::kIdle);
  const auto first = enqueue_once(key_, 3);
  ASSERT_TRUE(first);
  crash();
  launch(Begin::kIdle);
  const auto again = enqueue_once(key_, 3);
  ASSERT_TRUE(again);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*again)[i].job.id(), (*first)[i].job.id());
    EXPECT_TRUE((*again)[i].deduplicated);
  }
  EXPECT_EQ(stored(), 3u);
}

TEST_F(OnceTest, AnotherRequestUnderTheKeyIsRefused) {
  launch(Begin::kIdle);
  ASSERT_TRUE(enqueue_once(key_));
  const auto other = enqueue_once({key_.name, "another fingerprint"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::kInvalidArgument);
  const auto longer = enqueue_once(key_, 2);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, Errc::kConflict);
  EXPECT_EQ(stored(), 1u);
}

TEST_F(OnceTest, ADeletedJobIsNotMadeAgain) {
  launch(Begin::kIdle);
  const JobId id = enqueue_once(key_)->front().job.id();
  ASSERT_TRUE(act(id, JobAction::kDelete));
  const auto again = enqueue_once(key_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kConflict);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(OnceTest, ANoteOfAnyJobReachesOneThatRuns) {
  provider("email").answer = nullptr;
  channel("email");
  launch();
  const JobId id = enqueue();
  ASSERT_EQ(status(id), JobStatus::kProcessing);
  JobNote note{[](JobState& state, TimePoint) { state.deliveries[0].provider = "noted"; },
               JobNote::Scope::kAnyJob};
  bool answered = false;
  ActCall call{id,
               {},
               ReplyOnce<Job>{[&](Result<Job> job) { answered = job.has_value(); }},
               std::move(note)};
  caf::anon_send(directory_->scheduler(), act_atom::value, parcel(std::move(call)));
  run();
  EXPECT_TRUE(answered);
  EXPECT_EQ(job(id).state.deliveries[0].provider, "noted");
  EXPECT_EQ(status(id), JobStatus::kProcessing);
  provider("email").calls.front().done(DeliveryOutcome::sent("m"));
  run();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

}  // namespace
}  // namespace townkrier::test
