// Several providers of one channel on virtual time: order, fallback, breaker.

#include <set>

#include "tests/actors/engine_fixture.hpp"

namespace townkrier::test {
namespace {

struct Chained : EngineTest {
  void SetUp() override { options_.retry_delay = 100ms; }
  FakeProvider& primary() { return provider("email"); }
  std::string breaker(std::size_t provider) { return channel_info(0).providers[provider].breaker; }
  /// How many messages were sent, and by how many calls.
  std::size_t messages(std::initializer_list<const FakeProvider*> providers) {
    std::set<std::string> keys;
    for (const FakeProvider* one : providers) {
      for (const auto& call : one->calls) keys.insert(call.request.idempotency_key);
    }
    return keys.size();
  }
};

TEST_F(Chained, TakesProvidersInTurn) {
  channel("email").strategy = ProviderStrategy::kRoundRobin;
  FakeProvider& second = backup("email", "second");
  FakeProvider& third = backup("email", "third");
  launch();
  for (int i = 0; i < 9; ++i) enqueue();
  EXPECT_EQ(primary().calls.size(), 3u);
  EXPECT_EQ(second.calls.size(), 3u);
  EXPECT_EQ(third.calls.size(), 3u);
  EXPECT_EQ(messages({&primary(), &second, &third}), 9u);
}

TEST_F(Chained, SharesByWeightAndKeepsWeightZeroAsAFallback) {
  ChannelConfig& config = channel("email");
  config.strategy = ProviderStrategy::kWeighted;
  config.providers = {
      {.driver = "a", .weight = 3}, {.driver = "b", .weight = 1}, {.driver = "c", .weight = 0}};
  FakeProvider& second = backup("email", "second");
  FakeProvider& spare = backup("email", "spare");
  launch();
  for (int i = 0; i < 40; ++i) enqueue();
  EXPECT_EQ(primary().calls.size(), 30u);
  EXPECT_EQ(second.calls.size(), 10u);
  EXPECT_EQ(spare.calls.size(), 0u);
  primary().answer = second.answer = [](std::size_t) { return DeliveryOutcome::transient("down"); };
  const JobId id = enqueue();
  EXPECT_EQ(spare.calls.size(), 1u);
  EXPECT_EQ(status(id), JobStatus::kCompleted);
}

TEST_F(Chained, TheBreakerOpensProbesAndClosesAndNothingIsSentTwice) {
  channel("email").breaker = {.failures = 3, .cooldown = 10s};
  FakeProvider& second = backup("email", "second");
  bool down = true;
  primary().answer = [&](std::size_t) {
    return down ? DeliveryOutcome::transient("down") : DeliveryOutcome::sent("m");
  };
  launch();
  for (int i = 0; i < 10; ++i) enqueue();
  EXPECT_EQ(primary().calls.size(), 3u) << "as many failures as configured";
  EXPECT_EQ(breaker(0), "open");
  EXPECT_EQ(second.calls.size(), 10u) << "the fallback delivers each, once";

  advance(10s, 100ms);
  EXPECT_EQ(breaker(0), "half-open");
  enqueue();
  EXPECT_EQ(primary().calls.size(), 4u) << "one probe";
  EXPECT_EQ(breaker(0), "open") << "which failed";
  EXPECT_EQ(second.calls.size(), 11u);

  down = false;
  advance(10s, 100ms);
  enqueue();
  EXPECT_EQ(breaker(0), "closed");
  enqueue();
  EXPECT_EQ(primary().calls.size(), 6u);
  EXPECT_EQ(second.calls.size(), 11u);
  EXPECT_EQ(messages({&primary(), &second}), 13u);
  EXPECT_EQ(store_->job_stats()->completed, 13u);
}

TEST_F(Chained, OnlyOneDeliveryProbesAndTheOthersGoOn) {
  channel("email").breaker = {.failures = 1, .cooldown = 1s};
  FakeProvider& second = backup("email", "second");
  primary().answer = [](std::size_t) { return DeliveryOutcome::transient("down"); };
  launch();
  enqueue();
  advance(1s);
  primary().answer = nullptr;  // the probe hangs
  for (int i = 0; i < 5; ++i) enqueue();
  EXPECT_EQ(primary().calls.size(), 2u);
  EXPECT_EQ(second.calls.size(), 5u);
  primary().calls.back().done(DeliveryOutcome::sent("m"));
  run();
  EXPECT_EQ(breaker(0), "closed");
}

TEST_F(Chained, ADecisionSaysNothingAboutAProvider) {
  channel("email").breaker = {.failures = 1, .cooldown = 1s};
  FakeProvider& second = backup("email", "second");
  primary().answer = [](std::size_t) { return DeliveryOutcome::skipped("opted out"); };
  launch();
  const JobId id = enqueue();
  EXPECT_EQ(status(id), JobStatus::kCompleted);
  EXPECT_EQ(second.calls.size(), 0u) << "no fallback: nobody may send it";
  EXPECT_EQ(breaker(0), "closed");
  EXPECT_EQ(channel_info(0).providers[0].failed, 0u);
}

}  // namespace
}  // namespace townkrier::test
