// The webhook and resend drivers against real HTTP servers on loopback that behave and misbehave.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/channel_harness.hpp"
#include "support/hook_fixture.hpp"
#include "support/http_peer.hpp"
#include "support/script_process.hpp"
#include "support/temp_dir.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

class Webhook : public HookFixture {};

class Resend : public HookFixture {
 protected:
  std::shared_ptr<Provider> resend(const HttpPeer& peer) {
    return made(create_resend_channel({{"api_key", "re_secret"},
                                       {"from", "TownKrier <notifications@example.com>"},
                                       {"base_url", peer.url("")},
                                       {"allow_private", true}},
                                      harness_.environment("resend")));
  }
};

TEST_F(Webhook, PostsTheBodySignedAndNamed) {
  HttpPeer peer(PeerReply::answer(204, ""));
  const auto provider =
      webhook(peer, {{"secret", "whsec_c2VjcmV0"}, {"headers", {{"X-Tenant", "blue"}}}});
  const auto outcome =
      harness_.send(*provider, hook_request({{"body", {{"order", 7}}}, {"type", "order.paid"}}));
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  const auto request = peer.requests().at(0);
  EXPECT_EQ(request.line, "POST /hook HTTP/1.1");
  EXPECT_EQ(json::parse(request.body), (json{{"id", "key-1"},
                                             {"type", "order.paid"},
                                             {"timestamp", "2026-01-02T03:04:05.000Z"},
                                             {"data", {{"order", 7}}}}));
  const auto& headers = request.headers;
  EXPECT_EQ(headers.at("content-type"), "application/json");
  EXPECT_EQ(headers.at("idempotency-key"), "key-1");
  EXPECT_EQ(headers.at("webhook-id"), "key-1");
  EXPECT_EQ(headers.at("x-tenant"), "blue");
  EXPECT_TRUE(headers.at("webhook-signature").starts_with("v1,"));
  const auto age = std::chrono::system_clock::now().time_since_epoch() -
                   std::chrono::seconds(std::stoll(headers.at("webhook-timestamp")));
  EXPECT_LT(age, std::chrono::minutes(5)) << "receivers refuse old timestamps";
  EXPECT_FALSE(headers.contains("expect"));
}

TEST_F(Webhook, ReadsWhatAnAnswerMeans) {
  const std::map<int, Kind> kinds{
      {200, Kind::kSent},      {202, Kind::kSent},      {400, Kind::kPermanent},
      {404, Kind::kPermanent}, {410, Kind::kPermanent}, {422, Kind::kPermanent},
      {408, Kind::kTransient}, {425, Kind::kTransient}, {429, Kind::kThrottled},
      {500, Kind::kTransient}, {503, Kind::kTransient}};
  for (const auto& [status, kind] : kinds) {
    HttpPeer peer(PeerReply::answer(status));
    const auto outcome = post(peer);
    EXPECT_EQ(outcome.kind, kind) << status;
    if (kind != Kind::kSent) {
      EXPECT_EQ(outcome.error_code, std::to_string(status));
    }
  }
}

TEST_F(Webhook, WaitsAsLongAsAThrottlingPeerSays) {
  HttpPeer peer(PeerReply::answer(429, "{}", "Retry-After: 17\r\n"));
  const auto outcome = post(peer);
  EXPECT_EQ(outcome.kind, Kind::kThrottled);
  EXPECT_EQ(outcome.retry_after, Duration{17'000});
}

TEST_F(Webhook, FollowsNoRedirect) {
  HttpPeer target(PeerReply::answer(200));
  HttpPeer peer(PeerReply::answer(302, "", "Location: " + target.url() + "\r\n"));
  const auto outcome = post(peer);
  EXPECT_EQ(outcome.kind, Kind::kPermanent);
  EXPECT_NE(outcome.error.find("redirects are not followed"), std::string::npos) << outcome.error;
  EXPECT_TRUE(target.requests().empty());
}

TEST_F(Webhook, TakesABrokenPeerForTransient) {
  HttpPeer resetting(PeerReply::reset());
  EXPECT_EQ(post(resetting).kind, Kind::kTransient);
  HttpPeer garbage(PeerReply::raw("\x01\x02 what is HTTP?\r\n\r\n"));
  EXPECT_EQ(post(garbage).kind, Kind::kTransient);
  HttpPeer cut(PeerReply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"));
  EXPECT_EQ(post(cut).kind, Kind::kTransient);
}

TEST_F(Webhook, EndsATransferThatHangs) {
  HttpPeer peer(PeerReply::hang());
  const auto provider = webhook(peer, {{"timeout", "200ms"}});
  const auto outcome = harness_.send(*provider, hook_request({{"body", 1}}));
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "timeout");
}

TEST_F(Webhook, TakesNoTimeLeftForATimeout) {
  HttpPeer peer(PeerReply::hang());
  auto request = hook_request({{"body", 1}});
  request.timeout = Duration{0};
  EXPECT_EQ(harness_.send(*webhook(peer), std::move(request)).kind, Kind::kTransient);
}

TEST_F(Webhook, ObeysTheAttemptsShorterTimeout) {
  HttpPeer peer(PeerReply::hang());
  auto request = hook_request({{"body", 1}});
  request.timeout = Duration{200};
  const auto outcome = harness_.send(*webhook(peer, {{"timeout", "10m"}}), std::move(request));
  EXPECT_EQ(outcome.error_code, "timeout");
}

TEST_F(Webhook, ReadsNoMoreOfAHugeAnswerThanItNeeds) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
  HttpPeer peer(
      PeerReply{.bytes = head + std::string(1 << 20, 'x'), .then = PeerReply::Then::kHang});
  // The peer never sends the rest: waiting for it would end in a timeout.
  EXPECT_EQ(post(peer).kind, Kind::kSent);
}

TEST_F(Webhook, SendsNothingToAPrivateAddress) {
  HttpPeer peer(PeerReply::answer(200));
  for (const char* host : {"localhost", "localhost.localdomain"}) {
    const json settings{
        {"url", "https://" + std::string(host) + ":" + std::to_string(peer.port())}};
    const auto provider = made(create_webhook_channel(settings, harness_.environment("webhook")));
    const auto outcome = harness_.send(*provider, hook_request({{"body", 1}}));
    if (outcome.error_code == "connect_failed")
      continue;  // the second name is not known everywhere
    EXPECT_EQ(outcome.kind, Kind::kPermanent) << host;
    EXPECT_EQ(outcome.error_code, "address_refused") << outcome.error;
  }
  EXPECT_EQ(peer.connections(), 0U);
}

TEST_F(Webhook, NeverShowsItsSecrets) {
  HttpPeer peer(PeerReply::answer(400, R"({"message":"bad key re_secret and tok-123"})"));
  const auto provider =
      webhook(peer, {{"secret", "s3cret-key"}, {"headers", {{"Authorization", "Bearer tok-123"}}}});
  const auto outcome = harness_.send(*provider, hook_request({{"body", 1}}));
  EXPECT_EQ(outcome.error.find("tok-123"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.error.find("s3cret"), std::string::npos);
}

/// An HTTPS server for "localhost" with a certificate made here.
class HttpsPeer {
 public:
  HttpsPeer() : process_(command()) {}
  json settings() const {
    return {{"url", "https://localhost:" + std::to_string(process_.port()) + "/hook"}};
  }
  std::string certificate() const { return dir_ / "cert.pem"; }

 private:
  std::vector<std::string> command() {
    EXPECT_EQ(run_program({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:prime256v1", "-nodes", "-batch", "-days", "2",
                           "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                           "-keyout", dir_ / "key.pem", "-out", dir_ / "cert.pem"}),
              0);
    return {"/usr/bin/python3", TESTS_DIR "/support/https_server.py", dir_ / "cert.pem",
            dir_ / "key.pem"};
  }
  TempDir dir_;
  ScriptProcess process_;
};

TEST_F(Webhook, TrustsOnlyACertificateItCanVerify) {
  HttpsPeer peer;
  json settings = peer.settings();
  settings["allow_private"] = true;
  const auto untrusting = made(create_webhook_channel(settings, harness_.environment("webhook")));
  const auto refused = harness_.send(*untrusting, hook_request({{"body", 1}}));
  EXPECT_EQ(refused.kind, Kind::kTransient);
  EXPECT_EQ(refused.error_code, "tls_failed") << refused.error;
  settings["ca_file"] = peer.certificate();
  const auto trusting = made(create_webhook_channel(settings, harness_.environment("webhook")));
  const auto sent = harness_.send(*trusting, hook_request({{"body", 1}}));
  EXPECT_EQ(sent.kind, Kind::kSent) << sent.error;
}

TEST_F(Webhook, GetsNoPrivateConnectionOfAnotherProvider) {
  HttpsPeer peer;
  json settings = peer.settings();
  settings["ca_file"] = peer.certificate();
  const auto strict = made(create_webhook_channel(settings, harness_.environment("strict")));
  settings["allow_private"] = true;
  const auto free = made(create_webhook_channel(settings, harness_.environment("free")));
  // Leaves an open connection behind that the other one could use.
  ASSERT_EQ(harness_.send(*free, hook_request({{"body", 1}})).kind, Kind::kSent);
  const auto outcome = harness_.send(*strict, hook_request({{"body", 1}}));
  EXPECT_EQ(outcome.kind, Kind::kPermanent);
  EXPECT_EQ(outcome.error_code, "address_refused") << outcome.error;
}

TEST_F(Resend, PostsAnEmail) {
  HttpPeer peer(PeerReply::answer(200, R"({"id":"49a3999c"})"));
  auto request = hook_request({{"subject", "Welcome!"},
                               {"text", "Hello"},
                               {"html", "<p>Hello</p>"},
                               {"cc", "copy@example.com"},
                               {"replyTo", "desk@example.com"},
                               {"attachments", {{{"filename", "a.txt"}, {"content", "aGk="}}}}});
  request.recipient = json::array({{{"email", "user@example.com"}, {"name", "Last, First"}}});
  const auto outcome = harness_.send(*resend(peer), std::move(request));
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  EXPECT_EQ(outcome.message_id, "49a3999c");
  const auto got = peer.requests().at(0);
  EXPECT_EQ(got.line, "POST /emails HTTP/1.1");
  EXPECT_EQ(got.headers.at("authorization"), "Bearer re_secret");
  EXPECT_EQ(got.headers.at("idempotency-key"), "key-1");
  EXPECT_EQ(json::parse(got.body),
            (json{{"from", "TownKrier <notifications@example.com>"},
                  {"to", {"\"Last, First\" <user@example.com>"}},
                  {"subject", "Welcome!"},
                  {"text", "Hello"},
                  {"html", "<p>Hello</p>"},
                  {"cc", {"copy@example.com"}},
                  {"reply_to", "desk@example.com"},
                  {"attachments", {{{"filename", "a.txt"}, {"content", "aGk="}}}}}));
}

TEST_F(Resend, KeepsAMessageWhenTheKeyIsRefused) {
  HttpPeer peer(
      PeerReply::answer(401, R"({"name":"invalid_api_key","message":"re_secret is bad"})"));
  auto request = hook_request({{"subject", "s"}, {"text", "t"}});
  request.recipient = json::array({{{"email", "user@example.com"}}});
  const auto outcome = harness_.send(*resend(peer), std::move(request));
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "invalid_api_key");
  EXPECT_EQ(outcome.error, "Resend answered 401: *** is bad");
}

TEST_F(Resend, DoesNotRetryWhatIsInvalid) {
  HttpPeer peer(PeerReply::answer(422, R"({"name":"validation_error","message":"no such field"})"));
  auto request = hook_request({{"subject", "s"}, {"text", "t"}});
  request.recipient = json::array({{{"email", "user@example.com"}}});
  EXPECT_EQ(harness_.send(*resend(peer), std::move(request)).kind, Kind::kPermanent);
}

}  // namespace
}  // namespace townkrier::testing
