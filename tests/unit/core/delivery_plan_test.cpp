// Fallbacks, all or nothing, best effort: what the channels of one notification mean to each other.

#include "core/delivery_plan.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/lifecycle.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using enum JobStatus;

const TimePoint kNow{Duration{1'700'000'000'000}};
const OutcomeRules kExact{{Duration{3'600'000}, 0}, ContentPrivacy::kMasked};

struct Plan : testing::Test {
  JobEnvelope envelope;
  JobState state;
  TimePoint now = kNow;

  void SetUp() override {
    envelope.created_at = kNow;
    envelope.max_retries = 3;
    envelope.retry_delay = 100ms;
  }
  void make(std::vector<std::string> channels) {
    std::vector<Delivery> deliveries;
    for (auto& channel : channels) deliveries.push_back({.channel = channel});
    state = initial_state(envelope, std::move(deliveries), now);
  }
  std::vector<std::string> open() {
    std::vector<std::string> names;
    for (std::size_t i : open_deliveries(state)) names.push_back(state.deliveries[i].channel);
    return names;
  }
  /// One attempt over everything that is open; `how` by channel.
  void attempt(std::map<std::string, DeliveryOutcome> how) {
    if (state.status != kPending) promote(state, now);
    const auto chosen = open_deliveries(state);
    begin_attempt(state, chosen, Uuid{{1}}, now);
    for (std::size_t i : chosen) {
      apply_outcome(envelope, state, i, how.at(state.deliveries[i].channel), kExact, 0, now);
    }
    settle(envelope, state, AttemptEnd::kNormal, now);
  }
  const Delivery& delivery(const std::string& channel) {
    return *std::ranges::find(state.deliveries, channel, &Delivery::channel);
  }
  json result() { return state.result.value(); }
  using Names = std::vector<std::string>;
};

TEST_F(Plan, AFallbackWaitsForItsChannelAndIsNotNeededWhenThatWasSent) {
  envelope.plan.fallbacks = {{"sms", "push"}};
  make({"push", "sms"});
  EXPECT_EQ(open(), Names{"push"});
  attempt({{"push", DeliveryOutcome::sent("m1")}});
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_EQ(delivery("sms").status, LogStatus::kSkipped);
  EXPECT_EQ(delivery("sms").error, "not needed: sent over push");
  EXPECT_EQ(result()["status"], "success");
  EXPECT_EQ(result()["results"]["sms"]["status"], "skipped");
}

TEST_F(Plan, AFallbackTakesOverWhenItsChannelFailedForGood) {
  envelope.plan.fallbacks = {{"sms", "push"}, {"email", "sms"}};
  make({"push", "sms", "email"});
  attempt({{"push", DeliveryOutcome::permanent("gone")}});
  EXPECT_EQ(state.status, kPending);
  EXPECT_EQ(open(), Names{"sms"}) << "one step of the chain at a time";
  attempt({{"sms", DeliveryOutcome::sent("m2")}});
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_EQ(delivery("email").status, LogStatus::kSkipped);
  EXPECT_EQ(result()["results"]["push"]["status"], "failed");
  EXPECT_EQ(result()["status"], "success") << "the person was reached";
}

TEST_F(Plan, AFallbackTakesOverWhenItsChannelWasSkippedByDecision) {
  envelope.plan.fallbacks = {{"sms", "push"}};
  make({"push", "sms"});
  attempt({{"push", DeliveryOutcome::skipped("not sent: opted out")}});
  EXPECT_EQ(open(), Names{"sms"});
}

TEST_F(Plan, TheJobFailsWhenAChannelAndItsFallbackFailed) {
  envelope.plan.fallbacks = {{"sms", "push"}};
  make({"push", "sms"});
  attempt({{"push", DeliveryOutcome::permanent("gone")}});
  attempt({{"sms", DeliveryOutcome::permanent("no such number")}});
  EXPECT_EQ(state.status, kFailed);
  EXPECT_EQ(result()["status"], "failed");
}

TEST_F(Plan, AFallbackStartsAfterItsTimeWhileItsChannelStillRetries) {
  envelope.plan.fallbacks = {{"sms", "push", 1s}};
  envelope.retry_delay = 10s;
  make({"push", "sms"});
  EXPECT_EQ(delivery("sms").next_attempt_at, now + 1s);
  attempt({{"push", DeliveryOutcome::transient("down")}});
  EXPECT_EQ(state.status, kRetrying);
  EXPECT_EQ(state.due_at, now + 1s);
  now += 1s;
  attempt({{"sms", DeliveryOutcome::sent("m")}});
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_EQ(delivery("push").status, LogStatus::kSkipped) << "never both";
  EXPECT_EQ(delivery("push").error, "not needed: sent over sms");
}

TEST_F(Plan, AFallbackThatWaitsByDecisionIsNotHurriedByItsChannelsEnd) {
  envelope.plan.fallbacks = {{"sms", "push", 1s}};
  make({"push", "sms"});
  attempt({{"push", DeliveryOutcome::transient("down")}});
  now += 1s;
  attempt({{"push", DeliveryOutcome::permanent("gone")},
           {"sms", DeliveryOutcome::deferred(8h, "not sent yet: quiet hours")}});
  EXPECT_EQ(state.status, kScheduled);
  EXPECT_EQ(state.due_at, now + 8h);
}

TEST_F(Plan, AFallbackThatIsThrottledWaitsItsTime) {
  envelope.plan.fallbacks = {{"sms", "push"}};
  make({"push", "sms"});
  attempt({{"push", DeliveryOutcome::permanent("gone")}});
  attempt({{"sms", DeliveryOutcome::throttled(5s)}});
  EXPECT_EQ(state.status, kRetrying);
  EXPECT_EQ(state.due_at, now + 5s);
  promote(state, state.due_at);
  now = state.due_at;
  attempt({{"sms", DeliveryOutcome::deferred(3s, "")}});
  EXPECT_EQ(state.due_at, now + 3s);
}

TEST_F(Plan, AllOrNothingGoesOneByOneAndStopsAtTheFirstThatFails) {
  envelope.plan.strategy = ChannelStrategy::kAllOrNothing;
  make({"email", "sms", "push"});
  EXPECT_EQ(open(), Names{"email"});
  attempt({{"email", DeliveryOutcome::sent("m")}});
  EXPECT_EQ(open(), Names{"sms"});
  attempt({{"sms", DeliveryOutcome::permanent("no such number")}});
  EXPECT_EQ(state.status, kFailed);
  EXPECT_EQ(delivery("push").status, LogStatus::kSkipped);
  EXPECT_EQ(delivery("push").error, "not sent: sms failed, and it is all or nothing");
  EXPECT_EQ(result()["status"], "partial");
}

TEST_F(Plan, AllOrNothingWaitsForARetryBeforeTheNextChannel) {
  envelope.plan.strategy = ChannelStrategy::kAllOrNothing;
  make({"email", "sms"});
  attempt({{"email", DeliveryOutcome::transient("down")}});
  EXPECT_EQ(state.status, kRetrying);
  EXPECT_EQ(delivery("sms").next_attempt_at, kHeld);
  now = state.due_at;
  attempt({{"email", DeliveryOutcome::sent("m")}});
  EXPECT_EQ(open(), Names{"sms"});
}

TEST_F(Plan, ARetryByHandOfAllOrNothingBeginsWhereItFailed) {
  envelope.plan.strategy = ChannelStrategy::kAllOrNothing;
  make({"email", "sms", "push"});
  attempt({{"email", DeliveryOutcome::sent("m")}});
  attempt({{"sms", DeliveryOutcome::permanent("no such number")}});
  ASSERT_TRUE(apply_action(envelope, state, JobAction::kRetry, now));
  EXPECT_EQ(open(), Names{"sms"}) << "what was sent is not sent again";
  attempt({{"sms", DeliveryOutcome::sent("m")}});
  attempt({{"push", DeliveryOutcome::sent("m")}});
  EXPECT_EQ(state.status, kCompleted);
}

TEST_F(Plan, ARetryByHandHoldsTheFallbackAgain) {
  envelope.plan.fallbacks = {{"sms", "push"}};
  make({"push", "sms"});
  attempt({{"push", DeliveryOutcome::permanent("gone")}});
  attempt({{"sms", DeliveryOutcome::permanent("gone")}});
  ASSERT_TRUE(apply_action(envelope, state, JobAction::kRetry, now));
  EXPECT_EQ(open(), Names{"push"});
  attempt({{"push", DeliveryOutcome::permanent("gone")}});
  EXPECT_EQ(open(), Names{"sms"});
}

TEST_F(Plan, RunningAJobNowDoesNotReleaseWhatIsHeld) {
  envelope.plan.fallbacks = {{"sms", "push"}};
  make({"push", "sms"});
  attempt({{"push", DeliveryOutcome::transient("down")}});
  ASSERT_TRUE(apply_action(envelope, state, JobAction::kRunNow, now));
  EXPECT_EQ(open(), Names{"push"});
}

TEST_F(Plan, BestEffortCompletesWhenOneWasSentAndSaysWhichWasNot) {
  envelope.plan.strategy = ChannelStrategy::kBestEffort;
  make({"email", "sms"});
  attempt({{"email", DeliveryOutcome::sent("m")},
           {"sms", DeliveryOutcome::permanent("no such number")}});
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_EQ(result()["status"], "partial");
  EXPECT_EQ(result()["results"]["sms"]["error"], "no such number");
}

TEST_F(Plan, BestEffortFailsWhenNoneWasSent) {
  envelope.plan.strategy = ChannelStrategy::kBestEffort;
  make({"email", "sms"});
  attempt({{"email", DeliveryOutcome::permanent("a")}, {"sms", DeliveryOutcome::permanent("b")}});
  EXPECT_EQ(state.status, kFailed);
}

TEST_F(Plan, SaysWhichChannelDidWhatWithoutAStrategyToo) {
  make({"email", "sms"});
  attempt({{"email", DeliveryOutcome::sent("m")}, {"sms", DeliveryOutcome::permanent("b")}});
  EXPECT_EQ(state.status, kFailed);
  EXPECT_EQ(result()["status"], "partial");
  make({"email"});
  attempt({{"email", DeliveryOutcome::sent("m")}});
  EXPECT_TRUE(state.result.empty()) << "one channel's result is its delivery";
}

TEST_F(Plan, ADeliveryDeferredByDecisionMakesTheJobScheduledAndSaysWhy) {
  make({"sms"});
  attempt({{"sms", DeliveryOutcome::deferred(2h, "not sent yet: quiet hours in UTC")}});
  EXPECT_EQ(state.status, kScheduled);
  EXPECT_EQ(state.due_at, now + 2h);
  EXPECT_EQ(state.attempts, 0u) << "uses up no retry";
  EXPECT_EQ(state.history.back().message, "Waits: not sent yet: quiet hours in UTC");
  EXPECT_EQ(delivery("sms").error, "not sent yet: quiet hours in UTC");
  now += 2h;
  attempt({{"sms", DeliveryOutcome::sent("m")}});
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_EQ(delivery("sms").error, "");
}

TEST_F(Plan, ADeliverySkippedByDecisionIsNoFailure) {
  make({"sms"});
  attempt({{"sms", DeliveryOutcome::skipped("not sent: opted out of offers", "opted_out")}});
  EXPECT_EQ(state.status, kCompleted);
  EXPECT_EQ(delivery("sms").status, LogStatus::kSkipped);
  EXPECT_EQ(delivery("sms").error, "not sent: opted out of offers");
  EXPECT_EQ(delivery("sms").attempts, 0u);
}

json round_trip(const json& members, std::vector<std::string>* problems = nullptr) {
  FieldErrors errors;
  JsonReader reader(members, "/notification", errors);
  const DeliveryPlan plan = read_delivery_plan(reader);
  if (problems != nullptr && !errors.empty()) {
    for (const auto& field : errors.to_error().fields) problems->push_back(field.pointer);
  }
  json out = json::object();
  write_delivery_plan(plan, out);
  return out;
}

TEST(PlanJson, IsReadAndWrittenAlike) {
  const json all{{"strategy", "best-effort"},
                 {"fallback", {{{"channel", "sms"}, {"insteadOf", "push"}, {"after", 60000}}}},
                 {"policy",
                  {{"category", "offers"},
                   {"timeZone", "Africa/Lagos"},
                   {"critical", true},
                   {"digest", {{"key", "42/comments"}, {"window", 600000}}}}}};
  EXPECT_EQ(round_trip(all), all);
  EXPECT_EQ(round_trip(json::object()), json::object());
}

TEST(PlanJson, NamesEveryMistake) {
  std::vector<std::string> problems;
  round_trip(
      {{"strategy", "some"},
       {"fallback",
        {{{"channel", "sms"}}, {{"channel", "a"}, {"insteadOf", "b"}, {"after", 5}, {"x", 1}}}},
       {"policy", {{"timeZone", "Mars/Base"}, {"digest", {{"key", ""}, {"window", 0}}}, {"y", 1}}}},
      &problems);
  EXPECT_EQ(problems, (std::vector<std::string>{
                          "/notification/strategy", "/notification/fallback/0/insteadOf",
                          "/notification/fallback/1/after", "/notification/fallback/1/x",
                          "/notification/policy/timeZone", "/notification/policy/digest/key",
                          "/notification/policy/digest/window", "/notification/policy/y"}));
}

TEST(PlanJson, RefusesCirclesAndASecondPrimary) {
  const auto problems = [](std::vector<ChannelFallback> fallbacks) {
    FieldErrors errors;
    check_fallbacks(fallbacks, errors);
    return errors.count();
  };
  EXPECT_EQ(problems({{"sms", "push"}, {"email", "sms"}}), 0u);
  EXPECT_EQ(problems({{"sms", "sms"}}), 1u);
  EXPECT_EQ(problems({{"sms", "push"}, {"push", "sms"}}), 2u);
  EXPECT_EQ(problems({{"sms", "push"}, {"sms", "email"}}), 1u);
}

}  // namespace
}  // namespace townkrier
