// Channels of one notification together, in the running engine: fallbacks, strategies, decisions.

#include "tests/actors/engine_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace townkrier::test {
namespace {

struct Planned : EngineTest {
  void SetUp() override {
    for (const char* name : {"email", "push", "sms"}) channel(name);
    launch();
  }
  static Spec push_else_sms(std::optional<Duration> after = std::nullopt) {
    return {.via = {"push", "sms"}, .plan = {.fallbacks = {{"sms", "push", after}}}};
  }
  LogStatus row_status(const JobId& id, const std::string& channel) {
    for (const NotificationLog& row : rows(id)) {
      if (row.channel == channel) return row.status;
    }
    return LogStatus::kComplained;
  }
};

TEST_F(Planned, TheFallbackIsNotUsedWhenItsChannelDelivers) {
  const JobId id = enqueue(push_else_sms());
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("sms").calls.size(), 0u);
  EXPECT_EQ(row_status(id, "sms"), LogStatus::kSkipped);
  EXPECT_EQ(row_status(id, "push"), LogStatus::kSent);
  EXPECT_EQ(store_->log_stats({})->by_status.at("skipped"), 1u) << "counters follow";
}

TEST_F(Planned, TheFallbackDeliversWhenItsChannelFailed) {
  provider("push").answer = [](std::size_t) { return DeliveryOutcome::permanent("gone"); };
  const JobId id = enqueue(push_else_sms());
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(provider("push").calls.size(), 1u);
  EXPECT_EQ(provider("sms").calls.size(), 1u);
  EXPECT_EQ(row_status(id, "push"), LogStatus::kFailed);
  EXPECT_EQ(row_status(id, "sms"), LogStatus::kSent);
}

TEST_F(Planned, TheFallbackDeliversAfterItsTimeAndEndsTheRetriesOfItsChannel) {
  provider("push").answer = [](std::size_t) { return DeliveryOutcome::transient("down"); };
  Spec spec = push_else_sms(5s);
  spec.options.retry_delay = 20s;
  const JobId id = enqueue(spec);
  advance(4900ms);
  EXPECT_EQ(provider("sms").calls.size(), 0u);
  advance(200ms);
  EXPECT_EQ(provider("sms").calls.size(), 1u);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(row_status(id, "push"), LogStatus::kSkipped);
  advance(60s, 100ms);
  EXPECT_EQ(provider("push").calls.size(), 1u) << "nobody is told twice";
}

TEST_F(Planned, AFallbackWaitsOnAcrossACrash) {
  provider("push").answer = [](std::size_t) { return DeliveryOutcome::transient("down"); };
  Spec spec = push_else_sms(5s);
  spec.options.retry_delay = 20s;
  const JobId id = enqueue(spec);
  advance(1s);
  crash();
  launch();
  advance(5s);
  EXPECT_EQ(provider("sms").calls.size(), 1u);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Planned, AllOrNothingSendsNothingBehindTheChannelThatFailed) {
  provider("push").answer = [](std::size_t) { return DeliveryOutcome::permanent("gone"); };
  const JobId id = enqueue(
      {.via = {"email", "push", "sms"}, .plan = {.strategy = ChannelStrategy::kAllOrNothing}});
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kFailed);
  EXPECT_EQ(provider("email").calls.size(), 1u);
  EXPECT_EQ(provider("sms").calls.size(), 0u);
  EXPECT_EQ(row_status(id, "sms"), LogStatus::kSkipped);
  EXPECT_EQ(job(id).state.result.value()["status"], "partial");
}

TEST_F(Planned, BestEffortCompletesWithWhatCouldBeSent) {
  provider("push").answer = [](std::size_t) { return DeliveryOutcome::permanent("gone"); };
  const JobId id =
      enqueue({.via = {"email", "push"}, .plan = {.strategy = ChannelStrategy::kBestEffort}});
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(job(id).state.result.value()["results"]["push"]["status"], "failed");
}

TEST_F(Planned, QuietHoursLeaveTheJobScheduledWithItsReasonAcrossACrash) {
  const std::string why = "not sent yet: quiet hours in UTC";
  bool quiet = true;
  provider("sms").answer = [&](std::size_t) {
    return quiet ? DeliveryOutcome::deferred(30s, why) : DeliveryOutcome::sent("m");
  };
  const JobId id = enqueue({.via = {"sms"}});
  EXPECT_EQ(status(id), JobStatus::kScheduled);
  EXPECT_EQ(job(id).state.history.back().message, "Waits: " + why);
  ASSERT_EQ(rows(id).size(), 1u);
  EXPECT_EQ(rows(id)[0].status, LogStatus::kScheduled);
  EXPECT_EQ(rows(id)[0].error, why);
  const ChannelInfo info = channel_info(2);
  EXPECT_EQ(info.failed, 0u) << "a decision is no failure";
  crash();
  launch();
  advance(29s);
  EXPECT_EQ(status(id), JobStatus::kScheduled);
  quiet = false;
  advance(2s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(job(id).state.attempts, 1u);
}

struct OnDisk : EngineTest {
  testing::TempDir dir;
  void TearDown() override {
    EngineTest::TearDown();
    store_.reset();
  }
};

TEST_F(OnDisk, ACancelledJobLeavesItsCountersRight) {
  store_ = open_rocksdb_store(dir / "store").value();
  channel("push");
  channel("sms");
  provider("push").answer = [](std::size_t) { return DeliveryOutcome::transient("down"); };
  provider("sms").answer = nullptr;
  launch();
  const JobId id = enqueue({.via = {"push", "sms"}});
  ASSERT_TRUE(act(id, JobAction::kCancel));  // push waits for its retry, sms is being sent
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCancelled);
  for (const NotificationLog& row : rows(id)) EXPECT_EQ(row.status, LogStatus::kCancelled);
  EXPECT_EQ(store_->log_stats({})->by_status,
            (std::map<std::string, std::uint64_t>{{"cancelled", 2}}));
  EXPECT_TRUE(fatal_.empty());
}

struct Events : Planned {
  std::vector<std::string> told;
  void listen() {
    feed_->add([this](const std::vector<DeliveryEvent>& events) {
      for (const DeliveryEvent& event : events) {
        told.push_back(std::string(to_string(event.kind)) +
                       (event.channel.empty() ? "" : " " + event.channel));
      }
      return true;
    });
  }
};

TEST_F(Events, TellTheWayOfADelivery) {
  listen();
  provider("email").answer = [](std::size_t n) {
    return n == 1 ? DeliveryOutcome::transient("down") : DeliveryOutcome::sent("m");
  };
  enqueue();
  advance(5s);
  std::vector<std::string> durable, of_providers;
  for (const std::string& one : told) {
    (one.starts_with("provider") ? of_providers : durable).push_back(one);
  }
  EXPECT_EQ(durable,
            (std::vector<std::string>{
                "send.start", "delivery.sending email", "delivery.retrying email", "send.start",
                "delivery.sending email", "delivery.sent email", "send.complete"}));
  EXPECT_EQ(of_providers,
            (std::vector<std::string>{"provider.attempt email", "provider.failure email",
                                      "provider.attempt email", "provider.success email"}));
}

TEST_F(Events, TellWhatWasDecided) {
  listen();
  provider("sms").answer = [](std::size_t n) {
    return n == 1 ? DeliveryOutcome::deferred(1s, "quiet") : DeliveryOutcome::skipped("opted out");
  };
  enqueue({.via = {"sms"}});
  advance(3s);
  std::erase_if(told, [](const std::string& one) { return !one.starts_with("delivery"); });
  EXPECT_EQ(told, (std::vector<std::string>{"delivery.sending sms", "delivery.deferred sms",
                                            "delivery.sending sms", "delivery.skipped sms"}));
}

TEST_F(Events, AreNotMadeWhileNobodyListens) {
  enqueue();
  EXPECT_FALSE(feed_->wanted());
  listen();
  EXPECT_TRUE(told.empty()) << "nothing was kept for later";
  enqueue();
  advance(10ms);
  EXPECT_FALSE(told.empty());
}

TEST_F(Events, AListenerThatThrowsIsCalledNoMoreAndHarmsNobody) {
  int calls = 0;
  feed_->add([&](const std::vector<DeliveryEvent>&) -> bool {
    ++calls;
    throw std::runtime_error("no");
  });
  listen();
  const JobId id = enqueue();
  enqueue();
  advance(1s);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(calls, 1);
  EXPECT_GE(std::ranges::count(told, "send.complete"), 2);
}

TEST_F(Events, AListenerMayEnd) {
  int calls = 0;
  feed_->add([&](const std::vector<DeliveryEvent>&) { return ++calls < 2; });
  for (int i = 0; i < 3; ++i) enqueue();
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(feed_->wanted());
}

}  // namespace
}  // namespace townkrier::test
