// The facade: blocking calls, their asynchronous twins, handlers that misbehave, the seed's
// promises.

#include <townkrier/townkrier.hpp>

#include <atomic>
#include <future>
#include <semaphore>
#include <stdexcept>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"

namespace townkrier {
namespace {

using testing::eventually;

bool reaches(QueueManager& queue, const JobId& id, JobStatus status) {
  return eventually([&] {
    const auto job = queue.get_job(id);
    return job && job->status() == status;
  });
}

Result<JsonText> succeed(JobContext&) {
  return JsonText{};
}

TEST(QueueManagerTest, RunsAHandlerAndKeepsItsResult) {
  QueueManager queue{InMemoryQueueAdapter()};
  ASSERT_TRUE(queue.register_handler("add", [](JobContext& job) -> Result<JsonText> {
    const auto numbers = job.payload();
    return nlohmann::json(numbers["a"].get<int>() + numbers["b"].get<int>());
  }));
  ASSERT_TRUE(queue.start_processing());
  const auto job = queue.enqueue("add", nlohmann::json{{"a", 2}, {"b", 3}});
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kCompleted));
  EXPECT_EQ(queue.get_job(job->id())->state.result.text(), "5");
}

TEST(QueueManagerTest, AHandlersExceptionIsAFailureAndIsRetried) {
  QueueOptions options;
  options.retry_delay = Duration{10};
  QueueManager queue{InMemoryQueueAdapter(options)};
  std::atomic<int> runs{0};
  ASSERT_TRUE(queue.register_handler("throws", [&](JobContext&) -> Result<JsonText> {
    if (++runs == 1) throw std::runtime_error("first");
    if (runs == 2) throw 7;  // not even an exception
    return JsonText{};
  }));
  ASSERT_TRUE(queue.start_processing());
  const auto job = queue.enqueue("throws", JsonText{});
  ASSERT_TRUE(job);
  EXPECT_TRUE(reaches(queue, job->id(), JobStatus::kCompleted));
  EXPECT_EQ(runs, 3);
}

TEST(QueueManagerTest, AHandlersInvalidArgumentIsNotRetried) {
  QueueManager queue{InMemoryQueueAdapter()};
  std::atomic<int> runs{0};
  ASSERT_TRUE(queue.register_handler("picky", [&](JobContext&) -> Result<JsonText> {
    ++runs;
    return fail(Errc::kInvalidArgument, "no such order");
  }));
  ASSERT_TRUE(queue.start_processing());
  const auto job = queue.enqueue("picky", JsonText{});
  ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kFailed));
  EXPECT_EQ(queue.get_job(job->id())->state.error, "no such order");
  EXPECT_EQ(runs, 1);
}

TEST(QueueManagerTest, AHandlerThatWatchesItsStopTokenEndsAtItsTimeout) {
  QueueManager queue{InMemoryQueueAdapter()};
  std::binary_semaphore stopped{0};
  ASSERT_TRUE(queue.register_handler("long", [&](JobContext& job) -> Result<JsonText> {
    std::binary_semaphore wake{0};
    const std::stop_callback on_stop{job.stop_token(), [&] { wake.release(); }};
    wake.acquire();
    stopped.release();
    return fail(Errc::kTimeout, "stopped");
  }));
  ASSERT_TRUE(queue.start_processing());
  JobOptions options;
  options.timeout = Duration{100};
  options.max_retries = 0;
  const auto job = queue.enqueue("long", JsonText{}, options);
  ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kFailed));
  EXPECT_TRUE(stopped.try_acquire_for(std::chrono::seconds{10}));
}

TEST(QueueManagerTest, EnqueueManyIsAllOrNothingAndNamesTheElement) {
  QueueManager queue{InMemoryQueueAdapter()};
  ASSERT_TRUE(queue.register_handler("work", succeed));
  std::vector<JobRequest> requests(3);
  for (auto& request : requests) request.kind = "work";
  requests[1].kind = "unknown";
  const auto refused = queue.enqueue_many(requests);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/1/kind");
  EXPECT_EQ(queue.get_stats()->pending, 0u);
  requests[1].kind = "work";
  ASSERT_TRUE(queue.enqueue_many(requests));
  EXPECT_EQ(queue.get_stats()->pending, 3u);
}

TEST(QueueManagerTest, EveryBlockingCallHasAnAsynchronousTwin) {
  QueueManager queue{InMemoryQueueAdapter()};
  ASSERT_TRUE(queue.register_handler("work", succeed));
  const auto job = queue.enqueue_async("work", JsonText{}).get();
  ASSERT_TRUE(job);
  EXPECT_TRUE(queue.get_job_async(job->id()).get());
  EXPECT_EQ(queue.get_jobs_async().get()->total, 1u);
  EXPECT_EQ(queue.get_stats_async().get()->pending, 1u);
  EXPECT_TRUE(queue.act_async(job->id(), JobAction::kCancel).get());
  EXPECT_EQ(queue.get_job(job->id())->status(), JobStatus::kCancelled);
}

TEST(QueueManagerTest, WrongOptionsAreReportedByName) {
  QueueOptions options;
  options.jitter = 2;
  QueueManager queue{InMemoryQueueAdapter(options)};
  const auto started = queue.start_processing();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::kInvalidConfig);
  EXPECT_NE(started.error().message.find("jitter"), std::string::npos);
}

TEST(QueueManagerTest, StopsAndStartsAgain) {
  QueueManager queue{InMemoryQueueAdapter()};
  ASSERT_TRUE(queue.register_handler("work", succeed));
  ASSERT_TRUE(queue.start_processing());
  queue.stop_processing();
  const auto job = queue.enqueue("work", JsonText{});
  ASSERT_TRUE(job);
  EXPECT_EQ(queue.get_job(job->id())->status(), JobStatus::kPending);
  ASSERT_TRUE(queue.start_processing());
  EXPECT_TRUE(reaches(queue, job->id(), JobStatus::kCompleted));
}

TEST(QueueManagerTest, OverloadIsRefusedAtOnce) {
  QueueOptions options;
  options.max_inflight_jobs = 10;
  QueueManager queue{InMemoryQueueAdapter(options)};
  ASSERT_TRUE(queue.register_handler("work", succeed));
  std::vector<JobRequest> many(200);
  for (auto& request : many) request.kind = "work";
  std::promise<void> entered;
  std::promise<void> release;
  auto released = release.get_future().share();
  // The first group's answer keeps the store busy while the others come.
  queue.enqueue_many_async({many[0]}, [&, released](auto) {
    entered.set_value();
    released.wait();
  });
  entered.get_future().wait();
  std::vector<std::future<Result<Job>>> pending;
  for (int i = 0; i < 20; ++i) pending.push_back(queue.enqueue_async("work", JsonText{}));
  release.set_value();
  int refused = 0;
  for (auto& one : pending) {
    const auto result = one.get();
    if (!result) {
      EXPECT_EQ(result.error().code, Errc::kOverloaded);
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(QueueManagerTest, QuestionsBeyondTheLimitAreRefused) {
  QueueOptions options;
  options.max_inflight_jobs = 10;
  QueueManager queue{InMemoryQueueAdapter(options)};
  const auto backend = *queue.backend();
  std::promise<void> release;
  auto released = release.get_future().share();
  // Answers that take their time keep the readers busy while the others come.
  for (int i = 0; i < 2; ++i) {
    backend->job_stats([released](Result<QueueStats>) { released.wait(); });
  }
  std::vector<std::future<Result<QueueStats>>> pending;
  for (int i = 0; i < 20; ++i) pending.push_back(queue.get_stats_async());
  release.set_value();
  int refused = 0;
  for (auto& one : pending) {
    const auto result = one.get();
    if (result) continue;
    EXPECT_EQ(result.error().code, Errc::kOverloaded);
    ++refused;
  }
  EXPECT_GE(refused, 10);
  EXPECT_TRUE(queue.get_stats()) << "room that was taken is given back";
}

TEST(QueueManagerTest, CallsAfterTheEndAnswerUnavailable) {
  std::shared_ptr<DashboardBackend> backend;
  {
    QueueManager queue{InMemoryQueueAdapter()};
    ASSERT_TRUE(queue.register_handler("work", succeed));
    backend = *queue.backend();
  }
  std::promise<Result<QueueStats>> answer;
  backend->job_stats([&](Result<QueueStats> stats) { answer.set_value(std::move(stats)); });
  EXPECT_EQ(answer.get_future().get().error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace townkrier
