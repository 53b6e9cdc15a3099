// The server at its most talkative, with traffic over every kind of channel, failures, receipts,
// opt-outs and logins: no line it writes has a recipient, a text, a token or a password.

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channels/webhook_signature.hpp"  // why: signs as the provider does
#include "support/http_peer.hpp"
#include "support/server_world.hpp"
#include "townkrier/password.hpp"

namespace townkrier::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// In everything that is nobody else's business.
constexpr const char* kMark = "5ecret";
constexpr const char* kReceiptSecret = "whsec_NXNlY3JldDVzZWNyZXQ=";

/// A provider that refuses every other message, telling all it was told.
PeerReply talkative(const PeerRequest& request, std::size_t number) {
  if (number % 2 == 0)
    return PeerReply::answer(200, R"({"id":"m-)" + std::to_string(number) + "\"}");
  return PeerReply::answer(400, Json{{"message", "refused: " + request.body}}.dump());
}

std::string configuration(const HttpPeer& peer, const std::string& folder) {
  const std::string key =
      "api_key = \"re_5ecret\"\nallow_private = true\nbase_url = \"" + peer.url("") + "\"\n";
  return "[server.auth]\nusername = \"admin\"\npassword = \"pass-5ecret-word\"\n"
         "tokens = [{ name = \"shop\", role = \"producer\", hash = \"" +
         hash_token("token-5ecret-5ecret-5ecret") +
         "\" }]\n"
         "[queue]\nmax_retries = 1\nretry_delay = \"10ms\"\n"
         "[suppressions]\nfile = \"" +
         folder +
         "/list\"\n"
         "[channels.in_app]\n"
         "[channels.email]\n[[channels.email.providers]]\ndriver = \"resend\"\n"
         "from = \"TownKrier <notifications@example.com>\"\n" +
         key + "[receipts.resend]\nformat = \"resend\"\nsecret = \"" + kReceiptSecret +
         "\"\n"
         "[channels.sms]\n[[channels.sms.providers]]\ndriver = \"http\"\nname = \"acme\"\n"
         "allow_private = true\nurl = \"" +
         peer.url("/sms?key=5ecret") +
         "\"\nheaders = { Authorization = \"Bearer 5ecret\" }\n"
         "json = { to = \"{{recipient.phone}}\", text = \"{{content.text}}\" }\n"
         "error_message = \"/message\"\n"
         "[channels.hook]\n[[channels.hook.providers]]\ndriver = \"webhook\"\n"
         "allow_private = true\nsecret = \"hook-5ecret-5ecret\"\nurl = \"" +
         peer.url("/hook/5ecret") + "\"\n";
}

Json everywhere(int number) {
  const std::string n = std::to_string(number);
  return {{"notification",
           {{"in_app", {{"title", "title-5ecret"}, {"message", "text-5ecret"}}},
            {"email", {{"subject", "subject-5ecret"}, {"text", "text-5ecret"}}},
            {"sms", {{"text", "text-5ecret"}}},
            {"hook", {{"body", {{"text", "text-5ecret"}}}}}}},
          {"recipient",
           {{"in_app", {{"userId", "user-5ecret-" + n}}},
            {"email", {{"email", "mail-5ecret-" + n + "@example.com"}}},
            {"sms", {{"phone", "+234801234567" + n}}}}},
          {"options", {{"uniqueKey", "key-5ecret-" + n}, {"metadata", {{"note", "meta-5ecret"}}}}}};
}

TEST(TalkativeServer, SaysNothingPrivate) {
  HttpPeer peer{HttpPeer::Behaviour(talkative)};
  const TempDir folder;
  const std::string file = folder / "townkrier.toml";
  std::ofstream(file) << configuration(peer, folder.path());
  ServerProcess server({.args = {"--log-level", "debug", "--config", file}});
  ASSERT_TRUE(server.start());
  HttpClient http(server.port());
  const auto post = [&](const std::string& path, const std::string& body,
                        std::vector<std::string> lines) {
    lines.push_back("Content-Type: application/json");
    return http.send({.method = "POST", .path = path, .body = body, .headers = std::move(lines)});
  };
  const std::string token = "Authorization: Bearer token-5ecret-5ecret-5ecret";
  for (int i = 0; i < 6; ++i) {
    const auto accepted = post("/api/notifications", everywhere(i).dump(),
                               {token, "Idempotency-Key: idem-5ecret-" + std::to_string(i)});
    ASSERT_EQ(accepted.status, 202) << accepted.body;
  }
  post("/api/notifications", everywhere(9).dump(), {token, "Idempotency-Key: idem-5ecret-0"});
  post("/api/notifications/send", everywhere(8).dump(), {token});
  const std::string opt_out =
      R"({"channel":"email","address":"mail-5ecret-1@example.com","category":"cat-5ecret"})";
  EXPECT_EQ(post("/api/opt-outs", opt_out, {token}).status, 200);
  EXPECT_EQ(post("/api/opt-outs/remove", opt_out, {token}).status, 200);
  EXPECT_EQ(post("/api/opt-outs", R"({"address":"mail-5ecret@example.com"})", {token}).status, 422);
  for (const char* password : {"pass-5ecret-word", "wrong-5ecret-word"}) {
    post("/api/session", Json{{"username", "admin"}, {"password", password}}.dump(), {});
  }
  EXPECT_EQ(post("/api/jobs", "{}", {"Authorization: Bearer wrong-5ecret"}).status, 401);
  http.authenticate("admin:pass-5ecret-word");
  ASSERT_TRUE(eventually([&] {
    const Json queue = http.get("/api/stats").json().at("queue");
    return queue.at("pending") == 0 && queue.at("processing") == 0 && queue.at("retrying") == 0;
  }));
  const std::string bounce =
      Json{{"type", "email.bounced"},
           {"created_at", "2026-01-01T00:00:00Z"},
           {"data",
            {{"email_id", "m-0"},
             {"to", {"mail-5ecret-0@example.com"}},
             {"bounce", {{"message", "reason-5ecret"}, {"type", "Permanent"}}}}}}
          .dump();
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const std::string signature =
      webhook_signature(webhook_key(kReceiptSecret).value(), {"msg-1", now, bounce});
  const std::vector<std::string> signed_lines = {
      "svix-id: msg-1", "svix-timestamp: " + std::to_string(now), "svix-signature: " + signature};
  EXPECT_EQ(post("/api/receipts/resend", bounce, signed_lines).status, 200);
  EXPECT_EQ(post("/api/receipts/resend", bounce, {"svix-id: 5ecret"}).status, 401);
  EXPECT_EQ(post("/api/receipts/none-5ecret", bounce, signed_lines).status, 404);
  http.get("/api/inbox/user-5ecret-1");
  http.get("/api/jobs?q=mail-5ecret-1%40example.com");
  EXPECT_THAT(http.get("/api/suppressions").body, Not(HasSubstr(kMark)));
  EXPECT_THAT(http.get("/metrics").body, Not(HasSubstr(kMark)));
  EXPECT_THAT(http.get("/api/audit").body, Not(HasSubstr(kMark)));
  EXPECT_EQ(server.terminate(), 0);
  for (const std::string& text : {server.stderr_text(), server.stdout_text()}) {
    EXPECT_THAT(text, Not(HasSubstr(kMark)));
    EXPECT_THAT(text, Not(HasSubstr("+234801234567")));
  }
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=ready"));
}

}  // namespace
}  // namespace townkrier::testing
