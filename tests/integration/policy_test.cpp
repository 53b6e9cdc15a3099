// What recipients want, under the real engine and a real store, across a restart: opt-outs, quiet
// hours, digests; and hooks.

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"
#include "support/temp_dir.hpp"
#include "townkrier/testing.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class Offer : public Notification {
 public:
  explicit Offer(MessagePolicy policy = {}) : policy_(std::move(policy)) {}
  std::optional<SmsContent> to_sms() const override { return SmsContent{.text = "An offer"}; }
  MessagePolicy policy() const override { return policy_; }

 private:
  MessagePolicy policy_;
};

Recipient somebody() {
  return Recipient{}.sms("+2348012345678");
}

/// An engine with one channel "sms" on a store in a folder; a second one on the same folder is a
/// restart.
class World {
 public:
  World(const std::string& folder, std::shared_ptr<VirtualClock> clock)
      : suppressions_(open_suppression_file(folder + "/suppressions").value()),
        notifications_(config(suppressions_, clock)) {
    ChannelConfig channel;
    channel.name = "sms";
    notifications_.register_channel(std::move(channel), {sms_});
    QueueOptions options;
    options.poll_interval = 10ms;
    QueueManagerConfig parts;
    parts.clock = clock;
    queue_.emplace(QueueAdapter{open_rocksdb_store(folder + "/store").value(), options, {}, {}},
                   notifications_, parts);
  }
  QueueManager& queue() { return *queue_; }
  FakeChannel& sms() { return *sms_; }
  SuppressionList& suppressions() { return *suppressions_; }
  bool becomes(const JobId& id, JobStatus status) {
    return eventually([&] { return queue_->get_job(id).value().status() == status; });
  }

 private:
  static NotificationManagerConfig config(std::shared_ptr<SuppressionList> list,
                                          std::shared_ptr<Clock> clock) {
    PolicyOptions policy;
    policy.time_zone = "Africa/Lagos";  // one hour before UTC
    policy.quiet_hours = QuietHours{22h, 7h};
    return {.suppressions = std::move(list), .policy = policy, .clock = std::move(clock)};
  }
  std::shared_ptr<FakeChannel> sms_ = std::make_shared<FakeChannel>("sms");
  std::shared_ptr<SuppressionList> suppressions_;
  NotificationManager notifications_;
  std::optional<QueueManager> queue_;
};

std::shared_ptr<VirtualClock> clock_at(const char* text) {
  return std::make_shared<VirtualClock>(parse_iso8601(text).value());
}

NotificationLog only_row(QueueManager& queue, const JobId& id) {
  std::promise<LogPage> rows;
  LogFilter filter;
  filter.job_id = id;
  queue.backend().value()->query_logs(
      filter, [&](Result<LogPage> page) { rows.set_value(std::move(page).value()); });
  auto page = rows.get_future().get();
  EXPECT_EQ(page.logs.size(), 1U);
  return page.logs.empty() ? NotificationLog{} : page.logs.front();
}

TEST(Policy, QuietHoursHoldAJobAcrossARestartAndSayWhy) {
  const TempDir folder;
  const auto clock = clock_at("2026-01-10T22:30:00Z");
  JobId id;
  {
    World world(folder.path(), clock);
    ASSERT_TRUE(world.queue().start_processing());
    id = world.queue().enqueue(Offer(), somebody()).value().id();
    ASSERT_TRUE(world.becomes(id, JobStatus::kScheduled));
    const std::string why =
        "not sent yet: quiet hours in Africa/Lagos until 2026-01-11T06:00:00.000Z";
    const Job job = world.queue().get_job(id).value();
    EXPECT_EQ(job.state.history.back().message, "Waits: " + why);
    EXPECT_EQ(job.state.deliveries[0].error, why);
    EXPECT_EQ(to_iso8601(job.state.due_at), "2026-01-11T06:00:00.000Z");
    EXPECT_EQ(only_row(world.queue(), id).error, why);
    EXPECT_EQ(only_row(world.queue(), id).status, LogStatus::kScheduled);
  }
  World world(folder.path(), clock);
  ASSERT_TRUE(world.queue().start_processing());
  EXPECT_EQ(world.queue().get_job(id).value().status(), JobStatus::kScheduled);
  EXPECT_TRUE(world.sms().tries().empty());
  clock->set(parse_iso8601("2026-01-11T06:00:00Z").value());
  EXPECT_TRUE(world.becomes(id, JobStatus::kCompleted));
  EXPECT_EQ(world.sms().sent().size(), 1U);
}

TEST(Policy, CriticalIsSentAtNight) {
  const TempDir folder;
  World world(folder.path(), clock_at("2026-01-10T22:30:00Z"));
  ASSERT_TRUE(world.queue().start_processing());
  const auto job = world.queue().enqueue(Offer({.critical = true}), somebody());
  EXPECT_TRUE(world.becomes(job.value().id(), JobStatus::kCompleted));
}

TEST(Policy, AnOptOutIsKeptAndRecordedAsTheReason) {
  const TempDir folder;
  const auto clock = clock_at("2026-01-10T12:00:00Z");
  {
    World world(folder.path(), clock);
    ASSERT_TRUE(world.suppressions().add({.channel_type = "sms",
                                          .address = "+2348012345678",
                                          .reason = "opted out",
                                          .at = clock->now(),
                                          .category = "offers"}));
  }
  World world(folder.path(), clock);
  ASSERT_TRUE(world.queue().start_processing());
  const auto offer = world.queue().enqueue(Offer({.category = "offers"}), somebody()).value();
  const auto order = world.queue().enqueue(Offer({.category = "orders"}), somebody()).value();
  EXPECT_TRUE(world.becomes(offer.id(), JobStatus::kCompleted));
  EXPECT_TRUE(world.becomes(order.id(), JobStatus::kCompleted));
  EXPECT_EQ(world.sms().sent().size(), 1U);
  const NotificationLog row = only_row(world.queue(), offer.id());
  EXPECT_EQ(row.status, LogStatus::kSkipped);
  EXPECT_EQ(row.error, "not sent: opted out of offers since 2026-01-10T12:00:00.000Z");
  EXPECT_EQ(
      world.queue().get_job(offer.id()).value().state.result.value()["results"]["sms"]["status"],
      "skipped");
}

TEST(Policy, ADigestIsOneMessageAcrossARestart) {
  const TempDir folder;
  const auto clock = clock_at("2026-01-10T12:03:00Z");
  const Offer comment({.digest = DigestOptions{"42/comments", 10min}});
  JobId id;
  {
    World world(folder.path(), clock);
    ASSERT_TRUE(world.queue().start_processing());
    id = world.queue().enqueue(comment, somebody()).value().id();
    EXPECT_EQ(world.queue().get_job(id).value().status(), JobStatus::kScheduled);
  }
  World world(folder.path(), clock);
  ASSERT_TRUE(world.queue().start_processing());
  clock->set(parse_iso8601("2026-01-10T12:07:00Z").value());
  EXPECT_EQ(world.queue().enqueue(comment, somebody()).value().id(), id) << "joins the first";
  EXPECT_TRUE(eventually([&] {
    return world.queue().get_job(id).value().state.history.back().message ==
           "Joined by 1 more of its digest, which are not sent alone";
  })) << "and the first one says so";
  clock->set(parse_iso8601("2026-01-10T12:10:00Z").value());
  EXPECT_TRUE(world.becomes(id, JobStatus::kCompleted));
  EXPECT_EQ(world.sms().sent().size(), 1U);
  const auto next = world.queue().enqueue(comment, somebody()).value();
  EXPECT_NE(next.id(), id) << "a new window";
  const auto urgent = world.queue().enqueue(
      Offer({.critical = true, .digest = DigestOptions{"42/comments", 10min}}), somebody());
  EXPECT_TRUE(world.becomes(urgent.value().id(), JobStatus::kCompleted)) << "goes alone, at once";
}

TEST(Policy, ADigestRefusesATimeAndAKeyOfItsOwn) {
  const TempDir folder;
  World world(folder.path(), clock_at("2026-01-10T12:00:00Z"));
  const Offer comment({.digest = DigestOptions{"42/comments", 10min}});
  const auto keyed = world.queue().enqueue(comment, somebody(), {.unique_key = "k"});
  ASSERT_FALSE(keyed);
  EXPECT_EQ(keyed.error().fields[0].pointer, "/options/uniqueKey");
  EXPECT_FALSE(world.queue().enqueue(comment, somebody(), {.delay = Duration{1000}}));
  EXPECT_EQ(world.queue().get_stats().value().scheduled, 0U) << "nothing was stored";
}

TEST(Hooks, AreCalledOnTheWayOfADelivery) {
  const TempDir folder;
  World world(folder.path(), clock_at("2026-01-10T12:00:00Z"));
  world.sms().answer_next(DeliveryOutcome::transient("busy"));
  std::mutex mutex;
  std::multiset<std::string> called;
  std::string error;
  std::atomic<bool> complete{false};
  const auto note = [&](const char* name) {
    return [&, name](const DeliveryEvent& event) {
      const std::lock_guard lock(mutex);
      called.insert(name);
      if (!event.error.empty()) error = event.error;
    };
  };
  ASSERT_TRUE(
      world.queue().subscribe(DeliveryHooks{.on_send_start = note("start"),
                                            .on_sending = note("sending"),
                                            .on_provider_attempt = note("attempt"),
                                            .on_provider_success = note("success"),
                                            .on_provider_failure = note("failure"),
                                            .on_sent = note("sent"),
                                            .on_send_complete = [&](const DeliveryEvent& event) {
                                              complete = event.status == JobStatus::kCompleted;
                                            }}));
  ASSERT_TRUE(world.queue().start_processing());
  const auto job = world.queue().enqueue(Offer(), somebody(), {.retry_delay = Duration{1}});
  ASSERT_TRUE(job);
  // Virtual time stands still: run the retry by hand.
  ASSERT_TRUE(world.becomes(job->id(), JobStatus::kRetrying));
  ASSERT_TRUE(world.queue().run_job_now(job->id()));
  ASSERT_TRUE(eventually([&] { return complete.load(); }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(called, (std::multiset<std::string>{"attempt", "attempt", "failure", "sending",
                                                "sending", "sent", "start", "start", "success"}));
  EXPECT_EQ(error, "busy");
}

}  // namespace
}  // namespace townkrier::testing
