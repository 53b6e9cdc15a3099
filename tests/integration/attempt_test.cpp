// What handlers do with their attempts, on real threads: progress, log, extension, snooze, discard,
// children; and what becomes of handlers that do not stop.

#include <townkrier/townkrier.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <semaphore>

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

/// A gate for threads that ignore everything else.
class Gate {
 public:
  void wait() { opened_.wait(); }
  void open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_{open_.get_future()};
};

std::vector<ChannelInfo> channels_of(QueueManager& queue) {
  std::promise<std::vector<ChannelInfo>> told;
  (*queue.backend())->channels([&](Result<std::vector<ChannelInfo>> infos) {
    told.set_value(infos.value_or(std::vector<ChannelInfo>{}));
  });
  return told.get_future().get();
}

HealthReport health_of(QueueManager& queue) {
  std::promise<HealthReport> told;
  (*queue.backend())->health([&](Result<HealthReport> report) {
    told.set_value(report.value_or(HealthReport{}));
  });
  return told.get_future().get();
}

TEST(Attempt, AHandlerReportsLogsExtendsAndEnqueues) {
  QueueManager queue{InMemoryQueueAdapter()};
  std::atomic<int> children{0};
  ASSERT_TRUE(queue.register_handler("child", [&](JobContext&) -> Result<JsonText> {
    ++children;
    return JsonText{};
  }));
  JobId child;
  ASSERT_TRUE(queue.register_handler("parent", [&](JobContext& job) -> Result<JsonText> {
    EXPECT_TRUE(job.progress(1, 2, "half"));
    EXPECT_TRUE(job.log("opened"));
    EXPECT_TRUE(job.extend_timeout(Duration{60'000}));
    EXPECT_EQ(job.enqueue("no-such-kind", JsonText{}).error().code, Errc::kUnknownKind);
    child = job.enqueue("child", JsonText{}).value();
    return JsonText{nlohmann::json{{"ok", true}}};
  }));
  ASSERT_TRUE(queue.start_processing());
  const auto job = queue.enqueue("parent", JsonText{});
  ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kCompleted));
  ASSERT_TRUE(reaches(queue, child, JobStatus::kCompleted));
  const JobState state = queue.get_job(job->id())->state;
  ASSERT_TRUE(state.progress);
  EXPECT_EQ(state.progress->fraction, 0.5);
  ASSERT_EQ(state.log.size(), 1u);
  EXPECT_EQ(state.log[0].text, "opened");
  EXPECT_EQ(children, 1);
}

TEST(Attempt, SnoozeAndDiscardAreWhatTheHandlerReturns) {
  QueueManager queue{InMemoryQueueAdapter()};
  std::atomic<int> runs{0};
  ASSERT_TRUE(queue.register_handler("later", [&](JobContext& job) -> Result<JsonText> {
    if (++runs == 1) return job.snooze(Duration{20});
    return job.discard("nothing to do");
  }));
  ASSERT_TRUE(queue.start_processing());
  const auto job = queue.enqueue("later", JsonText{});
  ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kCancelled));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(queue.get_job(job->id())->state.error, "nothing to do");
}

TEST(Attempt, WrongValuesAreErrorsThatNameThem) {
  QueueManager queue{InMemoryQueueAdapter()};
  const auto names = [](const auto& result, const char* name) {
    EXPECT_FALSE(result);
    if (!result) {
      EXPECT_EQ(result.error().code, Errc::kInvalidArgument);
      EXPECT_NE(result.error().message.find(name), std::string::npos) << result.error().message;
    }
  };
  ASSERT_TRUE(queue.register_handler("wrong", [&](JobContext& job) -> Result<JsonText> {
    names(job.progress(-0.1), "fraction");
    names(job.progress(1.1), "fraction");
    names(job.progress(std::numeric_limits<double>::quiet_NaN()), "fraction");
    names(job.progress(1, 0), "total");
    names(job.progress(3, 2), "done");
    names(job.extend_timeout(Duration{0}), "from_now");
    names(job.extend_timeout(Duration{-1}), "from_now");
    names(job.extend_timeout(Duration::max()), "from_now");
    names(job.snooze(Duration{-1}), "wait");
    names(job.snooze(Duration::max()), "wait");
    names(job.snooze_until(TimePoint::min()), "time");
    names(job.snooze_until(TimePoint::max()), "time");
    return JsonText{};
  }));
  ASSERT_TRUE(queue.start_processing());
  const auto job = queue.enqueue("wrong", JsonText{});
  EXPECT_TRUE(reaches(queue, job->id(), JobStatus::kCompleted));
}

struct Stuck : ::testing::Test {
  Gate gate;
  std::atomic<int> runs{0};

  static QueueAdapter adapter() {
    QueueOptions options;
    options.timeout = Duration{50};
    options.max_retries = 0;
    options.drain_timeout = Duration{0};
    return InMemoryQueueAdapter(options);
  }
  static QueueManagerConfig quiet() {
    QueueManagerConfig config;
    config.log = [](LogLevel, std::string_view) {};
    return config;
  }
  /// The first attempt never looks at its stop token.
  void handle(QueueManager& queue, HandlerOptions options) {
    ASSERT_TRUE(queue.register_handler(
        "stubborn",
        [this](JobContext&) -> Result<JsonText> {
          if (++runs == 1) gate.wait();
          return JsonText{};
        },
        options));
    ASSERT_TRUE(queue.start_processing());
  }
};

TEST_F(Stuck, AHandlerThatNeverReturnsIsReportedAndReplaced) {
  QueueManager queue{adapter(), nullptr, quiet()};
  handle(queue, {.concurrency = 1, .stop_grace = Duration{50}});
  const auto stuck = queue.enqueue("stubborn", JsonText{});
  ASSERT_TRUE(reaches(queue, stuck->id(), JobStatus::kFailed));
  const auto next = queue.enqueue("stubborn", JsonText{});
  EXPECT_TRUE(reaches(queue, next->id(), JobStatus::kCompleted)) << "its place was not taken";
  const auto info = channels_of(queue);
  ASSERT_EQ(info.size(), 1u);
  EXPECT_EQ(info[0].stuck, 1u);
  const HealthReport sick = health_of(queue);
  EXPECT_EQ(sick.status, HealthReport::Status::kDegraded);
  EXPECT_NE(sick.checks.at("handlers").find("@stubborn"), std::string::npos);
  gate.open();
  EXPECT_TRUE(eventually([&] { return channels_of(queue)[0].stuck == 0; }));
  EXPECT_EQ(channels_of(queue)[0].stuck_total, 1u);
  EXPECT_EQ(queue.get_job(stuck->id())->status(), JobStatus::kFailed) << "a late result counted";
  EXPECT_EQ(health_of(queue).checks.at("handlers"), "ok");
}

TEST_F(Stuck, BeyondTheBoundAStuckHandlerKeepsItsPlace) {
  QueueManager queue{adapter(), nullptr, quiet()};
  handle(queue, {.concurrency = 1, .stop_grace = Duration{50}, .max_replaced = 0});
  const auto stuck = queue.enqueue("stubborn", JsonText{});
  ASSERT_TRUE(reaches(queue, stuck->id(), JobStatus::kFailed));
  ASSERT_TRUE(eventually([&] { return channels_of(queue)[0].stuck == 1; }));
  const auto next = queue.enqueue("stubborn", JsonText{});
  EXPECT_EQ(queue.get_job(next->id())->status(), JobStatus::kPending);
  EXPECT_EQ(runs, 1);
  gate.open();
  EXPECT_TRUE(reaches(queue, next->id(), JobStatus::kCompleted));
  EXPECT_EQ(channels_of(queue)[0].stuck, 0u);
}

TEST_F(Stuck, ACancelledJobEndsAlthoughItsHandlerDoesNot) {
  QueueManager queue{adapter(), nullptr, quiet()};
  handle(queue, {.concurrency = 1, .stop_grace = Duration{50}});
  JobOptions options;
  options.timeout = Duration{60'000};
  const auto job = queue.enqueue("stubborn", JsonText{}, options);
  ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kProcessing));
  ASSERT_TRUE(eventually([&] { return runs == 1; }));
  ASSERT_TRUE(queue.cancel_job(job->id()));
  EXPECT_TRUE(reaches(queue, job->id(), JobStatus::kCancelled));
  gate.open();
}

TEST_F(Stuck, AnEngineEndsAlthoughAHandlerNeverReturns) {
  const auto begin = std::chrono::steady_clock::now();
  {
    QueueManager queue{adapter(), nullptr, quiet()};
    handle(queue, {.concurrency = 1, .stop_grace = Duration{50}});
    const auto job = queue.enqueue("stubborn", JsonText{});
    ASSERT_TRUE(reaches(queue, job->id(), JobStatus::kFailed));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  gate.open();
}

TEST(HandlerOptionsTest, OutOfRangeIsRefusedByName) {
  QueueManager queue{InMemoryQueueAdapter()};
  const JobHandler handler = [](JobContext&) -> Result<JsonText> { return JsonText{}; };
  const auto refused = [&](HandlerOptions options, const char* name) {
    const auto result = queue.register_handler("kind", handler, options);
    ASSERT_FALSE(result) << name;
    EXPECT_NE(result.error().message.find(name), std::string::npos);
  };
  refused({.concurrency = 0}, "concurrency");
  refused({.concurrency = -1}, "concurrency");
  refused({.concurrency = 1025}, "concurrency");
  refused({.stop_grace = Duration{-1}}, "stop_grace");
  refused({.stop_grace = Duration::max()}, "stop_grace");
  refused({.max_replaced = -1}, "max_replaced");
  refused({.max_replaced = 1025}, "max_replaced");
}

}  // namespace
}  // namespace townkrier
