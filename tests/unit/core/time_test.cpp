#include "townkrier/time.hpp"

#include <gtest/gtest.h>

namespace townkrier {
namespace {

constexpr TimePoint kNewYear2026{Duration{1'767'225'600'000}};

TEST(Iso8601, WritesUtcWithMilliseconds) {
  EXPECT_EQ(to_iso8601(kNewYear2026), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(kNewYear2026 + 7ms), "2026-01-01T00:00:00.007Z");
  EXPECT_EQ(to_iso8601(TimePoint{}), "1970-01-01T00:00:00.000Z");
}

TEST(Iso8601, WritesTheNearestTimeOfItsRangeForTimesOutside) {
  EXPECT_EQ(to_iso8601(TimePoint{Duration{-1}}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(TimePoint::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(to_iso8601(TimePoint::min()), "1970-01-01T00:00:00.000Z");
}

TEST(Iso8601, ReadsWhatItWrites) {
  for (const std::int64_t ms :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{951'782'399'999},
        std::int64_t{1'767'225'600'123}, std::int64_t{253'402'300'799'999}}) {
    const TimePoint time{Duration{ms}};
    EXPECT_EQ(parse_iso8601(to_iso8601(time)), time) << ms;
  }
}

TEST(Iso8601, ReadsEveryFormOfOffset) {
  for (const char* text :
       {"2026-01-01T00:00:00Z", "2026-01-01T01:30:00+01:30", "2026-01-01T01:30:00+0130",
        "2025-12-31T16:00:00-08:00", "2026-01-01t00:00:00z", "2026-01-01T00:00Z"}) {
    EXPECT_EQ(parse_iso8601(text), kNewYear2026) << text;
  }
}

TEST(Iso8601, CutsDigitsBeyondMilliseconds) {
  EXPECT_EQ(parse_iso8601("2026-01-01T00:00:00.1239999Z"), kNewYear2026 + 123ms);
  EXPECT_EQ(parse_iso8601("2026-01-01T00:00:00.5Z"), kNewYear2026 + 500ms);
  EXPECT_EQ(parse_iso8601("2026-01-01T00:00:00,25Z"), kNewYear2026 + 250ms);
}

TEST(Iso8601, KnowsLeapYears) {
  EXPECT_TRUE(parse_iso8601("2024-02-29T12:00:00Z"));
  EXPECT_TRUE(parse_iso8601("2000-02-29T12:00:00Z"));
  EXPECT_FALSE(parse_iso8601("2026-02-29T12:00:00Z"));
  EXPECT_FALSE(parse_iso8601("2100-02-29T12:00:00Z"));
}

class NotATime : public ::testing::TestWithParam<const char*> {};

TEST_P(NotATime, IsRefusedAsMalformed) {
  const auto time = parse_iso8601(GetParam());
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().code, Errc::kMalformed);
}

INSTANTIATE_TEST_SUITE_P(
    Iso8601, NotATime,
    ::testing::Values("", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
                      "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z",
                      "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                      "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1",
                      "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60",
                      "2026-01-01T00:00:00Zx", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z ",
                      "26-01-01T00:00:00Z", "+2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z",
                      "1969-12-31T23:59:59Z", "1970-01-01T00:30:00+01:00",
                      "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z",
                      "2026-01-01T00:00:00.0000000000000000000000000000000000000000000000000Z",
                      "1767225600000", "tomorrow", "2026-W01-1T00:00:00Z", "2026-01-01T-1:00:00Z"));

TEST(SystemClock, TellsATimeAfterThisWasWritten) {
  EXPECT_GT(SystemClock{}.now(), kNewYear2026 - std::chrono::days{400});
}

}  // namespace
}  // namespace townkrier
