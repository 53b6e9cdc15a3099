#include "http/login_throttle.hpp"

#include <gtest/gtest.h>

namespace townkrier::http {
namespace {

class LoginThrottleTest : public ::testing::Test {
 protected:
  Duration wait(const std::string& address, const std::string& user) {
    return throttle_.wait(address, user, now_);
  }
  void fail(int times, const std::string& address, const std::string& user) {
    for (int i = 0; i < times; ++i) throttle_.failed(address, user, now_);
  }

  TimePoint now_{Duration{1'767'225'600'000}};
  LoginThrottle throttle_;
};

TEST_F(LoginThrottleTest, WaitsTwiceAsLongAfterEachFailureFromTheThirdOn) {
  fail(2, "10.0.0.1", "ann");
  EXPECT_EQ(wait("10.0.0.1", "ann"), 0ms);
  for (const Duration expected : {1s, 2s, 4s, 8s}) {
    fail(1, "10.0.0.1", "ann");
    EXPECT_EQ(wait("10.0.0.1", "ann"), expected);
  }
  now_ += 3s;
  EXPECT_EQ(wait("10.0.0.1", "ann"), 5s);
}

TEST_F(LoginThrottleTest, LocksAnAddressOutOfAnAccountForAQuarterOfAnHour) {
  fail(18, "10.0.0.1", "ann");
  EXPECT_EQ(wait("10.0.0.1", "ann"), 15min);
  EXPECT_EQ(wait("10.0.0.2", "ann"), 0ms);
  EXPECT_EQ(wait("10.0.0.1", "bob"), 0ms);
}

TEST_F(LoginThrottleTest, AnAddressThatTriesManyNamesHasToWaitForAllOfThem) {
  for (int i = 0; i < 24; ++i) fail(1, "10.0.0.1", "user" + std::to_string(i));
  EXPECT_EQ(wait("10.0.0.1", "ann"), 16s);
  EXPECT_EQ(wait("10.0.0.2", "ann"), 0ms);
}

TEST_F(LoginThrottleTest, StrangersSlowAnAccountDownButKeepNobodyOutForLong) {
  for (int i = 0; i < 1000; ++i) fail(1, "10.1.0." + std::to_string(i), "ann");
  EXPECT_EQ(wait("10.0.0.1", "ann"), 1min);
  now_ += 1min;
  EXPECT_EQ(wait("10.0.0.1", "ann"), 0ms);
}

TEST_F(LoginThrottleTest, ASuccessAndTimeForgetFailures) {
  fail(5, "10.0.0.1", "ann");
  throttle_.succeeded("10.0.0.1", "ann");
  EXPECT_EQ(wait("10.0.0.1", "ann"), 0ms);
  fail(10, "10.0.0.1", "bob");
  now_ += 31min;
  fail(1, "10.0.0.1", "bob");
  EXPECT_EQ(wait("10.0.0.1", "bob"), 0ms);
}

TEST_F(LoginThrottleTest, AClockSetBackLocksNobodyOutForLonger) {
  fail(5, "10.0.0.1", "ann");
  now_ -= 24h;
  EXPECT_EQ(wait("10.0.0.1", "ann"), 4s);
}

TEST_F(LoginThrottleTest, RemembersABoundedNumberAndForgetsTheOldest) {
  fail(18, "10.0.0.1", "first");
  for (int i = 0; i < 10'001; ++i) {
    now_ += 1ms;
    fail(1, "10.0.0.2", "user" + std::to_string(i));
  }
  EXPECT_EQ(wait("10.0.0.1", "first"), 0ms);
}

}  // namespace
}  // namespace townkrier::http
