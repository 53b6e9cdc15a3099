// The JSON shapes of everything but jobs.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/job_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

constexpr TimePoint kTime{Duration{1'767'225'600'000}};

TEST(LogJson, HasTheDocumentedShape) {
  NotificationLog log;
  log.notification_id = "n1";
  log.job_id = Uuid{};
  log.channel = "email";
  log.recipient = "u***@example.com";
  log.status = LogStatus::kDelivered;
  log.priority = 10;
  log.scheduled_for = log.sent_at = log.delivered_at = log.failed_at = kTime;
  log.subject = "We***";
  log.content = "He***";
  log.attempts = 2;
  log.max_retries = 3;
  log.retry_logs = {{1, kTime, LogStatus::kRetrying, "busy", 12ms},
                    {2, kTime, LogStatus::kSent, "", {}}};
  log.error = "busy";
  log.metadata = json{{"a", 1}};
  log.tags = {"t"};
  log.created_at = log.updated_at = kTime;
  log.provider = "smtp";
  log.message_id = "m1";
  EXPECT_EQ(log_to_json(log), json::parse(R"({
    "id":"00000000-0000-0000-0000-000000000000","notificationId":"n1","jobId":"00000000-0000-0000-0000-000000000000",
    "channel":"email","recipient":"u***@example.com","status":"delivered","priority":10,
    "scheduledFor":"2026-01-01T00:00:00.000Z","sentAt":"2026-01-01T00:00:00.000Z",
    "deliveredAt":"2026-01-01T00:00:00.000Z","failedAt":"2026-01-01T00:00:00.000Z",
    "subject":"We***","content":"He***","contentPrivacy":"masked","attempts":2,"maxRetries":3,
    "retryLogs":[{"attempt":1,"timestamp":"2026-01-01T00:00:00.000Z","status":"retrying","error":"busy","duration":12},
                 {"attempt":2,"timestamp":"2026-01-01T00:00:00.000Z","status":"sent"}],
    "error":"busy","metadata":{"a":1},"tags":["t"],"createdAt":"2026-01-01T00:00:00.000Z",
    "updatedAt":"2026-01-01T00:00:00.000Z","provider":"smtp","messageId":"m1"})"));
}

TEST(LogJson, LeavesOutWhatIsAbsent) {
  const json object = log_to_json(NotificationLog{});
  EXPECT_EQ(object.size(), 10u);
  EXPECT_EQ(object["retryLogs"], json::array());
}

TEST(StatsJson, NamesEveryStatus) {
  EXPECT_EQ(
      queue_stats_to_json({1, 2, 3, 4, 5, 6, 7}),
      json::parse(
          R"({"pending":1,"processing":2,"completed":3,"failed":4,"retrying":5,"scheduled":6,"cancelled":7})"));
  StorageStats stats{.total = 5,
                     .sent = 1,
                     .delivered = 2,
                     .failed = 3,
                     .retrying = 4,
                     .by_channel = {{"email", 5}},
                     .by_status = {{"sent", 1}}};
  EXPECT_EQ(storage_stats_to_json(stats),
            json::parse(R"({"total":5,"sent":1,"delivered":2,"failed":3,"retrying":4,
    "byChannel":{"email":5},"byStatus":{"sent":1}})"));
  EXPECT_EQ(storage_stats_to_json({})["byChannel"], json::object());
}

TEST(QueueJson, HasSizesPauseAndOldestAge) {
  const QueueInfo info{
      .name = "mail", .paused = true, .stats = {.pending = 3}, .oldest_age = 1500ms};
  const json object = queue_info_to_json(info);
  EXPECT_EQ(object["name"], "mail");
  EXPECT_EQ(object["paused"], true);
  EXPECT_EQ(object["pending"], 3);
  EXPECT_EQ(object["oldestAge"], 1500);
  EXPECT_FALSE(queue_info_to_json({}).contains("oldestAge"));
}

TEST(ChannelJson, HasItsProvidersInOrder) {
  const LatencySummary latency{.count = 9, .p50 = 1500us, .p95 = 2ms, .p99 = 3ms};
  const ChannelInfo info{.name = "email",
                         .sent = 1,
                         .failed = 2,
                         .in_flight = 3,
                         .waiting = 4,
                         .concurrency = 5,
                         .providers = {{.name = "smtp",
                                        .breaker = "open",
                                        .sent = 6,
                                        .failed = 7,
                                        .retried = 8,
                                        .in_flight = 9,
                                        .latency = latency}},
                         .retried = 10,
                         .latency = latency};
  EXPECT_EQ(channel_info_to_json(info), json::parse(R"({"name":"email","sent":1,"failed":2,
    "retried":10,"inFlight":3,"waiting":4,"concurrency":5,
    "latency":{"count":9,"p50":1.5,"p95":2.0,"p99":3.0},
    "providers":[{"name":"smtp","breaker":"open","sent":6,"failed":7,"retried":8,"inFlight":9,
                  "latency":{"count":9,"p50":1.5,"p95":2.0,"p99":3.0}}]})"));
  EXPECT_EQ(channel_info_to_json({})["providers"], json::array());
}

TEST(InboxJson, LeavesOutWhatIsAbsent) {
  InboxMessage message{.user_id = "42", .title = "T", .message = "M", .created_at = kTime};
  EXPECT_EQ(inbox_message_to_json(message),
            json::parse(R"({"id":"00000000-0000-0000-0000-000000000000","userId":"42",
    "title":"T","message":"M","read":false,"createdAt":"2026-01-01T00:00:00.000Z"})"));
  message.read = true;
  message.read_at = kTime;
  message.action_url = "/x";
  message.data = json{{"k", 1}};
  const json object = inbox_message_to_json(message);
  EXPECT_EQ(object["readAt"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(object["actionUrl"], "/x");
  EXPECT_EQ(object["data"], (json{{"k", 1}}));
}

TEST(SendReportJson, HasOneResultAChannelWithMaskedErrors) {
  SendReport report;
  report.status = SendReport::Status::kPartial;
  report.results["email"] = {.sent = true, .provider = "smtp", .message_id = "m1"};
  report.results["sms"] = {.provider = "hook", .error = "refused +2348012345667"};
  EXPECT_EQ(send_report_to_json(report), json::parse(R"({"status":"partial","results":{
    "email":{"status":"sent","provider":"smtp","messageId":"m1"},
    "sms":{"status":"failed","provider":"hook","error":"refused +23*******67"}}})"));
}

TEST(SendReportJson, NamesTheWholeResult) {
  EXPECT_EQ(send_report_to_json({.status = SendReport::Status::kSuccess})["status"], "success");
  EXPECT_EQ(send_report_to_json({.status = SendReport::Status::kFailed})["status"], "failed");
  EXPECT_EQ(send_report_to_json({})["results"], json::object());
}

}  // namespace
}  // namespace townkrier
