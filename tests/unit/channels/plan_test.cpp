// Strategy, fallback and policy of a notification: how they are checked, and an immediate send.

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "townkrier/notification_manager.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Channels "push-a" (of type push), sms and email that answer as told and count.
class PlanWorld : public ::testing::Test {
 protected:
  class Answering final : public Provider {
   public:
    Answering(PlanWorld& world, std::string type) : world_(world), type_(std::move(type)) {}
    std::string_view name() const override { return type_; }
    std::string_view channel_type() const override { return type_; }
    void send(DeliveryRequest, DeliveryDone done) override {
      ++world_.calls[type_];
      done(world_.answers.contains(type_) ? world_.answers[type_] : DeliveryOutcome::sent("m"));
    }

   private:
    PlanWorld& world_;
    const std::string type_;
  };

  void SetUp() override {
    for (const auto& [name, type] : std::vector<std::pair<std::string, std::string>>{
             {"push-a", "push"}, {"sms", "sms"}, {"email", "email"}}) {
      ChannelConfig config;
      config.name = name;
      manager.register_channel(std::move(config), {std::make_shared<Answering>(*this, type)});
    }
  }

  static json payload(json members) {
    json notification{{"push", {{"title", "t"}, {"body", "b"}}},
                      {"sms", {{"text", "t"}}},
                      {"email", {{"subject", "s"}, {"text", "t"}}}};
    notification.update(members);
    return {{"notification", notification},
            {"recipient",
             {{"push", {{"deviceToken", "d"}}},
              {"sms", {{"phone", "+2348012345678"}}},
              {"email", {{"email", "user@example.com"}}}}}};
  }
  std::vector<std::string> problems(json members) {
    std::vector<std::string> out;
    const auto prepared = manager.prepare(payload(std::move(members)));
    if (prepared) return out;
    for (const auto& field : prepared.error().fields) out.push_back(field.pointer);
    return out;
  }
  SendReport send(json members) {
    auto prepared = manager.prepare(payload(std::move(members)));
    EXPECT_TRUE(prepared) << prepared.error().message;
    SendReport report;
    if (!prepared) return report;
    manager.send_async(*std::move(prepared), Duration{1000},
                       [&](SendReport got, std::vector<InboxMessage>) { report = std::move(got); });
    return report;
  }

  std::map<std::string, int> calls;
  std::map<std::string, DeliveryOutcome> answers;
  NotificationManager manager;
};

using PreparePlan = PlanWorld;

TEST_F(PreparePlan, AddsAFallbackToViaAndNamesChannelsAsConfigured) {
  const auto prepared = manager.prepare(
      payload({{"via", {"push"}},
               {"fallback", {{{"channel", "sms"}, {"insteadOf", "push"}, {"after", 60000}}}}}));
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->via, (std::vector<std::string>{"push-a", "sms"}));
  EXPECT_EQ(prepared->plan.fallbacks,
            (std::vector<ChannelFallback>{{"sms", "push-a", Duration{60'000}}}));
  EXPECT_FALSE(prepared->payload.value()["notification"].contains("fallback"));
}

TEST_F(PreparePlan, NamesEveryMistake) {
  using Pointers = std::vector<std::string>;
  EXPECT_EQ(problems({{"strategy", "any"}}), Pointers{"/notification/strategy"});
  EXPECT_EQ(
      problems({{"via", {"push"}}, {"fallback", {{{"channel", "sms"}, {"insteadOf", "email"}}}}}),
      Pointers{"/notification/fallback/0/insteadOf"});
  EXPECT_EQ(problems({{"fallback", {{{"channel", "pigeon"}, {"insteadOf", "email"}}}}}),
            Pointers{"/notification/fallback/0/channel"});
  EXPECT_EQ(problems({{"fallback",
                       {{{"channel", "sms"}, {"insteadOf", "push"}},
                        {{"channel", "push-a"}, {"insteadOf", "sms"}}}}}),
            (Pointers{"/notification/fallback/0/insteadOf", "/notification/fallback/1/insteadOf"}))
      << "a circle, whatever its channels are called";
  EXPECT_EQ(
      problems({{"strategy", "all-or-nothing"},
                {"fallback", {{{"channel", "sms"}, {"insteadOf", "push"}, {"after", 60000}}}}}),
      Pointers{"/notification/fallback/0/after"});
  EXPECT_EQ(problems({{"policy", {{"timeZone", "Mars/Base"}}}}),
            Pointers{"/notification/policy/timeZone"});
}

TEST_F(PreparePlan, IsTheSameFromAClass) {
  struct Planned : Notification {
    std::vector<std::string> via() const override { return {"push"}; }
    std::optional<PushContent> to_push() const override {
      return PushContent{.title = "t", .body = "b"};
    }
    std::optional<SmsContent> to_sms() const override { return SmsContent{.text = "t"}; }
    ChannelStrategy strategy() const override { return ChannelStrategy::kBestEffort; }
    std::vector<ChannelFallback> fallbacks() const override { return {{"sms", "push", 10min}}; }
    MessagePolicy policy() const override { return {.category = "offers"}; }
  };
  const json recipient{{"push", {{"deviceToken", "d"}}}, {"sms", {{"phone", "+2348012345678"}}}};
  const auto prepared =
      manager.prepare(json{{"notification", Planned{}.render().value()}, {"recipient", recipient}});
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->plan.strategy, ChannelStrategy::kBestEffort);
  EXPECT_EQ(prepared->plan.fallbacks,
            (std::vector<ChannelFallback>{{"sms", "push-a", Duration{10min}}}));
  EXPECT_EQ(prepared->plan.policy.category, "offers");
}

using SendPlan = PlanWorld;

TEST_F(SendPlan, UsesAFallbackOnFailureAlone) {
  const json plan{{"via", {"push"}}, {"fallback", {{{"channel", "sms"}, {"insteadOf", "push"}}}}};
  auto report = send(plan);
  EXPECT_EQ(report.status, SendReport::Status::kSuccess);
  EXPECT_EQ(calls["sms"], 0);
  EXPECT_EQ(report.results.at("sms").error, "not needed: sent over push-a");
  answers["push"] = DeliveryOutcome::permanent("gone");
  report = send(plan);
  EXPECT_EQ(calls["sms"], 1);
  EXPECT_EQ(report.status, SendReport::Status::kSuccess);
  EXPECT_TRUE(report.results.at("sms").sent);
}

TEST_F(SendPlan, StopsAtTheFirstFailureWhenItIsAllOrNothing) {
  answers["sms"] = DeliveryOutcome::permanent("no such number");
  const auto report = send({{"via", {"push", "sms", "email"}}, {"strategy", "all-or-nothing"}});
  EXPECT_EQ(report.status, SendReport::Status::kPartial);
  EXPECT_EQ(calls["email"], 0);
  EXPECT_EQ(report.results.at("email").error, "not sent: sms failed, and it is all or nothing");
}

TEST_F(SendPlan, SendsToAllWhateverFails) {
  answers["push"] = DeliveryOutcome::permanent("gone");
  const auto report = send({{"strategy", "best-effort"}});
  EXPECT_EQ(report.status, SendReport::Status::kPartial);
  EXPECT_EQ(calls["sms"], 1);
  EXPECT_EQ(calls["email"], 1);
}

}  // namespace
}  // namespace townkrier
