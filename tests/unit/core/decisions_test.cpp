// The decision classes of channels: token bucket, circuit breaker, provider order.
#include <map>

#include <gtest/gtest.h>

#include "core/circuit_breaker.hpp"
#include "core/provider_order.hpp"
#include "core/token_bucket.hpp"

namespace townkrier {
namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr Time kStart{std::chrono::hours{1000}};

TEST(TokenBucket, LetsABurstThroughAndThenNoMore) {
  TokenBucket bucket(10, 3, kStart);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.try_take(kStart));
  EXPECT_FALSE(bucket.try_take(kStart));
}

TEST(TokenBucket, NamesTheWaitUntilTheNextToken) {
  TokenBucket bucket(10, 1, kStart);
  EXPECT_EQ(bucket.wait(kStart), 0ns);
  ASSERT_TRUE(bucket.try_take(kStart));
  EXPECT_NEAR(double(bucket.wait(kStart).count()), 100e6, 10);
  EXPECT_NEAR(double(bucket.wait(kStart + 60ms).count()), 40e6, 10);
}

TEST(TokenBucket, GivesATokenToWhoeverWaitedExactlyThatLong) {
  for (const double rate : {0.1, 1.0, 3.0, 7.3, 1000.0, 99'999.0}) {
    TokenBucket bucket(rate, 1, kStart);
    Time now = kStart;
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(bucket.try_take(now)) << rate << " " << i;
      now += bucket.wait(now);
    }
  }
}

TEST(TokenBucket, KeepsItsRateOverALongTime) {
  TokenBucket bucket(100, 10, kStart);
  int taken = 0;
  for (auto at = 0ms; at < 10s; at += 1ms) taken += bucket.try_take(kStart + at) ? 1 : 0;
  EXPECT_NEAR(taken, 1010, 1);
}

TEST(TokenBucket, NeverHoldsMoreThanItsBurst) {
  TokenBucket bucket(100, 2, kStart);
  EXPECT_DOUBLE_EQ(bucket.tokens(kStart + 24h), 2.0);
}

TEST(TokenBucket, TakesABurstBelowOneAsOne) {
  TokenBucket bucket(0.5, 0, kStart);
  EXPECT_TRUE(bucket.try_take(kStart));
  EXPECT_FALSE(bucket.try_take(kStart + 1900ms));
  EXPECT_TRUE(bucket.try_take(kStart + 2s));
}

TEST(TokenBucket, GainsNothingFromTimeThatStepsBack) {
  TokenBucket bucket(10, 1, kStart);
  ASSERT_TRUE(bucket.try_take(kStart));
  EXPECT_FALSE(bucket.try_take(kStart - 1h));
  EXPECT_FALSE(bucket.try_take(kStart + 50ms));
  EXPECT_TRUE(bucket.try_take(kStart + 101ms));
}

class Breaker : public ::testing::Test {
 protected:
  void fail_times(int times) {
    for (int i = 0; i < times; ++i) {
      const auto permit = breaker_.acquire(now_);
      ASSERT_TRUE(permit);
      breaker_.failure(*permit, now_);
    }
  }
  Time now_ = kStart;
  CircuitBreaker breaker_{BreakerOptions{.failures = 3, .cooldown = 30s}};
};

TEST_F(Breaker, IsClosedAtFirst) {
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kClosed);
  EXPECT_EQ(breaker_.retry_in(now_), 0ns);
}

TEST_F(Breaker, OpensAfterFailuresInARow) {
  fail_times(2);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kClosed);
  fail_times(1);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kOpen);
  EXPECT_FALSE(breaker_.acquire(now_));
  EXPECT_EQ(breaker_.retry_in(now_ + 10s), 20s);
}

TEST_F(Breaker, CountsOnlyFailuresInARow) {
  fail_times(2);
  breaker_.success(*breaker_.acquire(now_));
  fail_times(2);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kClosed);
}

TEST_F(Breaker, LetsOneProbeThroughAfterTheCooldown) {
  fail_times(3);
  now_ += 29'999ms;
  EXPECT_FALSE(breaker_.acquire(now_));
  now_ += 1ms;
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kHalfOpen);
  EXPECT_TRUE(breaker_.acquire(now_));
  EXPECT_FALSE(breaker_.acquire(now_));
}

TEST_F(Breaker, ClosesWhenTheProbeSucceeds) {
  fail_times(3);
  now_ += 30s;
  breaker_.success(*breaker_.acquire(now_));
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kClosed);
  fail_times(2);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kClosed) << "the count starts afresh";
}

TEST_F(Breaker, OpensForAnotherCooldownWhenTheProbeFails) {
  fail_times(3);
  now_ += 30s;
  breaker_.failure(*breaker_.acquire(now_), now_);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kOpen);
  EXPECT_EQ(breaker_.retry_in(now_), 30s);
}

TEST_F(Breaker, GivesAnAbandonedProbeToTheNext) {
  fail_times(3);
  now_ += 30s;
  breaker_.abandon(*breaker_.acquire(now_));
  EXPECT_TRUE(breaker_.acquire(now_));
}

TEST_F(Breaker, IgnoresAnswersFromBeforeItOpened) {
  const auto slow = breaker_.acquire(now_);
  fail_times(3);
  breaker_.success(*slow);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kOpen);
  now_ += 30s;
  const auto probe = breaker_.acquire(now_);
  breaker_.failure(*slow, now_);
  breaker_.abandon(*slow);
  EXPECT_FALSE(breaker_.acquire(now_)) << "the probe is still out";
  breaker_.success(*probe);
  EXPECT_EQ(breaker_.state(now_), CircuitBreaker::State::kClosed);
}

TEST(BreakerState, HasFixedNames) {
  EXPECT_EQ(to_string(CircuitBreaker::State::kClosed), "closed");
  EXPECT_EQ(to_string(CircuitBreaker::State::kOpen), "open");
  EXPECT_EQ(to_string(CircuitBreaker::State::kHalfOpen), "half-open");
}

using Order = std::vector<std::size_t>;

TEST(ProviderOrder, ByPriorityIsAlwaysTheConfiguredOrder) {
  ProviderOrder order(ProviderStrategy::kPriority, 3);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(order.next(), (Order{0, 1, 2}));
}

TEST(ProviderOrder, ByRoundRobinMovesOnByOne) {
  ProviderOrder order(ProviderStrategy::kRoundRobin, 3);
  EXPECT_EQ(order.next(), (Order{0, 1, 2}));
  EXPECT_EQ(order.next(), (Order{1, 2, 0}));
  EXPECT_EQ(order.next(), (Order{2, 0, 1}));
  EXPECT_EQ(order.next(), (Order{0, 1, 2}));
}

TEST(ProviderOrder, ByWeightIsProportionalAndEvenlySpread) {
  ProviderOrder order(ProviderStrategy::kWeighted, 3, {5, 1, 1});
  std::vector<std::size_t> firsts;
  for (int i = 0; i < 7; ++i) firsts.push_back(order.next().front());
  EXPECT_EQ(firsts, (Order{0, 0, 1, 0, 2, 0, 0}));  // the sequence of nginx for 5:1:1
}

TEST(ProviderOrder, ByWeightKeepsTheOthersAsFallbacksInOrder) {
  ProviderOrder order(ProviderStrategy::kWeighted, 3, {0, 0, 1});
  EXPECT_EQ(order.next(), (Order{2, 0, 1}));
}

TEST(ProviderOrder, TakesMissingWeightsAsOneAndAllZeroAsEqual) {
  for (const auto& weights : {std::vector<int>{}, std::vector<int>{0, -3}}) {
    ProviderOrder order(ProviderStrategy::kWeighted, 2, weights);
    std::map<std::size_t, int> firsts;
    for (int i = 0; i < 10; ++i) ++firsts[order.next().front()];
    EXPECT_EQ(firsts, (std::map<std::size_t, int>{{0, 5}, {1, 5}}));
  }
}

TEST(ProviderOrder, IsEmptyWithoutProviders) {
  for (const auto strategy :
       {ProviderStrategy::kPriority, ProviderStrategy::kRoundRobin, ProviderStrategy::kWeighted}) {
    EXPECT_TRUE(ProviderOrder(strategy, 0).next().empty());
    EXPECT_EQ(ProviderOrder(strategy, 1).next(), Order{0});
  }
}

}  // namespace
}  // namespace townkrier
