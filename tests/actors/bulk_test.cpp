// Actions on many jobs, over an engine of the test's.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "actors/bulk_operations.hpp"
#include "tests/support/fake_clock.hpp"

namespace townkrier::test {
namespace {

JobId id_of(int number) {
  JobId id;
  id.bytes[0] = 1;
  id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

Job job_of(int number) {
  auto envelope = std::make_shared<JobEnvelope>();
  envelope->id = id_of(number);
  Job job;
  job.envelope = std::move(envelope);
  return job;
}

class BulkTest : public ::testing::Test {
 protected:
  // Jobs 1..jobs_, a page at a time; the cursor is the number of the last one.
  BulkOperations::Engine engine() {
    return {[this](JobFilter filter, Reply<JobPage> reply) {
              filters_.push_back(filter);
              JobPage page;
              int next = filter.cursor ? std::stoi(*filter.cursor) + 1 : 1;
              for (; next <= jobs_ && page.jobs.size() < filter.limit; ++next) {
                page.jobs.push_back(job_of(next));
              }
              if (next <= jobs_) page.next = std::to_string(next - 1);
              reply(std::move(page));
            },
            [this](const JobId& id, JobAction, Reply<Job> reply) {
              acted_.push_back(id);
              if (held_) return held_(id, std::move(reply));
              reply(answer_ ? Result<Job>(std::unexpected(*answer_)) : Result<Job>(Job{}));
            }};
  }
  Operation start(BulkRequest request) {
    auto begun = operations_.start(std::move(request), 0, engine());
    EXPECT_TRUE(begun) << begun.error().message;
    return begun ? *begun : Operation{};
  }
  Operation state(const Operation& operation) { return *operations_.get(operation.id); }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  BulkOperations operations_{clock_};
  int jobs_ = 0;
  std::optional<Error> answer_;
  std::function<void(const JobId&, Reply<Job>)> held_;
  std::vector<JobId> acted_;
  std::vector<JobFilter> filters_;
};

TEST_F(BulkTest, ActsOnEveryJobOfAFilterOnce) {
  jobs_ = 2341;
  const Operation begun = start({.filter = JobFilter{.status = JobStatus::kFailed}});
  const Operation over = state(begun);
  EXPECT_EQ(over.state, Operation::State::kCompleted);
  EXPECT_EQ(over.done, 2341u);
  EXPECT_TRUE(over.ended_at);
  EXPECT_EQ(acted_.size(), 2341u);
  EXPECT_EQ(filters_.size(), 24u);
  EXPECT_EQ(filters_[0].to, begun.started_at);  // not those that come meanwhile
}

TEST_F(BulkTest, CountsWhatDoesNotFitAsSkipped) {
  answer_ = Error{Errc::kConflict, "cannot retry a job that is processing", {}};
  const Operation over = state(start({.ids = {id_of(1), id_of(2)}}));
  EXPECT_EQ(over.skipped, 2u);
  EXPECT_EQ(over.state, Operation::State::kCompleted);
  answer_ = Error{Errc::kDiskFull, "full", {}};
  EXPECT_EQ(state(start({.ids = {id_of(1)}})).failed, 1u);
}

TEST_F(BulkTest, AsksForTheNextSliceOnlyWhenOneIsDone) {
  std::vector<Reply<Job>> replies;
  held_ = [&](const JobId&, Reply<Job> reply) { replies.push_back(std::move(reply)); };
  jobs_ = 250;
  const Operation begun = start({.filter = JobFilter{}});
  EXPECT_EQ(acted_.size(), 100u);
  for (auto& reply : std::exchange(replies, {})) reply(Job{});
  EXPECT_EQ(acted_.size(), 200u);
  EXPECT_EQ(state(begun).done, 100u);
  EXPECT_EQ(state(begun).state, Operation::State::kRunning);
}

TEST_F(BulkTest, StopsAfterTheSliceInWhichItWasCancelled) {
  std::vector<Reply<Job>> replies;
  held_ = [&](const JobId&, Reply<Job> reply) { replies.push_back(std::move(reply)); };
  jobs_ = 250;
  const Operation begun = start({.filter = JobFilter{}});
  ASSERT_TRUE(operations_.cancel(begun.id));
  for (auto& reply : std::exchange(replies, {})) reply(Job{});
  EXPECT_EQ(acted_.size(), 100u);
  EXPECT_EQ(state(begun).state, Operation::State::kCancelled);
  EXPECT_EQ(operations_.cancel(id_of(9)).error().code, Errc::kNotFound);
}

TEST_F(BulkTest, EndsWithTheEngine) {
  answer_ = Error{Errc::kUnavailable, "the engine has stopped", {}};
  jobs_ = 250;
  const Operation over = state(start({.filter = JobFilter{}}));
  EXPECT_EQ(over.state, Operation::State::kFailed);
  EXPECT_EQ(acted_.size(), 100u);
}

TEST_F(BulkTest, RunsFewAtATimeAndKeepsAHundred) {
  held_ = [](const JobId&, Reply<Job>) {};
  for (int i = 0; i < 4; ++i) start({.ids = {id_of(1)}});
  EXPECT_EQ(operations_.start({.ids = {id_of(1)}}, 1, engine()).error().code, Errc::kOverloaded);
}

TEST(BulkExpectation, HoldsWithinATenth) {
  EXPECT_TRUE(check_expected({100, true}, std::nullopt));
  EXPECT_TRUE(check_expected({110, true}, 100));
  EXPECT_TRUE(check_expected({90, true}, 100));
  EXPECT_EQ(check_expected({111, true}, 100).error().code, Errc::kConflict);
  EXPECT_EQ(check_expected({89, true}, 100).error().code, Errc::kConflict);
  EXPECT_EQ(check_expected({1, true}, 0).error().code, Errc::kConflict);
  EXPECT_TRUE(check_expected({50, false}, 100));  // at least 50
  EXPECT_FALSE(check_expected({200, false}, 100));
}

}  // namespace
}  // namespace townkrier::test
