#include "http/api.hpp"

#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

using ApiTest = AppTest;
using testing::make_job;

const std::string kNotification =
    R"({"notification":{"email":{"subject":"Hi","text":"there"}},"recipient":{"email":{"email":"user@example.com"}}})";

std::string path_of(const Job& job) {
  return "/api/jobs/" + job.id().to_string();
}

TEST_F(ApiTest, StatsHaveTheSeedsShape) {
  backend_->queue_stats = {.pending = 5,
                           .processing = 2,
                           .completed = 100,
                           .failed = 3,
                           .retrying = 1,
                           .scheduled = 10,
                           .cancelled = 4};
  backend_->storage_stats.total = 7;
  backend_->storage_stats.by_channel["email"] = 7;
  const auto body = json(get("/api/stats"));
  EXPECT_EQ(
      body["queue"],
      nlohmann::json::parse(
          R"({"pending":5,"processing":2,"completed":100,"failed":3,"retrying":1,"scheduled":10,"cancelled":4})"));
  EXPECT_EQ(body["notifications"]["total"], 7);
  EXPECT_EQ(body["notifications"]["byChannel"]["email"], 7);
  EXPECT_TRUE(body["notifications"].contains("byStatus"));
  EXPECT_EQ(body["timestamp"], "2026-01-01T00:00:00.000Z");
}

TEST_F(ApiTest, JobsAreListedWithEveryFilter) {
  backend_->job_page.jobs = {make_job(1), make_job(2)};
  backend_->job_page.total = 9;
  backend_->job_page.next = "cursor-2";
  const Response response =
      get("/api/jobs?status=failed&queue=mail&kind=report&channel=email&priority=HIGH&tag=vip&q=err"
          "&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00.000Z&sort=createdAt&limit=2&offset=4");
  ASSERT_EQ(response.status, 200);
  const auto body = json(response);
  EXPECT_EQ(body["count"], 2);
  EXPECT_EQ(body["total"], 9);
  EXPECT_EQ(body["totalExact"], true);
  EXPECT_EQ(body["truncated"], false);
  EXPECT_EQ(body["jobs"][1]["id"], make_job(2).id().to_string());
  const JobFilter& filter = *backend_->job_filter;
  EXPECT_EQ(filter.status, JobStatus::kFailed);
  EXPECT_EQ(filter.queue, "mail");
  EXPECT_EQ(filter.kind, "report");
  EXPECT_EQ(filter.channel, "email");
  EXPECT_EQ(filter.priority, JobPriority::kHigh);
  EXPECT_EQ(filter.tag, "vip");
  EXPECT_EQ(filter.text, "err");
  EXPECT_EQ(to_iso8601(*filter.from), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(*filter.to), "2026-02-01T00:00:00.000Z");
  EXPECT_TRUE(filter.ascending);
  EXPECT_EQ(filter.limit, 2u);
  EXPECT_EQ(filter.offset, 4u);
  EXPECT_TRUE(filter.time_budget);
}

TEST_F(ApiTest, ACursorServesItsOwnListAndFilterOnly) {
  backend_->job_page.next = "J123";
  backend_->job_page.prev = "P456";
  const auto body = json(get("/api/jobs?status=failed&queue=mail&limit=2"));
  const std::string next = body["next"];
  EXPECT_EQ(get("/api/jobs?queue=mail&status=failed&limit=9&cursor=" + next).status, 200);
  EXPECT_EQ(backend_->job_filter->cursor, "J123");
  EXPECT_EQ(get("/api/jobs?queue=mail&status=failed&cursor=" + std::string(body["prev"])).status,
            200);
  EXPECT_EQ(backend_->job_filter->cursor, "P456");
  for (const std::string& target :
       {"/api/jobs?queue=mail&cursor=" + next, "/api/logs?cursor=" + next,
        "/api/jobs?queue=mail&status=failed&cursor=K" + next.substr(1),
        "/api/jobs?queue=mail&status=failed&cursor=" + next + "0",
        std::string("/api/jobs?queue=mail&status=failed&cursor=J123")}) {
    const Response refused = get(target);
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_EQ(pointers(refused), std::vector<std::string>{"cursor"});
  }
}

TEST_F(ApiTest, SeveralStatusesMayBeAskedFor) {
  EXPECT_EQ(get("/api/jobs?status=failed&status=cancelled").status, 200);
  EXPECT_EQ(backend_->job_filter->status,
            (JobStatusSet{JobStatus::kFailed, JobStatus::kCancelled}));
  EXPECT_EQ(pointers(get("/api/jobs?status=failed&status=x")), std::vector<std::string>{"status"});
  EXPECT_EQ(pointers(get("/api/jobs?queue=a&queue=b")), std::vector<std::string>{"queue"});
}

TEST_F(ApiTest, JobsAreSortedOnlyWhereThereIsAnIndex) {
  EXPECT_EQ(get("/api/jobs?sort=finishedAt&status=failed").status, 200);
  EXPECT_EQ(backend_->job_filter->sort_by, JobFilter::SortBy::kFinishedAt);
  EXPECT_TRUE(backend_->job_filter->ascending);
  EXPECT_EQ(get("/api/jobs?sort=-scheduledFor").status, 200);
  EXPECT_EQ(backend_->job_filter->sort_by, JobFilter::SortBy::kDueAt);
  EXPECT_FALSE(backend_->job_filter->ascending);
  EXPECT_EQ(pointers(get("/api/jobs?sort=-finishedAt&status=pending")),
            std::vector<std::string>{"sort"});
  EXPECT_EQ(pointers(get("/api/jobs?sort=priority")), std::vector<std::string>{"sort"});
}

TEST_F(ApiTest, ListsAreExportedAsCsvAndNdjson) {
  Job job = make_job(1, JobStatus::kFailed);
  job.state.error = "=HYPERLINK(\"http://example.com\"), he said";
  backend_->job_page.jobs = {job, make_job(2)};
  backend_->job_page.next = "J1";
  const Response csv = send({.target = "/api/jobs", .headers = {{"accept", "text/csv"}}});
  EXPECT_EQ(csv.content_type, "text/csv; charset=utf-8");
  EXPECT_TRUE(csv.body.starts_with("id,kind,queue,status,"));
  EXPECT_NE(csv.body.find("\"'=HYPERLINK(\"\"http://example.com\"\"), he said\""),
            std::string::npos)
      << csv.body;
  EXPECT_EQ(std::ranges::count(csv.body, '\n'), 3);
  EXPECT_TRUE(header(csv, "X-Next-Cursor").starts_with("J1"));
  const Response lines =
      send({.target = "/api/jobs", .headers = {{"accept", "application/x-ndjson"}}});
  EXPECT_EQ(std::ranges::count(lines.body, '\n'), 2);
  const std::string first = lines.body.substr(0, lines.body.find('\n'));
  EXPECT_EQ(nlohmann::json::parse(first)["id"], job.id().to_string());
}

TEST(CsvCell, IsNeverAFormula) {
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("say \"hi\"\n"), "\"say \"\"hi\"\"\n\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1"}) {
    EXPECT_EQ(csv_cell(formula), std::string("'") + formula);
  }
  EXPECT_EQ(csv_cell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(csv_cell(""), "");
}

TEST_F(ApiTest, JobsHaveDefaultsAndNoNextOnTheLastPage) {
  const auto body = json(get("/api/jobs"));
  EXPECT_EQ(body["count"], 0);
  EXPECT_TRUE(body["jobs"].is_array());
  EXPECT_FALSE(body.contains("next"));
  EXPECT_EQ(backend_->job_filter->limit, 50u);
  EXPECT_FALSE(backend_->job_filter->ascending);
}

TEST_F(ApiTest, WrongQueryValuesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"status", "done"},  {"limit", "0"},         {"limit", "201"},      {"limit", "-1"},
      {"limit", "1e2"},    {"limit", ""},          {"offset", "10001"},   {"offset", "x"},
      {"priority", "256"}, {"priority", "urgent"}, {"from", "yesterday"}, {"to", "2026-01-01"},
      {"sort", "name"},    {"queue", ""},
  };
  for (const auto& [name, value] : wrong) {
    const Response response = get("/api/jobs?" + name + "=" + value);
    EXPECT_EQ(response.status, 400) << name << "=" << value;
    EXPECT_EQ(pointers(response), std::vector<std::string>{name}) << value;
  }
  EXPECT_EQ(pointers(get("/api/jobs?status=x&limit=0")),
            (std::vector<std::string>{"status", "limit"}));
  EXPECT_TRUE(backend_->calls.empty());
}

TEST_F(ApiTest, OneJobIsShownOrNotFound) {
  backend_->jobs[make_job(1).id()] = make_job(1);
  EXPECT_EQ(json(get(path_of(make_job(1))))["kind"], "report");
  EXPECT_EQ(get(path_of(make_job(2))).status, 404);
  EXPECT_EQ(get("/api/jobs/no-id-at-all").status, 404);
  EXPECT_EQ(get("/api/jobs/" + Uuid{}.to_string()).status, 404);
}

TEST_F(ApiTest, JobActionsReachTheBackend) {
  const Job job = make_job(1);
  backend_->jobs[job.id()] = job;
  const std::vector<std::tuple<Method, std::string, JobAction>> routes = {
      {Method::kPost, "/retry", JobAction::kRetry},
      {Method::kPost, "/cancel", JobAction::kCancel},
      {Method::kPost, "/run", JobAction::kRunNow},
      {Method::kDelete, "", JobAction::kDelete},
  };
  for (const auto& [method, suffix, action] : routes) {
    const Response response = send({.method = method, .target = path_of(job) + suffix});
    EXPECT_EQ(response.status, 200) << suffix;
    const auto body = json(response);
    EXPECT_EQ(body["success"], true);
    EXPECT_EQ(body["jobId"], job.id().to_string());
    EXPECT_TRUE(body["message"].is_string());
    EXPECT_EQ(backend_->action->first, job.id());
    EXPECT_EQ(backend_->action->second, action);
  }
  backend_->error = Error{Errc::kConflict, "the job is completed", {}};
  EXPECT_EQ(post(path_of(job) + "/retry").status, 409);
  EXPECT_EQ(json(post(path_of(job) + "/retry"))["detail"], "the job is completed");
}

TEST_F(ApiTest, ANotificationIsAccepted) {
  const Response response = post("/api/notifications", kNotification);
  ASSERT_EQ(response.status, 202) << response.body;
  const auto body = json(response);
  EXPECT_EQ(body["kind"], "notification");
  EXPECT_FALSE(body.contains("deduplicated"));
  ASSERT_EQ(backend_->enqueued.size(), 1u);
  EXPECT_NE(backend_->enqueued[0].payload.text().find("user@example.com"), std::string::npos);
  EXPECT_EQ(response.body.find("user@example.com"), std::string::npos) << "masked in the answer";
}

TEST_F(ApiTest, ADuplicateIsTheFirstJob) {
  backend_->deduplicate = true;
  const Response response = post("/api/notifications", kNotification);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response)["deduplicated"], true);
}

TEST_F(ApiTest, BadNotificationsAreRefused) {
  EXPECT_EQ(post("/api/notifications", "{").status, 400);
  EXPECT_EQ(post("/api/notifications", "[]").status, 422);
  const Response unknown =
      post("/api/notifications", R"({"notification":{"sms":{"text":"x"}},"wat":1})");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_EQ(pointers(unknown), std::vector<std::string>{"/wat"});
  std::string deep(200, '[');
  EXPECT_EQ(post("/api/notifications", deep + std::string(200, ']')).status, 400);
  EXPECT_TRUE(backend_->enqueued.empty());
}

TEST_F(ApiTest, OverloadIsSaidWithRetryAfter) {
  backend_->error = Error{Errc::kOverloaded, "too many jobs are being stored", {}};
  const Response response = post("/api/notifications", kNotification);
  EXPECT_EQ(response.status, 429);
  EXPECT_FALSE(header(response, "Retry-After").empty());
}

TEST_F(ApiTest, SendNowReportsPerChannel) {
  backend_->send_report.status = SendReport::Status::kPartial;
  backend_->send_report.results["email"] = {.sent = true, .provider = "smtp", .message_id = "m1"};
  const Response response = post("/api/notifications/send", kNotification);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response)["status"], "partial");
  EXPECT_EQ(json(response)["results"]["email"]["messageId"], "m1");
}

TEST_F(ApiTest, SendNowRefusesWhatItWouldLose) {
  auto body = nlohmann::json::parse(kNotification);
  body["options"] = {{"delay", 1000}, {"uniqueKey", "k"}};
  const Response response = post("/api/notifications/send", body.dump());
  EXPECT_EQ(response.status, 422);
  EXPECT_TRUE(backend_->calls.empty());
}

TEST_F(ApiTest, AJobOfAKindIsAccepted) {
  const Response response = post("/api/jobs", R"({"kind":"report","payload":{"month":"may"}})");
  EXPECT_EQ(response.status, 202) << response.body;
  ASSERT_EQ(backend_->enqueued.size(), 1u);
  EXPECT_EQ(backend_->enqueued[0].kind, "report");
  EXPECT_EQ(post("/api/jobs", R"({"kind":"notification"})").status, 422);
}

TEST_F(ApiTest, ABatchTakesTheGoodRowsInOneCall) {
  const std::string body = "[" + kNotification + R"(,{"notification":{}},)" + kNotification + "]";
  const Response response = post("/api/notifications/batch", body);
  ASSERT_EQ(response.status, 202) << response.body;
  const auto answer = json(response);
  EXPECT_EQ(answer["accepted"], 2);
  EXPECT_EQ(answer["ids"].size(), 2u);
  ASSERT_EQ(answer["rejected"].size(), 1u);
  EXPECT_EQ(answer["rejected"][0]["index"], 1);
  EXPECT_TRUE(answer["rejected"][0]["detail"].is_string());
  EXPECT_EQ(backend_->calls, std::vector<std::string>{"enqueue"});
}

TEST_F(ApiTest, ABatchMayBeNdjson) {
  const Response response =
      send({.method = Method::kPost,
            .target = "/api/notifications/batch",
            .body = kNotification + "\n\n{broken\r\n" + kNotification + "\r\n",
            .headers = {{"content-type", "application/x-ndjson"}}});
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(json(response)["accepted"], 2);
  EXPECT_EQ(json(response)["rejected"][0]["index"], 1);
}

TEST_F(ApiTest, AnAtomicBatchIsAllOrNothing) {
  const std::string bad = "[" + kNotification + R"(,{"wat":1},{"notification":5}])";
  const Response response = post("/api/notifications/batch?atomic=true", bad);
  EXPECT_EQ(response.status, 422);
  const auto named = pointers(response);
  EXPECT_TRUE(
      std::ranges::any_of(named, [](const std::string& p) { return p.starts_with("/1/wat"); }));
  EXPECT_TRUE(
      std::ranges::any_of(named, [](const std::string& p) { return p.starts_with("/2/"); }));
  EXPECT_TRUE(backend_->calls.empty());
  EXPECT_EQ(post("/api/notifications/batch?atomic=true", "[" + kNotification + "]").status, 202);
  EXPECT_EQ(post("/api/notifications/batch?atomic=maybe", "[]").status, 400);
}

TEST_F(ApiTest, ABatchRowIsCheckedByTheBackend) {
  backend_->check_rule = [](const JobRequest& request) -> Result<void> {
    if (request.options.queue == "closed")
      return fail_field(Errc::kUnknownChannel, "/notification/via/0", "no");
    return {};
  };
  auto closed = nlohmann::json::parse(kNotification);
  closed["options"]["queue"] = "closed";
  const auto answer =
      json(post("/api/notifications/batch", "[" + closed.dump() + "," + kNotification + "]"));
  EXPECT_EQ(answer["accepted"], 1);
  EXPECT_EQ(answer["rejected"][0]["index"], 0);
  EXPECT_EQ(answer["rejected"][0]["code"], "unknown_channel");
}

TEST_F(ApiTest, AnEmptyOrWrongBatchIsRefused) {
  EXPECT_EQ(post("/api/notifications/batch", "[]").status, 422);
  EXPECT_EQ(post("/api/notifications/batch", "{}").status, 422);
  EXPECT_EQ(post("/api/notifications/batch", "[").status, 400);
  std::string many = "[1";
  for (int i = 0; i < 10'000; ++i) many += ",1";
  EXPECT_EQ(post("/api/notifications/batch", many + "]").status, 413);
}

TEST_F(ApiTest, LogsAreListedWithEveryFilter) {
  NotificationLog log;
  log.id = make_job(1).id();
  log.channel = "email";
  log.recipient = "u***@example.com";
  backend_->log_page.logs = {log};
  backend_->log_page.total = 3;
  const std::string job = make_job(7).id().to_string();
  const Response response =
      get("/api/logs?notificationId=n&jobId=" + job +
          "&channel=email&status=sent&recipient=exam&startDate=2026-01-01T00:00:00Z"
          "&endDate=2026-02-01T00:00:00Z&tags=a,b&limit=10&offset=20&sortBy=sentAt&sortOrder=asc");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(json(response)["total"], 3);
  EXPECT_EQ(json(response)["logs"][0]["recipient"], "u***@example.com");
  EXPECT_EQ(json(response)["page"], nlohmann::json::parse(R"({"offset":20,"limit":10})"));
  const LogFilter& filter = *backend_->log_filter;
  EXPECT_EQ(filter.notification_id, "n");
  EXPECT_EQ(filter.job_id, make_job(7).id());
  EXPECT_EQ(filter.status, LogStatus::kSent);
  EXPECT_EQ(filter.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(filter.sort_by, LogFilter::SortBy::kSentAt);
  EXPECT_TRUE(filter.ascending);
  EXPECT_EQ(pointers(get("/api/logs?sortBy=name&jobId=1")),
            (std::vector<std::string>{"jobId", "sortBy"}));
}

TEST_F(ApiTest, OneLogIsShownOrNotFound) {
  NotificationLog log;
  log.id = make_job(1).id();
  log.channel = "sms";
  backend_->logs[log.id] = log;
  EXPECT_EQ(json(get("/api/logs/" + log.id.to_string()))["channel"], "sms");
  EXPECT_EQ(get("/api/logs/" + make_job(2).id().to_string()).status, 404);
  EXPECT_EQ(get("/api/logs/cleanup").status, 405);
}

TEST_F(ApiTest, LogCleanupTakesATime) {
  backend_->count = 12;
  const Response response = post("/api/logs/cleanup", R"({"olderThan":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response), nlohmann::json::parse(R"({"deleted":12})"));
  EXPECT_EQ(to_iso8601(*backend_->older_than), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(pointers(post("/api/logs/cleanup", R"({"olderThan":"now"})")),
            std::vector<std::string>{"/olderThan"});
  EXPECT_EQ(post("/api/logs/cleanup", "{}").status, 422);
  EXPECT_EQ(
      pointers(post("/api/logs/cleanup", R"({"olderThan":"2026-01-01T00:00:00Z","all":true})")),
      std::vector<std::string>{"/all"});
}

TEST_F(ApiTest, HealthTellsTheState) {
  backend_->report.checks["store"] = "ok";
  auto response = get("/api/health");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response)["status"], "ok");
  EXPECT_EQ(json(response)["checks"]["store"], "ok");
  EXPECT_TRUE(json(response)["version"].is_string());
  backend_->report.status = HealthReport::Status::kDegraded;
  EXPECT_EQ(get("/api/health/ready").status, 200);
  backend_->report.status = HealthReport::Status::kFailing;
  response = get("/api/health/ready");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json(response)["status"], "failing");
  EXPECT_EQ(get("/api/health/live").status, 200);
}

TEST_F(ApiTest, QueuesArePausedAndResumed) {
  backend_->queue_infos.resize(1);
  backend_->queue_infos[0].name = "default";
  EXPECT_EQ(json(get("/api/queues"))["queues"][0]["name"], "default");
  EXPECT_EQ(json(post("/api/queues/mail/pause"))["paused"], true);
  EXPECT_EQ(backend_->flow->first, "mail");
  EXPECT_EQ(backend_->flow->second, DashboardBackend::Flow::kPause);
  EXPECT_EQ(json(post("/api/queues/mail/resume"))["paused"], false);
  EXPECT_EQ(post("/api/queues/a%20b/pause").status, 422);
}

TEST_F(ApiTest, ChannelsShowTheirProviders) {
  ChannelInfo info;
  info.name = "email";
  info.providers.push_back({.name = "smtp", .breaker = "closed", .sent = 3});
  backend_->channel_infos.push_back(info);
  EXPECT_EQ(json(get("/api/channels"))["channels"][0]["providers"][0]["breaker"], "closed");
}

TEST_F(ApiTest, TheInboxIsReadAndMarked) {
  InboxMessage message;
  message.id = make_job(1).id();
  message.user_id = "team/42";
  message.title = "Hello";
  backend_->inbox_page.messages = {message};
  backend_->inbox_page.unread = 1;
  backend_->count = 1;
  const auto body = json(get("/api/inbox/team%2F42?limit=5&cursor=c"));
  EXPECT_EQ(body["messages"][0]["title"], "Hello");
  EXPECT_EQ(body["unread"], 1);
  EXPECT_EQ(backend_->inbox_user, "team/42");
  EXPECT_EQ(backend_->inbox_limit, 5u);
  EXPECT_EQ(backend_->inbox_cursor, "c");
  EXPECT_EQ(post("/api/inbox/42/" + message.id.to_string() + "/read").status, 200);
  EXPECT_EQ(backend_->marked->second, message.id);
  EXPECT_EQ(json(post("/api/inbox/42/read-all"))["marked"], 1);
  EXPECT_TRUE(backend_->marked->second.is_nil());
  EXPECT_EQ(post("/api/inbox/42/x/read").status, 404);
}

TEST_F(ApiTest, AnAnswerTooLargeAsksForASmallerLimit) {
  NotificationLog log;
  log.id = make_job(1).id();
  log.content = std::string(1 << 20, 'x');
  backend_->log_page.logs.assign(17, log);
  const Response response = get("/api/logs");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(json(response)["request_id"], "req-1");
}

}  // namespace
}  // namespace townkrier::http
