// Names of statuses, levels, actions and errors, and the outcome factories: what others store and
// show.
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "townkrier/channel.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"

namespace townkrier {
namespace {

TEST(JobStatus, HasTheNamesOfTheInterface) {
  const char* const names[] = {"pending",   "scheduled", "processing", "retrying",
                               "completed", "failed",    "cancelled"};
  for (std::size_t i = 0; i < kJobStatusCount; ++i) {
    EXPECT_EQ(to_string(static_cast<JobStatus>(i)), names[i]);
    EXPECT_EQ(parse_job_status(names[i]), static_cast<JobStatus>(i));
  }
}

TEST(JobStatus, IsTerminalWhenNothingFollowsByItself) {
  std::set<JobStatus> terminal;
  for (std::size_t i = 0; i < kJobStatusCount; ++i) {
    if (is_terminal(static_cast<JobStatus>(i))) terminal.insert(static_cast<JobStatus>(i));
  }
  EXPECT_EQ(terminal, (std::set{JobStatus::kCompleted, JobStatus::kFailed, JobStatus::kCancelled}));
}

TEST(JobStatus, RefusesAnUnknownNameAndListsTheKnown) {
  for (const char* text : {"", "Pending", "done", "pending "}) {
    const auto status = parse_job_status(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, Errc::kMalformed);
    EXPECT_NE(status.error().message.find("cancelled"), std::string::npos);
  }
}

TEST(LogStatus, HasTheNamesOfTheInterface) {
  const char* const names[] = {"scheduled", "sending",   "sent",    "delivered",  "failed",
                               "retrying",  "cancelled", "bounced", "complained", "skipped"};
  for (std::size_t i = 0; i < kLogStatusCount; ++i) {
    EXPECT_EQ(to_string(static_cast<LogStatus>(i)), names[i]);
    EXPECT_EQ(parse_log_status(names[i]), static_cast<LogStatus>(i));
  }
  EXPECT_FALSE(parse_log_status("pending"));
}

TEST(ContentPrivacy, ReadsItsOwnNames) {
  for (const auto level :
       {ContentPrivacy::kPublic, ContentPrivacy::kPrivate, ContentPrivacy::kMasked}) {
    EXPECT_EQ(parse_content_privacy(to_string(level)), level);
  }
  EXPECT_FALSE(parse_content_privacy("MASKED"));
}

TEST(JobAction, HasTheNamesOfTheInterface) {
  EXPECT_EQ(to_string(JobAction::kRetry), "retry");
  EXPECT_EQ(to_string(JobAction::kCancel), "cancel");
  EXPECT_EQ(to_string(JobAction::kDelete), "delete");
  EXPECT_EQ(to_string(JobAction::kRunNow), "run");
}

TEST(Errc, HasADistinctWordForEachCode) {
  std::set<std::string_view> words;
  constexpr auto kLast = static_cast<int>(Errc::kInternal);
  for (int i = 0; i <= kLast; ++i) words.insert(to_string(static_cast<Errc>(i)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(kLast) + 1);
  EXPECT_EQ(to_string(Errc::kInvalidArgument), "invalid_argument");
}

TEST(DeliveryOutcome, IsMadeByNamedFunctions) {
  const auto sent = DeliveryOutcome::sent("m1");
  EXPECT_EQ(sent.kind, DeliveryOutcome::Kind::kSent);
  EXPECT_EQ(sent.message_id, "m1");
  const auto permanent = DeliveryOutcome::permanent("no such user", "550");
  EXPECT_EQ(permanent.kind, DeliveryOutcome::Kind::kPermanent);
  EXPECT_EQ(permanent.error, "no such user");
  EXPECT_EQ(permanent.error_code, "550");
  const auto transient = DeliveryOutcome::transient("busy", "451");
  EXPECT_EQ(transient.kind, DeliveryOutcome::Kind::kTransient);
  EXPECT_EQ(transient.error_code, "451");
  const auto throttled = DeliveryOutcome::throttled(5s, "slow down");
  EXPECT_EQ(throttled.kind, DeliveryOutcome::Kind::kThrottled);
  EXPECT_EQ(throttled.retry_after, Duration{5000});
  EXPECT_EQ(throttled.error, "slow down");
}

TEST(JobContext, ShowsTheAttemptsRequest) {
  DeliveryRequest request;
  request.attempt = 3;
  request.idempotency_key = "k";
  request.content = nlohmann::json{{"file", "a"}};
  const JobContext context(request);
  EXPECT_EQ(context.attempt(), 3u);
  EXPECT_EQ(context.idempotency_key(), "k");
  EXPECT_EQ(context.payload(), (nlohmann::json{{"file", "a"}}));
  EXPECT_FALSE(context.stop_token().stop_requested());
}

}  // namespace
}  // namespace townkrier
