// Quiet hours where the recipient lives, and the windows of digests.

#include "core/recipient_policy.hpp"

#include <gtest/gtest.h>

#include "core/time_zone.hpp"

namespace townkrier {
namespace {

using namespace std::chrono_literals;

TimePoint at(const char* text) {
  return parse_iso8601(text).value();
}

PolicyOptions night() {
  PolicyOptions options;
  options.quiet_hours = QuietHours{22h, 7h};
  return options;
}

TEST(QuietHours, LastOverNight) {
  const QuietHours hours{22h, 7h};
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-10T21:59:59.999Z")), std::nullopt);
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-10T22:00:00Z")), at("2026-01-11T07:00:00Z"));
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-11T06:59:59.999Z")), at("2026-01-11T07:00:00Z"));
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-11T07:00:00Z")), std::nullopt);
}

TEST(QuietHours, LastWithinADay) {
  const QuietHours hours{12h, 13h + 30min};
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-10T12:10:00Z")), at("2026-01-10T13:30:00Z"));
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-10T13:30:00Z")), std::nullopt);
  EXPECT_EQ(quiet_until(hours, "UTC", at("2026-01-10T11:59:00Z")), std::nullopt);
}

TEST(QuietHours, AreLocalTimes) {
  const QuietHours hours{22h, 7h};
  // Lagos is UTC+1 all year, Berlin UTC+2 in summer, Kolkata UTC+5:30.
  EXPECT_EQ(quiet_until(hours, "Africa/Lagos", at("2026-07-10T21:30:00Z")),
            at("2026-07-11T06:00:00Z"));
  EXPECT_EQ(quiet_until(hours, "Europe/Berlin", at("2026-07-10T20:30:00Z")),
            at("2026-07-11T05:00:00Z"));
  EXPECT_EQ(quiet_until(hours, "Asia/Kolkata", at("2026-07-10T20:30:00Z")),
            at("2026-07-11T01:30:00Z"));
  EXPECT_EQ(quiet_until(hours, "Asia/Kolkata", at("2026-07-10T12:00:00Z")), std::nullopt);
}

TEST(QuietHours, FollowTheClockWhenItIsChanged) {
  const QuietHours hours{22h, 7h};
  // In the night to 2026-03-29 Berlin's clocks go from 2 to 3, in that to 2026-10-25 from 3 to 2.
  EXPECT_EQ(quiet_until(hours, "Europe/Berlin", at("2026-03-28T22:00:00Z")),
            at("2026-03-29T05:00:00Z"));
  EXPECT_EQ(quiet_until(hours, "Europe/Berlin", at("2026-10-24T21:00:00Z")),
            at("2026-10-25T06:00:00Z"));
  // An end that does not exist is when the clock jumps over it.
  EXPECT_EQ(quiet_until({22h, 2h + 30min}, "Europe/Berlin", at("2026-03-28T22:00:00Z")),
            at("2026-03-29T01:00:00Z"));
}

TEST(QuietHours, ConcernChannelsThatRing) {
  const TimePoint midnight = at("2026-01-10T00:00:00Z");
  for (const char* type : {"sms", "push", "whatsapp"}) {
    EXPECT_TRUE(deferral(night(), type, {}, midnight)) << type;
  }
  EXPECT_FALSE(deferral(night(), "email", {}, midnight));
  PolicyOptions chosen = night();
  chosen.quiet_hours->channels = {"email"};
  EXPECT_TRUE(deferral(chosen, "email", {}, midnight));
  EXPECT_FALSE(deferral(chosen, "sms", {}, midnight));
}

TEST(QuietHours, DoNotHoldWhatIsCritical) {
  EXPECT_FALSE(deferral(night(), "sms", {.critical = true}, at("2026-01-10T00:00:00Z")));
}

TEST(QuietHours, SayWhyAndUntilWhen) {
  PolicyOptions options = night();
  options.time_zone = "Africa/Lagos";
  const auto wait = deferral(options, "sms", {}, at("2026-01-10T00:00:00Z"));
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->until, at("2026-01-10T06:00:00Z"));
  EXPECT_EQ(wait->why, "not sent yet: quiet hours in Africa/Lagos until 2026-01-10T06:00:00.000Z");
  const auto own =
      deferral(options, "sms", {.time_zone = "Asia/Tokyo"}, at("2026-01-10T00:00:00Z"));
  EXPECT_FALSE(own) << "it is nine in the morning there";
}

TEST(QuietHours, AreReadFromTimesOfDay) {
  EXPECT_EQ(parse_time_of_day("22:05"), Duration{22h + 5min});
  for (const char* wrong : {"", "22", "24:00", "22:60", "2:00", "22:00 ", "-1:00", "22.00"}) {
    EXPECT_FALSE(parse_time_of_day(wrong)) << wrong;
  }
}

TEST(QuietHours, AreChecked) {
  EXPECT_TRUE(night().validate());
  PolicyOptions empty = night();
  empty.quiet_hours->to = empty.quiet_hours->from;
  EXPECT_EQ(empty.validate().error().fields[0].pointer, "policy.quiet_hours.to");
  PolicyOptions nowhere;
  nowhere.time_zone = "Mars/Base";
  EXPECT_EQ(nowhere.validate().error().fields[0].pointer, "policy.time_zone");
}

TEST(Digest, WindowsAreTheSameForEverybodyWhoLooks) {
  const DigestOptions digest{"42/comments", 10min};
  const DigestWindow first = digest_window(digest, at("2026-01-10T10:01:00Z"));
  EXPECT_EQ(first.end, at("2026-01-10T10:10:00Z"));
  EXPECT_EQ(digest_window(digest, at("2026-01-10T10:09:59.999Z")).unique_key, first.unique_key);
  const DigestWindow second = digest_window(digest, at("2026-01-10T10:10:00Z"));
  EXPECT_EQ(second.end, at("2026-01-10T10:20:00Z"));
  EXPECT_NE(second.unique_key, first.unique_key);
  EXPECT_NE(digest_window({"43/comments", 10min}, at("2026-01-10T10:01:00Z")).unique_key,
            first.unique_key);
}

TEST(Digest, CountsWhatJoinedItInOneLine) {
  JobState state;
  state.status = JobStatus::kScheduled;
  note_joined(state, 1, at("2026-01-10T10:01:00Z"));
  note_joined(state, 2, at("2026-01-10T10:02:00Z"));
  ASSERT_EQ(state.history.size(), 1U);
  EXPECT_EQ(state.history[0].message, "Joined by 3 more of its digest, which are not sent alone");
  EXPECT_EQ(state.history[0].timestamp, at("2026-01-10T10:02:00Z"));
}

}  // namespace
}  // namespace townkrier
