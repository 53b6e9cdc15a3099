#include "townkrier/storage_manager.hpp"

#include <atomic>

#include <gtest/gtest.h>

namespace townkrier {
namespace {

class FakeClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint{Duration{now_ms.load()}}; }
  std::atomic<std::int64_t> now_ms{1'700'000'000'000};
};

class StorageManagerTest : public ::testing::Test {
 protected:
  NotificationLog row(ContentPrivacy privacy) const {
    NotificationLog log;
    log.notification_id = "welcome-1";
    log.channel = "email";
    log.recipient = "someone@example.com";
    log.status = LogStatus::kSent;
    log.subject = "Welcome to the place where we live";
    log.content = "The secret content of this message is long enough to be cut";
    log.error = "mailbox someone@example.com is full";
    log.content_privacy = privacy;
    log.retry_logs = {
        {.attempt = 1, .status = LogStatus::kFailed, .error = "no someone@example.com"}};
    return log;
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  StorageManager manager{InMemoryStorageAdapter(), clock};
};

TEST_F(StorageManagerTest, SetsIdAndTimes) {
  const auto stored = manager.log_notification(row(ContentPrivacy::kPublic));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_FALSE(stored->id.is_nil());
  EXPECT_EQ(stored->created_at, clock->now());
  EXPECT_EQ(stored->updated_at, clock->now());
  EXPECT_EQ(manager.get_log(stored->id), *stored);
}

TEST_F(StorageManagerTest, KeepsAPublicRowAsItIs) {
  const auto stored = manager.log_notification(row(ContentPrivacy::kPublic));
  EXPECT_EQ(stored->recipient, "someone@example.com");
  EXPECT_EQ(stored->subject, row(ContentPrivacy::kPublic).subject);
  EXPECT_EQ(stored->error, row(ContentPrivacy::kPublic).error);
}

TEST_F(StorageManagerTest, MasksBeforeItWrites) {
  const auto written = manager.log_notification(row(ContentPrivacy::kMasked));
  const auto stored = manager.get_log(written->id);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->recipient, "s***@example.com");
  EXPECT_LT(stored->content->size(), 32u);
  EXPECT_EQ(stored->error.find("someone@"), std::string::npos);
  EXPECT_EQ(stored->retry_logs[0].error.find("someone@"), std::string::npos);
}

TEST_F(StorageManagerTest, KeepsNoContentOfAPrivateRow) {
  const auto stored = manager.log_notification(row(ContentPrivacy::kPrivate));
  EXPECT_EQ(stored->subject, std::nullopt);
  EXPECT_EQ(stored->content, std::nullopt);
  EXPECT_EQ(stored->recipient, "s***@example.com");
}

TEST_F(StorageManagerTest, MasksWhatAnUpdateChanges) {
  const auto first = manager.log_notification(row(ContentPrivacy::kMasked));
  clock->now_ms += 5;
  LogUpdate update;
  update.status = LogStatus::kFailed;
  update.recipient = "another@example.com";
  update.error = "mailbox another@example.com is full";
  update.attempts = 2;
  const auto updated = manager.update_log(first->id, update);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->recipient, "a***@example.com");
  EXPECT_EQ(updated->error.find("another@"), std::string::npos);
  EXPECT_EQ(updated->attempts, 2u);
  EXPECT_EQ(updated->subject, first->subject);
  EXPECT_EQ(updated->updated_at, clock->now());
  EXPECT_EQ(updated->created_at, first->created_at);
  EXPECT_EQ(manager.get_log(first->id), *updated);
  EXPECT_EQ(manager.get_stats()->failed, 1u);
  EXPECT_EQ(manager.get_stats()->sent, 0u);
}

TEST_F(StorageManagerTest, AnUpdateOfAnUnknownRowIsNotFound) {
  Uuid id;
  id.bytes.fill(1);
  const auto updated = manager.update_log(id, {});
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, Errc::kNotFound);
}

TEST_F(StorageManagerTest, RefusesTheSameIdTwice) {
  const auto first = manager.log_notification(row(ContentPrivacy::kMasked));
  NotificationLog again = row(ContentPrivacy::kMasked);
  again.id = first->id;
  EXPECT_EQ(manager.log_notification(again).error().code, Errc::kConflict);
}

TEST_F(StorageManagerTest, CleansUpInSlices) {
  for (int i = 0; i < 2500; ++i) {
    NotificationLog log = row(ContentPrivacy::kPublic);
    log.created_at = clock->now() - std::chrono::days(i % 2 == 0 ? 40 : 1);
    ASSERT_TRUE(manager.log_notification(log));
  }
  EXPECT_EQ(manager.cleanup(clock->now() - std::chrono::days(30)), 1250u);
  EXPECT_EQ(manager.get_stats()->total, 1250u);
}

TEST_F(StorageManagerTest, AsynchronousCallsOutliveTheManager) {
  auto store = manager.adapter();
  std::future<Result<NotificationLog>> logged;
  {
    StorageManager temporary(store, clock);
    logged = temporary.log_notification_async(row(ContentPrivacy::kMasked));
  }
  ASSERT_TRUE(logged.get());
  EXPECT_EQ(manager.query_logs_async({}).get()->total, 1u);
  EXPECT_EQ(manager.get_stats_async().get()->sent, 1u);
  EXPECT_EQ(manager.cleanup_async(clock->now() + Duration{1}).get(), 1u);
}

}  // namespace
}  // namespace townkrier
