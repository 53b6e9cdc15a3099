#include "channels/gated_provider.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "channels/pacing.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;
using namespace std::chrono_literals;

TEST(Pacer, GivesEveryOneItsTurn) {
  Pacer pacer(10);
  const SteadyTime now{1h};
  EXPECT_EQ(pacer.take(now, 1s), 0ns);
  EXPECT_EQ(pacer.take(now, 1s), 100ms);
  EXPECT_EQ(pacer.take(now, 1s), 200ms);
  EXPECT_EQ(pacer.take(now, 200ms), std::nullopt);
  EXPECT_EQ(pacer.wait(now), 300ms);
  EXPECT_EQ(pacer.take(now + 10s, 0s), 0ns) << "nothing is saved up";
  EXPECT_EQ(pacer.take(now + 10s, 0s), std::nullopt);
}

TEST(Pacer, LetsATenthOfASecondComeAtOnce) {
  Pacer pacer(100);
  const SteadyTime now{1h};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pacer.take(now, 0s), 0ns) << i;
  EXPECT_EQ(pacer.take(now, 0s), std::nullopt);
}

TEST(RecipientThrottle, CountsDeliveriesInAWindow) {
  RecipientThrottle throttle({.count = 2, .window = 60s});
  const SteadyTime now{1h};
  EXPECT_EQ(throttle.admit(1, 10, now), std::nullopt);
  EXPECT_EQ(throttle.admit(1, 11, now + 10s), std::nullopt);
  EXPECT_EQ(throttle.admit(1, 12, now + 20s), Duration{40s});
  EXPECT_EQ(throttle.admit(1, 10, now + 20s), std::nullopt) << "a retry counts once";
  EXPECT_EQ(throttle.admit(2, 13, now + 20s), std::nullopt) << "others are not affected";
  EXPECT_EQ(throttle.admit(1, 12, now + 60s), std::nullopt);
}

TEST(RecipientThrottle, ForgetsAddressesAfterTheirWindow) {
  RecipientThrottle throttle({.count = 1, .window = 60s});
  for (std::uint64_t i = 0; i < 1000; ++i) throttle.admit(i, i, SteadyTime{1h});
  throttle.admit(5000, 1, SteadyTime{2h});
  EXPECT_EQ(throttle.addresses(), 1U);
}

class FakeTimer final : public Timer {
 public:
  SteadyTime now() const override { return now_; }
  void call_at(SteadyTime when, Task task) override { tasks_.emplace(when, std::move(task)); }
  void advance(Duration by) {
    const SteadyTime until = now_ + by;
    while (!tasks_.empty() && tasks_.begin()->first <= until) {
      now_ = std::max(now_, tasks_.begin()->first);
      const Task task = std::move(tasks_.extract(tasks_.begin()).mapped());
      task(true);
    }
    now_ = until;
  }
  void stop() {
    for (const auto& [when, task] : std::exchange(tasks_, {})) task(false);
  }

 private:
  SteadyTime now_{1h};
  std::multimap<SteadyTime, Task> tasks_;
};

/// Keeps every delivery until the test answers it.
class SlowProvider final : public Provider {
 public:
  std::string_view name() const override { return "slow"; }
  std::string_view channel_type() const override { return "email"; }
  void send(DeliveryRequest request, DeliveryDone done) override {
    requests.push_back(std::move(request));
    open.push_back(std::move(done));
  }
  void answer(DeliveryOutcome outcome) {
    const DeliveryDone done = std::move(open.front());
    open.erase(open.begin());
    done(std::move(outcome));
  }
  std::vector<DeliveryRequest> requests;
  std::vector<DeliveryDone> open;
};

struct GateWorld {
  explicit GateWorld(Gate gate) {
    gate.timer = timer;
    gated = std::make_shared<GatedProvider>(inner, std::move(gate));
  }
  /// Open deliveries keep the gate, and the gate keeps the provider that has them.
  ~GateWorld() {
    timer->stop();
    inner->open.clear();
  }
  void send(const std::string& to = "user@example.com", std::stop_token stop = {}) {
    DeliveryRequest request;
    request.idempotency_key = "key-" + std::to_string(++sent);
    request.recipient = json::array({{{"email", to}}});
    request.timeout = 10s;
    request.stop = std::move(stop);
    gated->send(std::move(request), [this](DeliveryOutcome got) { outcomes.push_back(got); });
  }
  std::shared_ptr<FakeTimer> timer = std::make_shared<FakeTimer>();
  std::shared_ptr<SlowProvider> inner = std::make_shared<SlowProvider>();
  std::shared_ptr<GatedProvider> gated;
  std::vector<DeliveryOutcome> outcomes;
  int sent = 0;
};

TEST(GatedProvider, PassesEverythingThroughAnOpenGate) {
  GateWorld world({});
  world.send();
  world.inner->answer(DeliveryOutcome::sent("m"));
  EXPECT_EQ(world.outcomes.at(0).message_id, "m");
  EXPECT_EQ(world.gated->name(), "slow");
}

TEST(GatedProvider, HandsBackWhatIsOverTheRateOfOneAmongSeveral) {
  GateWorld world({.rate = 10});
  world.send();
  world.send();
  EXPECT_EQ(world.inner->open.size(), 1U);
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::kThrottled);
  EXPECT_EQ(world.outcomes[0].retry_after, Duration{100});
}

TEST(GatedProvider, HoldsWhatIsOverTheRateWhenThereIsNoOther) {
  GateWorld world({.rate = 10, .holds = true});
  for (int i = 0; i < 5; ++i) world.send();
  EXPECT_EQ(world.inner->open.size(), 1U);
  world.timer->advance(250ms);
  EXPECT_EQ(world.inner->open.size(), 3U);
  world.timer->advance(200ms);
  EXPECT_EQ(world.inner->open.size(), 5U);
  EXPECT_TRUE(world.outcomes.empty());
  EXPECT_EQ(world.inner->requests.back().timeout, Duration{9600}) << "waiting takes of its time";
}

TEST(GatedProvider, LeavesAProviderAloneThatAskedForIt) {
  GateWorld world({.holds = true});
  world.send();
  world.inner->answer(DeliveryOutcome::throttled(Duration{3000}, "slow down"));
  EXPECT_EQ(world.outcomes.size(), 1U);
  world.send();
  world.timer->advance(2999ms);
  EXPECT_TRUE(world.inner->open.empty());
  world.timer->advance(1ms);
  EXPECT_EQ(world.inner->open.size(), 1U);
}

TEST(GatedProvider, HandsBackWhatWouldWaitTooLong) {
  GateWorld world({.holds = true});
  world.send();
  world.inner->answer(DeliveryOutcome::throttled(Duration{60'000}, "slow down"));
  world.send();
  world.timer->advance(4999ms);
  EXPECT_EQ(world.outcomes.size(), 1U) << "it keeps its place, so that no more come";
  world.timer->advance(1ms);
  ASSERT_EQ(world.outcomes.size(), 2U);
  EXPECT_EQ(world.outcomes[1].kind, Kind::kThrottled);
  EXPECT_EQ(world.outcomes[1].retry_after, Duration{55'000});
}

TEST(GatedProvider, KeepsToItsConcurrency) {
  GateWorld world({.concurrency = 2, .holds = true});
  for (int i = 0; i < 4; ++i) world.send();
  EXPECT_EQ(world.inner->open.size(), 2U);
  world.inner->answer(DeliveryOutcome::sent());
  EXPECT_EQ(world.inner->open.size(), 2U);
  world.timer->advance(5s);
  EXPECT_EQ(world.outcomes.size(), 2U) << "the last one has waited half its time";
  EXPECT_EQ(world.outcomes[1].kind, Kind::kThrottled);
  world.inner->answer(DeliveryOutcome::sent());
  world.inner->answer(DeliveryOutcome::sent());
  EXPECT_EQ(world.outcomes.size(), 4U);
}

TEST(GatedProvider, FillsAllItsRoomAfterThePauseOfAProvider) {
  GateWorld world({.concurrency = 2, .holds = true});
  for (int i = 0; i < 4; ++i) world.send();
  world.inner->answer(DeliveryOutcome::throttled(Duration{1000}, "slow down"));
  world.inner->answer(DeliveryOutcome::sent());
  EXPECT_TRUE(world.inner->open.empty());
  world.timer->advance(1s);
  EXPECT_EQ(world.inner->open.size(), 2U);
}

TEST(GatedProvider, DoesNotSendWhatWasCancelledWhileItWaited) {
  GateWorld world({.rate = 1, .holds = true});
  std::stop_source stop;
  world.send();
  world.send("user@example.com", stop.get_token());
  stop.request_stop();
  world.timer->advance(2s);
  EXPECT_EQ(world.inner->requests.size(), 1U);
  EXPECT_EQ(world.outcomes.at(0).error_code, "cancelled");
}

TEST(GatedProvider, AnswersEveryOneWhenTheTimerStops) {
  GateWorld world({.rate = 1, .concurrency = 1, .holds = true});
  for (int i = 0; i < 3; ++i) world.send();
  world.timer->stop();
  EXPECT_EQ(world.outcomes.size(), 2U);
  for (const auto& outcome : world.outcomes) EXPECT_EQ(outcome.kind, Kind::kTransient);
}

TEST(GatedProvider, ThrottlesOneRecipientAndNoOther) {
  GateWorld world(
      {.recipients = std::make_shared<SharedThrottle>(RecipientLimit{.count = 1, .window = 60s})});
  world.send("a@example.com");
  world.send("a@example.com");
  world.send("b@example.com");
  EXPECT_EQ(world.inner->open.size(), 2U);
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::kThrottled);
  EXPECT_EQ(world.outcomes[0].retry_after, Duration{60'000});
}

TEST(GatedProvider, SendsNothingToASuppressedAddress) {
  const auto list = make_memory_suppression_list();
  ASSERT_TRUE(list->add({.channel_type = "email",
                         .address = "gone@example.com",
                         .reason = "bounced",
                         .at = parse_iso8601("2026-01-01T00:00:00.000Z").value()}));
  GateWorld world({.suppressions = list});
  world.send("Gone@example.com");
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::kPermanent);
  EXPECT_EQ(world.outcomes[0].error_code, "suppressed");
  EXPECT_EQ(world.outcomes[0].error,
            "not sent: the address is suppressed, bounced since 2026-01-01T00:00:00.000Z");
  DeliveryRequest both;
  both.recipient = json::array({{{"email", "gone@example.com"}}, {{"email", "user@example.com"}}});
  world.gated->send(std::move(both), [](DeliveryOutcome) {});
  EXPECT_EQ(world.inner->requests.at(0).recipient.value(),
            json::array({{{"email", "user@example.com"}}}));
}

class WallClock final : public Clock {
 public:
  explicit WallClock(const char* text) : now_(parse_iso8601(text).value()) {}
  TimePoint now() const override { return now_; }

 private:
  TimePoint now_;
};

Gate quiet_nights(const char* now) {
  auto policy = std::make_shared<PolicyOptions>();
  policy->quiet_hours = QuietHours{22h, 7h, {"email"}};
  return {.policy = policy, .clock = std::make_shared<WallClock>(now)};
}

TEST(GatedProvider, LetsARecipientSleep) {
  GateWorld world(quiet_nights("2026-01-10T23:00:00Z"));
  world.send();
  EXPECT_TRUE(world.inner->open.empty());
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::kDeferred);
  EXPECT_EQ(world.outcomes[0].retry_after, Duration{8h});
  EXPECT_EQ(world.outcomes[0].error,
            "not sent yet: quiet hours in UTC until 2026-01-11T07:00:00.000Z");
}

TEST(GatedProvider, SendsByDayAndWhatIsCritical) {
  GateWorld day(quiet_nights("2026-01-10T12:00:00Z"));
  day.send();
  EXPECT_EQ(day.inner->open.size(), 1U);
  GateWorld night(quiet_nights("2026-01-10T23:00:00Z"));
  DeliveryRequest urgent;
  urgent.recipient = json::array({{{"email", "user@example.com"}}});
  urgent.policy.critical = true;
  night.gated->send(std::move(urgent), [](DeliveryOutcome) {});
  EXPECT_EQ(night.inner->open.size(), 1U);
}

struct OptedOut : ::testing::Test {
  std::shared_ptr<SuppressionList> list = make_memory_suppression_list();
  void SetUp() override {
    ASSERT_TRUE(list->add({.channel_type = "email",
                           .address = "user@example.com",
                           .reason = "opted out",
                           .at = parse_iso8601("2026-01-01T00:00:00.000Z").value(),
                           .category = "offers"}));
  }
  /// What becomes of a message; nullopt: it reached the provider.
  std::optional<DeliveryOutcome> send(MessagePolicy policy) {
    GateWorld world({.suppressions = list});
    DeliveryRequest request;
    request.recipient = json::array({{{"email", "User@example.com"}}});
    request.policy = std::move(policy);
    std::optional<DeliveryOutcome> outcome;
    world.gated->send(std::move(request), [&](DeliveryOutcome o) { outcome = std::move(o); });
    return outcome;
  }
};

TEST_F(OptedOut, GetsNothingOfTheCategory) {
  const auto outcome = send({.category = "offers"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, Kind::kSkipped);
  EXPECT_EQ(outcome->error_code, "opted_out");
  EXPECT_EQ(outcome->error, "not sent: opted out of offers since 2026-01-01T00:00:00.000Z");
}

TEST_F(OptedOut, GetsEverythingElse) {
  EXPECT_FALSE(send({.category = "orders"}));
  EXPECT_FALSE(send({}));
  EXPECT_FALSE(send({.category = "offers", .critical = true})) << "critical goes before";
}

TEST_F(OptedOut, MayOptInAgain) {
  EXPECT_FALSE(list->remove("email", "user@example.com").value()) << "another entry";
  EXPECT_TRUE(list->remove("email", "user@example.com", "offers").value());
  EXPECT_FALSE(send({.category = "offers"}));
}

TEST_F(OptedOut, IsNotTheSameAsSuppressed) {
  EXPECT_FALSE(list->find("email", "user@example.com"));
  ASSERT_TRUE(list->add({.channel_type = "email",
                         .address = "user@example.com",
                         .reason = "complained",
                         .at = TimePoint{}}));
  const auto outcome = send({.category = "offers", .critical = true});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, Kind::kPermanent) << "a suppressed address gets nothing at all";
}

}  // namespace
}  // namespace townkrier
