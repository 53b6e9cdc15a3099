// The way of a notification through the real server: posted over HTTP, delivered to real peers.

#include <algorithm>
#include <chrono>
#include <mutex>

#include "support/http_peer.hpp"
#include "support/server_world.hpp"
#include "townkrier/time.hpp"

namespace townkrier::testing {
namespace {

std::string hook_channel(const std::string& name, const std::string& url) {
  return "[[channels." + name + ".providers]]\ndriver = \"webhook\"\nurl = \"" + url +
         "\"\nallow_private = true\n";
}

bool mentions(const std::string& text, const std::string& needle) {
  return text.find(needle) != std::string::npos;
}

TEST(Journey, AnEmailArrivesWithBothPartsAndIsMaskedEverywhereElse) {
  SmtpServer smtp;
  ServerWorld world{smtp_channel(smtp.port())};
  ASSERT_TRUE(world.start());
  const Json job = world.post(
      {{"notification",
        {{"via", {"email"}},
         {"email",
          {{"subject", "Grüße aus Köln"},
           {"text", "Willkommen bei uns"},
           {"html", "<h1>Willkommen</h1>"}}}}},
       {"recipient", {{"email", {{"email", "user@example.com"}, {"name", "Ünal User"}}}}}});
  const std::string id = job["id"];
  ASSERT_TRUE(world.reaches(id, "completed")) << world.job(id).dump(1);

  const auto mails = smtp.mails();
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0]["from"], "notifications@example.com");
  EXPECT_EQ(mails[0]["to"], Json::array({"user@example.com"}));
  std::string subject;
  for (const Json& header : mails[0]["headers"]) {
    if (header[0] == "Subject") subject = header[1];
  }
  EXPECT_EQ(subject, "Grüße aus Köln");
  std::vector<std::string> types;
  for (const Json& part : mails[0]["parts"]) types.push_back(part["type"]);
  EXPECT_EQ(types, (std::vector<std::string>{"multipart/alternative", "text/plain", "text/html"}));
  EXPECT_TRUE(mails[0]["defects"].empty()) << mails[0]["defects"];

  const Json logs = world.http->get("/api/logs?jobId=" + id).json();
  ASSERT_EQ(logs["total"], 1);
  EXPECT_EQ(logs["logs"][0]["status"], "sent");
  EXPECT_EQ(logs["logs"][0]["recipient"], "u***@example.com");
  for (const std::string& shown :
       {job.dump(), world.http->get("/api/jobs/" + id).body, world.http->get("/api/jobs").body,
        world.http->get("/api/logs").body, world.server->stderr_text(),
        world.server->stdout_text()}) {
    EXPECT_FALSE(mentions(shown, "user@example.com")) << shown;
    EXPECT_FALSE(mentions(shown, "Willkommen bei uns")) << shown;
  }
}

std::vector<std::int64_t> attempt_times(const Json& job) {
  std::vector<std::int64_t> times;
  for (const Json& entry : job["logs"]) {
    if (entry["status"] != "processing") continue;
    const std::string text = entry["timestamp"];
    const auto time = *parse_iso8601(text);
    times.push_back(time.time_since_epoch().count());
  }
  for (auto it = times.rbegin(); it != times.rend(); ++it) *it -= times.front();
  return times;
}

TEST(Journey, AStoppedMailServerMeansRetriesThenFailedThenARetryByHandDelivers) {
  SmtpServer smtp;
  ServerWorld world{smtp_channel(smtp.port()) + "[channels.email]\nbreaker = { failures = 100 }\n"};
  ASSERT_TRUE(world.start());
  smtp.stop();
  Json body = email_to("user@example.com");
  body["options"] = {{"maxRetries", 3}, {"retryDelay", 300}};
  const std::string id = world.post(body)["id"];
  EXPECT_TRUE(world.reaches(id, "retrying"));
  ASSERT_TRUE(world.reaches(id, "failed")) << world.job(id).dump(1);
  const auto times = attempt_times(world.job(id));
  ASSERT_EQ(times.size(), 4u);
  const std::int64_t least[] = {0, 300, 900, 2100};
  for (int i = 0; i < 4; ++i) {
    EXPECT_GE(times[i], least[i]) << "attempt " << i;
    // Up to 10 % jitter on each delay, and 50 ms for each attempt to be noticed and begun.
    EXPECT_LE(times[i], least[i] + least[i] / 10 + 50 * i) << "attempt " << i;
  }
  smtp.start();
  EXPECT_EQ(world.http->post("/api/jobs/" + id + "/retry", Json::object()).status, 200);
  EXPECT_TRUE(world.reaches(id, "completed")) << world.job(id).dump(1);
  EXPECT_EQ(smtp.mails().size(), 1u);
}

TEST(Journey, OneEmailAndThreeWebhookCallsWithOneKeyWhenTheWebhookFailsTwice) {
  SmtpServer smtp;
  HttpPeer hook{[](const PeerRequest&, std::size_t number) {
    return PeerReply::answer(number < 2 ? 500 : 200);
  }};
  ServerWorld world{smtp_channel(smtp.port()) + hook_channel("hook", hook.url())};
  ASSERT_TRUE(world.start());
  Json body = email_to("user@example.com");
  body["notification"]["via"] = {"email", "hook"};
  body["notification"]["hook"] = {{"body", {{"order", 42}}}};
  body["options"] = {{"retryDelay", 100}};
  const std::string id = world.post(body)["id"];
  ASSERT_TRUE(world.reaches(id, "completed")) << world.job(id).dump(1);
  EXPECT_EQ(smtp.mails().size(), 1u);
  const auto calls = hook.requests();
  ASSERT_EQ(calls.size(), 3u);
  const std::string key = calls[0].headers.at("idempotency-key");
  EXPECT_FALSE(key.empty());
  for (const auto& call : calls) EXPECT_EQ(call.headers.at("idempotency-key"), key);
}

TEST(Journey, PrioritiesRunHighestFirstAndInOrderWithinOne) {
  std::mutex mutex;
  std::vector<int> order;
  HttpPeer hook{[&](const PeerRequest& request, std::size_t) {
    const std::lock_guard lock{mutex};
    order.push_back(Json::parse(request.body)["data"]["n"]);
    return PeerReply::answer(200);
  }};
  ServerWorld world{hook_channel("hook", hook.url()) + "[channels.hook]\nconcurrency = 1\n"};
  ASSERT_TRUE(world.start());
  ASSERT_EQ(world.http->post("/api/queues/default/pause", Json::object()).status, 200);
  const std::pair<const char*, int> kinds[] = {
      {"LOW", 300}, {"NORMAL", 200}, {"HIGH", 100}, {"CRITICAL", 0}};
  std::vector<int> expected;
  for (int round = 0; round < 5; ++round) {
    for (const auto& [name, base] : kinds) {
      world.post({{"notification", {{"hook", {{"body", {{"n", base + round}}}}}}},
                  {"options", {{"priority", name}}}});
      expected.push_back(base + round);
    }
  }
  std::ranges::sort(expected);
  EXPECT_TRUE(hook.requests().empty());
  ASSERT_EQ(world.http->post("/api/queues/default/resume", Json::object()).status, 200);
  ASSERT_TRUE(eventually([&] {
    return world.http->get("/api/stats").json()["queue"]["completed"] == expected.size();
  }));
  const std::lock_guard lock{mutex};
  EXPECT_EQ(order, expected);
}

TEST(Journey, AHangingProviderTimesOutDelaysNobodyAndItsLateAnswerIsRefused) {
  SmtpServer smtp;
  HttpPeer hook{[](const PeerRequest&, std::size_t) {
    PeerReply late = PeerReply::answer(200);
    late.delay = std::chrono::seconds(3);
    return late;
  }};
  ServerWorld world{smtp_channel(smtp.port()) + hook_channel("hook", hook.url()) +
                    "[channels.hook]\nbreaker = { failures = 1000 }\n"};
  ASSERT_TRUE(world.start());
  Json hung = {{"notification", {{"hook", {{"body", 1}}}}},
               {"options", {{"maxRetries", 0}, {"timeout", 700}}}};
  std::vector<std::string> stuck;
  for (int i = 0; i < 50; ++i) stuck.push_back(world.post(hung)["id"]);
  const std::string mail = world.post(email_to("user@example.com"))["id"];
  EXPECT_TRUE(world.reaches(mail, "completed", std::chrono::seconds(2)));
  ASSERT_TRUE(world.reaches(stuck.front(), "failed", std::chrono::seconds(10)));
  EXPECT_TRUE(mentions(world.job(stuck.front())["error"], "timed out"));
  ASSERT_TRUE(world.reaches(stuck.back(), "failed", std::chrono::seconds(20)));
  EXPECT_EQ(world.status(stuck.front()), "failed");
}

TEST(Journey, BadInputIsRefusedByNameAndNothingIsStored) {
  ServerWorld world{"[channels.console]\n[channels.in_app]\n"};
  ASSERT_TRUE(world.start());
  std::string deep = std::string(200, '[') + std::string(200, ']');
  struct Case {
    std::string body;
    long status;
    std::string named;
  };
  const Case cases[] = {
      {"{", 400, ""},
      {deep, 400, ""},
      {R"({"notification":{"in_app":{"title":"t","message":"m"}},"recipient":{"in_app":{"userId":"1"}},"colour":1})",
       422, "/colour"},
      {R"({"notification":{"in_app":{"title":7,"message":"m"}},"recipient":{"in_app":{"userId":"1"}}})",
       422, "/notification/in_app/title"},
      {R"({"notification":{"in_app":{"title":"t","message":"m"}}})", 422, "/recipient"},
      {R"({"notification":{"via":["pager"],"pager":{"text":"t"}},"recipient":{}})", 422,
       "/notification/via/0"},
      {R"({"notification":{"in_app":{"title":"t","message":"m"}},"recipient":{"in_app":{"userId":"1"}},"options":{"delay":5,"scheduledFor":"2030-01-01T00:00:00.000Z"}})",
       422, "/options"},
      {R"({"notification":{"in_app":{"title":"t","message":"m"}},"recipient":{"in_app":{"userId":"1"}},"options":{"maxRetries":-1}})",
       422, "/options/maxRetries"},
  };
  for (const Case& one : cases) {
    const auto answer = world.http->post_text("/api/notifications", one.body);
    EXPECT_EQ(answer.status, one.status) << one.body << "\n" << answer.body;
    EXPECT_EQ(answer.header("content-type"), "application/problem+json");
    EXPECT_TRUE(mentions(answer.body, one.named)) << answer.body;
  }
  const std::string large = R"({"notification":{"console":{"text":")" + std::string(1u << 20, 'x') +
                            R"("}},"recipient":{}})";
  EXPECT_EQ(world.http->post_text("/api/notifications", large).status, 413);
  const auto wrong =
      world.http->send({.method = "PUT", .path = "/api/notifications", .body = "{}"});
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "POST");
  EXPECT_EQ(world.http->post_text("/api/notifications", "{}", "text/plain").status, 415);
  EXPECT_EQ(world.http->get("/api/jobs").json()["total"], 0);
  EXPECT_EQ(world.http->get("/api/health").json()["status"], "ok");
}

}  // namespace
}  // namespace townkrier::testing
