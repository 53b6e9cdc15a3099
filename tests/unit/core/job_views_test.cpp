// What is made of a job: its JSON, its log rows, its place in the store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "core/log_rows.hpp"
#include "core/masking.hpp"
#include "townkrier/store.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using enum ContentPrivacy;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimePoint kCreated{Duration{1'767'225'600'000}};
constexpr TimePoint kNow = kCreated + 5s;

Uuid id_of(int number) {
  Uuid id;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

const json kPayload = {
    {"notification",
     {{"via", {"email", "sms"}},
      {"email", {{"subject", "Welcome to the town"}, {"text", "Dear Jane, all is well here"}}},
      {"sms", {{"text", "Your town is waiting for you"}}}}},
    {"recipient",
     {{"email", {{{"email", "user@example.com"}}, {{"email", "other@example.com"}}}},
      {"sms", {{{"phone", "+2348012345667"}}}}}}};

JobEnvelope envelope() {
  JobEnvelope envelope;
  envelope.id = id_of(1);
  envelope.priority = JobPriority::kHigh;
  envelope.payload = kPayload;
  envelope.metadata = json{{"source", "test"}};
  envelope.tags = {"welcome"};
  envelope.created_at = kCreated;
  return envelope;
}

JobState state() {
  JobState state;
  state.updated_at = kNow;
  state.due_at = kCreated;
  state.deliveries = {{.channel = "email", .log_id = id_of(2)},
                      {.channel = "sms", .log_id = id_of(3)}};
  return state;
}

Job job_of(JobEnvelope envelope, JobState state) {
  return {std::make_shared<const JobEnvelope>(std::move(envelope)), std::move(state)};
}

TEST(JobJson, HasTheDocumentedShape) {
  JobEnvelope of = envelope();
  of.scheduled_for = kCreated + 1s;
  JobState at = state();
  at.status = JobStatus::kFailed;
  at.attempts = 2;
  at.processed_at = kCreated + 2s;
  at.failed_at = kCreated + 3s;
  at.error = "sms: refused";
  at.deliveries[0].status = LogStatus::kSent;
  at.deliveries[0].attempts = 1;
  at.deliveries[0].provider = "smtp";
  at.deliveries[0].message_id = "m1";
  at.deliveries[0].sent_at = kCreated + 2s;
  at.deliveries[1].status = LogStatus::kFailed;
  at.deliveries[1].error = "refused";
  at.history = {{kCreated, 0, JobStatus::kPending, "Job created", {}, {}},
                {kNow, 2, JobStatus::kFailed, "Failed", "sms: refused", 7ms}};
  const json expected = json::parse(R"({
    "id":"00000000-0000-0000-0000-000000000001","kind":"notification","queue":"default","status":"failed",
    "priority":10,"attempts":2,"maxRetries":3,"scheduledFor":"2026-01-01T00:00:01.000Z",
    "createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:05.000Z",
    "processedAt":"2026-01-01T00:00:02.000Z","failedAt":"2026-01-01T00:00:03.000Z","error":"sms: refused",
    "metadata":{"source":"test"},"tags":["welcome"],
    "notification":{"via":["email","sms"],"email":{"subject":"Welc***","text":"Dear J***"},"sms":{"text":"Your to***"}},
    "recipient":{"email":[{"email":"u***@example.com"},{"email":"o***@example.com"}],"sms":[{"phone":"+23*******67"}]},
    "deliveries":{"email":{"status":"sent","attempts":1,"provider":"smtp","messageId":"m1",
                           "sentAt":"2026-01-01T00:00:02.000Z"},
                  "sms":{"status":"failed","attempts":0,"error":"refused"}},
    "logs":[{"timestamp":"2026-01-01T00:00:00.000Z","attempt":0,"status":"pending","message":"Job created"},
            {"timestamp":"2026-01-01T00:00:05.000Z","attempt":2,"status":"failed","message":"Failed",
             "error":"sms: refused","duration":7}]})");
  EXPECT_EQ(job_to_json(job_of(of, at), kMasked), expected);
}

TEST(JobJson, ShowsProgressEverywhereAndLogLinesOfOneJobAlone) {
  JobState at = state();
  at.progress = JobProgress{0.25, 3, 12, "page 3", kNow};
  at.log = {{kNow, 2, "page 3 is drawn"}};
  at.log_dropped = 4;
  const Job job = job_of(envelope(), at);
  const json shown = job_to_json(job, kMasked);
  EXPECT_EQ(shown["progress"], (json{{"percent", 25.0},
                                     {"done", 3},
                                     {"total", 12},
                                     {"message", "page 3"},
                                     {"updatedAt", to_iso8601(kNow)}}));
  EXPECT_FALSE(shown.contains("logLines"));
  const json whole = whole_job_to_json(job, kMasked);
  EXPECT_EQ(whole["logLines"],
            json::array({json{
                {"timestamp", to_iso8601(kNow)}, {"attempt", 2}, {"text", "page 3 is drawn"}}}));
  EXPECT_EQ(whole["logLinesDropped"], 4);
}

TEST(JobJson, LeavesOutWhatIsAbsent) {
  const json object = job_to_json(job_of(JobEnvelope{}, JobState{}), kMasked);
  for (const char* name : {"scheduledFor", "processedAt", "completedAt", "failedAt", "error",
                           "result", "payload", "progress"}) {
    EXPECT_FALSE(object.contains(name)) << name;
  }
  EXPECT_EQ(object["metadata"], json::object());
  EXPECT_EQ(object["tags"], json::array());
  EXPECT_EQ(object["notification"], json::object());
}

TEST(JobJson, ShowsThePayloadAndNoDeliveryOfOtherKinds) {
  JobEnvelope of = envelope();
  of.kind = "resize";
  of.payload = json{{"file", "holiday-picture.png"}, {"width", 640}};
  JobState at = state();
  at.deliveries = {{.channel = "@resize"}};
  at.result = json{{"ok", true}};
  const json object = job_to_json(job_of(of, at), kMasked);
  EXPECT_EQ(object["payload"], (json{{"file", "holi***"}, {"width", 640}}));
  EXPECT_EQ(object["deliveries"], json::object());
  EXPECT_EQ(object["result"], (json{{"ok", true}}));
  EXPECT_FALSE(object.contains("notification"));
}

TEST(JobJson, ShowsAPayloadThatWasMaskedWhenKeptAsItIs) {
  JobEnvelope of = envelope();
  of.payload = {};
  of.masked =
      json{{"notification", {{"sms", {{"text", "Your to***"}}}}}, {"recipient", json::object()}};
  EXPECT_EQ(job_to_json(job_of(of, state()), kMasked)["notification"]["sms"]["text"], "Your to***");
  EXPECT_EQ(job_to_json(job_of(of, state()), kPrivate)["notification"]["sms"]["text"], "");
}

TEST(JobJson, HoldsNoAddressOrContentUnlessPublic) {
  for (const ContentPrivacy level : {kMasked, kPrivate}) {
    const std::string text = job_to_json(job_of(envelope(), state()), level).dump();
    for (const char* secret : {"user@", "other@", "8012345", "Jane", "waiting"}) {
      EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
  }
  EXPECT_THAT(job_to_json(job_of(envelope(), state()), kPublic).dump(),
              HasSubstr("user@example.com"));
}

ShownContent shown_of(const json& content, const json& recipients, const std::string& channel,
                      ContentPrivacy privacy) {
  if (privacy == kPublic) {
    return shown_content({content, content}, {recipients, recipients}, privacy);
  }
  const json masked = masked_content(content, channel, privacy);
  const json to = masked_recipients(recipients, channel, privacy);
  return shown_content({content, masked}, {recipients, to}, privacy);
}

std::vector<ShownContent> shown(ContentPrivacy privacy) {
  std::vector<ShownContent> all;
  for (const char* channel : {"email", "sms"}) {
    all.push_back(shown_of(kPayload["notification"][channel], kPayload["recipient"][channel],
                           channel, privacy));
  }
  return all;
}

TEST(LogRow, DescribesOneDelivery) {
  const auto rows = first_log_rows(envelope(), state(), shown(kMasked), kMasked);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].recipient, "+23*******67");
  const NotificationLog& row = rows[0];
  EXPECT_EQ(row.id, id_of(2));
  EXPECT_EQ(row.notification_id, id_of(1).to_string());
  EXPECT_EQ(row.job_id, id_of(1));
  EXPECT_EQ(row.channel, "email");
  EXPECT_EQ(row.recipient, "u***@example.com, o***@example.com");
  EXPECT_EQ(row.status, LogStatus::kScheduled);
  EXPECT_EQ(row.priority, JobPriority::kHigh);
  EXPECT_EQ(row.subject, "Welc***");
  EXPECT_EQ(row.content, "Dear J***");
  EXPECT_EQ(row.content_privacy, kMasked);
  EXPECT_EQ(row.attempts, 0u);
  EXPECT_EQ(row.max_retries, 3u);
  EXPECT_EQ(row.tags, std::vector<std::string>{"welcome"});
  EXPECT_EQ(row.created_at, kCreated);
  EXPECT_EQ(row.updated_at, kCreated);
}

TEST(LogRow, FollowsItsDelivery) {
  NotificationLog row = first_log_rows(envelope(), state(), shown(kMasked), kMasked)[0];
  Delivery delivery = state().deliveries[0];
  delivery.status = LogStatus::kRetrying;
  delivery.attempts = 1;
  delivery.provider = "smtp";
  delivery.error = "no mailbox u***@example.com";
  delivery.tries = {{1, kNow, LogStatus::kRetrying, "no mailbox u***@example.com", 3ms}};
  delivery.updated_at = kNow;
  update_row(row, delivery);
  EXPECT_EQ(row.status, LogStatus::kRetrying);
  EXPECT_EQ(row.attempts, 1u);
  ASSERT_EQ(row.retry_logs.size(), 1u);
  EXPECT_EQ(row.retry_logs[0].error, "no mailbox u***@example.com");
  EXPECT_EQ(row.error, "no mailbox u***@example.com");
  EXPECT_EQ(row.provider, "smtp");
  EXPECT_EQ(row.subject, "Welc***");
  EXPECT_EQ(row.created_at, kCreated);
  EXPECT_EQ(row.updated_at, kNow);
}

TEST(LogRow, KeepsAllWhenPublicAndNoContentWhenPrivate) {
  const ShownContent open = shown(kPublic)[0];
  EXPECT_EQ(open.recipient, "user@example.com, other@example.com");
  EXPECT_EQ(open.subject, "Welcome to the town");
  EXPECT_EQ(open.content, "Dear Jane, all is well here");
  const ShownContent closed = shown(kPrivate)[0];
  EXPECT_EQ(closed.recipient, "u***@example.com, o***@example.com");
  EXPECT_EQ(closed.subject, std::nullopt);
  EXPECT_EQ(closed.content, std::nullopt);
}

TEST(LogRow, TakesTitleAndMessageOrBodyForOtherChannels) {
  const auto in_app =
      shown_of({{"title", "Title"}, {"message", "Message"}}, json::array(), "in_app", kPublic);
  EXPECT_EQ(in_app.subject, "Title");
  EXPECT_EQ(in_app.content, "Message");
  const auto hook = shown_of({{"body", {{"x", 1}}}}, json(), "hook", kPublic);
  EXPECT_EQ(hook.content, R"({"x":1})");
  EXPECT_EQ(hook.recipient, "");
}

TEST(LogRow, ShowsAQuarterOfContentThatIsNoText) {
  const json body = {{"secretName", "secret value"}};
  EXPECT_EQ(shown_of({{"body", body}}, json(), "hook", kMasked).content,
            mask_text(body.dump(), kMasked));
}

TEST(LogRow, SurvivesContentOfAnyForm) {
  for (const json& content : {json(nullptr), json::array(), json("x"), json(7)}) {
    EXPECT_EQ(shown_of(content, 7, "email", kMasked).subject, std::nullopt);
  }
}

TEST(ChangedDeliveries, AreThoseThatChangedWithTheirEarlierStatus) {
  JobState after = state();
  after.deliveries[1].status = LogStatus::kSending;
  const auto changed = changed_deliveries(state(), after);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].delivery, 1u);
  EXPECT_EQ(changed[0].previous, LogStatus::kScheduled);
}

TEST(ChangedDeliveries, AreNoneWhenOnlyTheJobChanged) {
  JobState after = state();
  after.status = JobStatus::kCancelled;
  EXPECT_TRUE(changed_deliveries(state(), after).empty());
}

TEST(ChangedDeliveries, AreNoneForJobsOfOtherKinds) {
  JobState before;
  before.deliveries = {{.channel = "@resize"}};
  JobState after = before;
  after.deliveries[0].status = LogStatus::kSending;
  EXPECT_TRUE(changed_deliveries(before, after).empty());
}

TEST(Route, IsMadeOfTheOpenDeliveriesInOrder) {
  JobState at = state();
  at.deliveries.push_back({.channel = "hook"});
  EXPECT_EQ(route_of(envelope(), at), "email,sms,hook");
  at.deliveries[0].status = LogStatus::kSent;
  EXPECT_EQ(route_of(envelope(), at), "sms,hook");
  at.deliveries[1].status = LogStatus::kRetrying;
  EXPECT_EQ(route_of(envelope(), at), "sms,hook");
  at.deliveries[1].next_attempt_at = kNow;
  EXPECT_EQ(route_of(envelope(), at), "hook");
  at.deliveries[2].status = LogStatus::kFailed;
  EXPECT_EQ(route_of(envelope(), at), "");
}

TEST(Route, IsTheKindForOtherJobs) {
  JobEnvelope of = envelope();
  of.kind = "resize";
  JobState at = state();
  at.deliveries = {{.channel = "@resize"}};
  EXPECT_EQ(route_of(of, at), "@resize");
  EXPECT_EQ(route_of(of, JobState{}), "@resize");
}

TEST(Place, FollowsTheStatus) {
  JobState at = state();
  at.completed_at = kNow + 1s;
  at.failed_at = kNow + 2s;
  const auto place = [&](JobStatus status) {
    at.status = status;
    return place_of(envelope(), at);
  };
  EXPECT_EQ(place(JobStatus::kPending), (JobPlace{JobStatus::kPending, kCreated, "email,sms"}));
  EXPECT_EQ(place(JobStatus::kScheduled), (JobPlace{JobStatus::kScheduled, kCreated, ""}));
  EXPECT_EQ(place(JobStatus::kRetrying), (JobPlace{JobStatus::kRetrying, kCreated, ""}));
  EXPECT_EQ(place(JobStatus::kProcessing), (JobPlace{JobStatus::kProcessing, kCreated, ""}));
  EXPECT_EQ(place(JobStatus::kCompleted), (JobPlace{JobStatus::kCompleted, kNow + 1s, ""}));
  EXPECT_EQ(place(JobStatus::kFailed), (JobPlace{JobStatus::kFailed, kNow + 2s, ""}));
  EXPECT_EQ(place(JobStatus::kCancelled), (JobPlace{JobStatus::kCancelled, kNow, ""}));
}

TEST(JobJson, ShowsThePlanAndHidesAnAddressInADigestsKey) {
  JobEnvelope planned = envelope();
  planned.plan = {
      .strategy = ChannelStrategy::kBestEffort,
      .fallbacks = {{"sms", "email", Duration{60'000}}},
      .policy = {.category = "offers",
                 .digest = DigestOptions{"user@example.com/offers", Duration{600'000}}}};
  JobState held = state();
  held.deliveries[0].next_attempt_at = kHeld;
  const json shown = job_to_json(job_of(planned, held), kMasked);
  const json& notification = shown["notification"];
  EXPECT_EQ(notification["strategy"], "best-effort");
  EXPECT_EQ(notification["fallback"],
            (json::array({{{"channel", "sms"}, {"insteadOf", "email"}, {"after", 60000}}})));
  EXPECT_EQ(notification["policy"]["category"], "offers");
  EXPECT_THAT(notification["policy"]["digest"]["key"].get<std::string>(),
              Not(HasSubstr("user@example.com")));
  EXPECT_FALSE(shown["deliveries"]["email"].contains("nextAttemptAt")) << "no time is known";
}

}  // namespace
}  // namespace townkrier
