// The test kit for users, used as a service's own tests would.

#include "townkrier/testing.hpp"

#include <string>

#include <gtest/gtest.h>

#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

class Welcome : public Notification {
  std::optional<EmailContent> to_email() const override {
    return EmailContent{.subject = "Welcome!", .text = "Good to have you."};
  }
};

const Recipient kUser = Recipient().email("user@example.com");

TEST(TestEngine, RunsAJobInline) {
  TestEngine engine({"email"});
  const auto job = engine.run(Welcome(), kUser);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->status(), JobStatus::kCompleted);
  FakeChannel& email = engine.channel("email");
  EXPECT_TRUE(email.expect_sent_to("user@example.com"));
  EXPECT_TRUE(email.expect_sent_holding("Welcome!"));
  EXPECT_EQ(email.expect_nothing_sent().error().message.substr(0, 36),
            "email: expected nothing to be sent; ");
  EXPECT_EQ(email.expect_sent_to("other@example.com").error().message.substr(0, 53),
            "email: expected 1 sent to other@example.com, found 0;");
}

TEST(TestEngine, RetriesWhenTheClockMoves) {
  TestEngine engine({"email"});
  FakeChannel& email = engine.channel("email");
  email.answer_next(DeliveryOutcome::transient("down"), 2);
  const auto job = engine.run(Welcome(), kUser);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->status(), JobStatus::kRetrying);
  ASSERT_TRUE(engine.advance(Duration{1000}));
  EXPECT_EQ(email.tries().size(), 2U);
  ASSERT_TRUE(engine.advance(Duration{1999}));
  EXPECT_EQ(email.tries().size(), 2U) << "the second delay is twice the first";
  ASSERT_TRUE(engine.advance(Duration{1}));
  EXPECT_TRUE(email.expect_sent_to("user@example.com"));
  EXPECT_EQ(email.tries().front().idempotency_key, email.tries().back().idempotency_key);
}

// It once took a job for settled that became due and started between two looks at it.
TEST(TestEngine, MissesNoJobThatStartsWhileItLooks) {
  TestEngine engine({"email"});
  FakeChannel& email = engine.channel("email");
  for (std::size_t round = 1; round <= 200; ++round) {
    email.answer_next(DeliveryOutcome::transient("down"));
    ASSERT_TRUE(engine.run(Welcome(), kUser));
    ASSERT_TRUE(engine.advance(Duration{1000}));
    ASSERT_EQ(email.sent().size(), round);
  }
}

TEST(TestEngine, KeepsALaterJobForLater) {
  TestEngine engine({"email"});
  ASSERT_TRUE(engine.run(Welcome(), kUser, {.delay = std::chrono::hours(24)}));
  EXPECT_TRUE(engine.channel("email").expect_nothing_sent());
  ASSERT_TRUE(engine.advance(std::chrono::hours(24)));
  EXPECT_TRUE(engine.channel("email").expect_sent_to("user@example.com"));
}

TEST(TestEngine, ShowsWhatFailsForGood) {
  TestEngine engine({"email"});
  engine.channel("email").answer_next(DeliveryOutcome::permanent("no such user", "550"));
  const auto job = engine.run(Welcome(), kUser);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->status(), JobStatus::kFailed);
  EXPECT_TRUE(engine.channel("email").expect_nothing_sent());
}

TEST(TestEngine, KeepsTheQuietHoursOfVirtualTime) {
  PolicyOptions policy;
  policy.quiet_hours = QuietHours{std::chrono::hours(22), std::chrono::hours(7), {"email"}};
  TestEngine engine({"email"}, TestEngine::quick(), policy);  // it is midnight
  const auto job = engine.run(Welcome(), kUser);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->status(), JobStatus::kScheduled);
  EXPECT_TRUE(engine.channel("email").expect_nothing_sent());
  ASSERT_TRUE(engine.advance(std::chrono::hours(7)));
  EXPECT_TRUE(engine.channel("email").expect_sent_to("user@example.com"));
}

}  // namespace
}  // namespace townkrier::testing
