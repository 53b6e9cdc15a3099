// Every driver of an HTTP API against a real server on loopback: the exact request by the
// provider's documentation, and every way an answer can be good or bad.

#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/channel_harness.hpp"
#include "support/hook_fixture.hpp"
#include "support/http_peer.hpp"
#include "support/provider_cases.hpp"
#include "support/script_process.hpp"
#include "support/temp_dir.hpp"
#include "townkrier/receipts.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;
using namespace std::chrono_literals;

/// The key file of a service account of nobody's, with a key made once for all tests.
const std::string& service_account() {
  static const std::string text = [] {
    const TempDir dir;
    EXPECT_EQ(run_program({"/usr/bin/openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt",
                           "rsa_keygen_bits:2048", "-out", dir / "key.pem"}),
              0);
    std::ifstream file(dir / "key.pem");
    const std::string pem{std::istreambuf_iterator<char>(file), {}};
    return json{{"project_id", "shop"},
                {"client_email", "robot@example.com"},
                {"private_key", pem},
                {"private_key_id", "k1"},
                {"token_uri", "https://example.com/token"}}
        .dump();
  }();
  return text;
}

json filled(json settings, const HttpPeer& peer) {
  for (auto& [name, value] : settings.items()) {
    if (!value.is_string()) continue;
    std::string text = value.get<std::string>();
    if (text == "ACCOUNT") text = service_account();
    if (text.starts_with("BASE")) text = peer.url("") + text.substr(4);
    value = text;
  }
  settings["allow_private"] = true;
  return settings;
}

/// Gives out access tokens "access-1", "access-2", ... at /token; else behaves as told.
HttpPeer::Behaviour with_tokens(HttpPeer::Behaviour behaviour) {
  const auto given = std::make_shared<std::atomic<int>>(0);
  return [given, behaviour](const PeerRequest& request, std::size_t number) {
    if (!request.line.starts_with("POST /token ")) return behaviour(request, number);
    const json token{{"access_token", "access-" + std::to_string(++*given)}, {"expires_in", 3600}};
    return PeerReply::answer(200, token.dump());
  };
}

HttpPeer::Behaviour always(PeerReply reply) {
  return [reply](const PeerRequest&, std::size_t) { return reply; };
}

class EveryProvider : public HookFixture, public ::testing::WithParamInterface<ProviderCase> {
 protected:
  DeliveryOutcome send_to(const HttpPeer& peer, const json& more = json::object()) {
    json settings = filled(GetParam().settings, peer);
    settings.update(more);
    auto environment = harness_.environment(GetParam().name);
    provider_ = made(GetParam().factory(settings, environment));
    if (!provider_) return {};
    return harness_.send(*provider_, request());
  }
  DeliveryOutcome send_to(PeerReply reply, const json& more = json::object()) {
    HttpPeer peer(with_tokens(always(std::move(reply))));
    return send_to(peer, more);
  }
  static DeliveryRequest request() {
    auto request = hook_request(GetParam().content);
    request.recipient = GetParam().recipients;
    return request;
  }
  std::shared_ptr<Provider> provider_;
};

TEST_P(EveryProvider, SendsWhatTheDocumentationSays) {
  HttpPeer peer(with_tokens(always(GetParam().success)));
  const auto outcome = send_to(peer);
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  EXPECT_EQ(outcome.message_id, GetParam().message_id);
  EXPECT_EQ(outcome.error_code, "");
  const PeerRequest got = peer.requests().back();
  EXPECT_EQ(got.line, GetParam().line);
  for (const auto& [name, value] : GetParam().headers) {
    ASSERT_TRUE(got.headers.contains(name)) << name;
    EXPECT_EQ(got.headers.at(name), value) << name;
  }
  const json expected = json::parse(GetParam().body, nullptr, false);
  if (expected.is_discarded()) {
    EXPECT_EQ(got.body, GetParam().body);
  } else {
    EXPECT_EQ(json::parse(got.body, nullptr, false), expected);
  }
}

TEST_P(EveryProvider, ChecksBeforeItSends) {
  HttpPeer peer(with_tokens(always(GetParam().success)));
  const auto provider =
      made(GetParam().factory(filled(GetParam().settings, peer), harness_.environment("p")));
  ASSERT_TRUE(provider);
  EXPECT_TRUE(provider->check(GetParam().content, GetParam().recipients));
  EXPECT_FALSE(provider->check(json::object(), GetParam().recipients));
  EXPECT_FALSE(provider->check({{"subjekt", "x"}}, GetParam().recipients));
  if (provider->needs_recipient()) {
    EXPECT_FALSE(provider->check(GetParam().content, json::array()));
    EXPECT_FALSE(provider->check(GetParam().content, json::array({{{"phone", "0801"}}})));
  }
  auto bad = request();
  bad.content = json::object();
  EXPECT_EQ(harness_.send(*provider, std::move(bad)).kind, Kind::kPermanent);
  EXPECT_TRUE(peer.requests().empty());
}

TEST_P(EveryProvider, GivesUpOnWhatCannotWork) {
  const JudgedReply& expected = GetParam().permanent;
  const auto outcome = send_to(expected.reply);
  EXPECT_EQ(outcome.kind, Kind::kPermanent);
  EXPECT_EQ(outcome.error_code, expected.code);
  EXPECT_EQ(outcome.error, expected.error);
}

TEST_P(EveryProvider, KeepsTheMessageForTheTimeAfterARepair) {
  const JudgedReply& expected = GetParam().operators;
  const auto outcome = send_to(expected.reply);
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, expected.code);
  EXPECT_EQ(outcome.error, expected.error);
}

TEST_P(EveryProvider, TriesAgainAfterAServersError) {
  for (const int status : {500, 502, 503, 504}) {
    const auto outcome = send_to(PeerReply::answer(status, "<html>oops</html>"));
    EXPECT_EQ(outcome.kind, Kind::kTransient) << status;
    EXPECT_EQ(outcome.error_code, std::to_string(status));
  }
}

TEST_P(EveryProvider, WaitsAsLongAsItIsTold) {
  const auto told = send_to(PeerReply::answer(429, "{}", "Retry-After: 17\r\n"));
  EXPECT_EQ(told.kind, Kind::kThrottled);
  EXPECT_EQ(told.retry_after, Duration{17'000});
  const auto untold = send_to(PeerReply::answer(429, "{}"));
  EXPECT_EQ(untold.kind, Kind::kThrottled);
  EXPECT_EQ(untold.retry_after, Duration{10'000});
}

TEST_P(EveryProvider, EndsATransferThatHangs) {
  const auto outcome = send_to(PeerReply::hang(), {{"timeout", "300ms"}});
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "timeout");
}

TEST_P(EveryProvider, EndsATransferThatDrips) {
  const auto outcome = send_to(PeerReply::dripping(100ms), {{"timeout", "300ms"}});
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "timeout");
}

TEST_P(EveryProvider, TakesABrokenConnectionForTransient) {
  EXPECT_EQ(send_to(PeerReply::reset()).kind, Kind::kTransient);
  EXPECT_EQ(send_to(PeerReply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")).kind,
            Kind::kTransient);
}

TEST_P(EveryProvider, LivesWithGarbage) {
  EXPECT_EQ(send_to(PeerReply::raw("\x01\x02 what is HTTP?\r\n\r\n")).kind, Kind::kTransient);
  const auto junk = send_to(PeerReply::answer(400, "\xff\xfe{[\x01"));
  EXPECT_EQ(junk.kind, Kind::kPermanent);
  EXPECT_EQ(junk.error_code, "400");
}

TEST_P(EveryProvider, ShowsNoSecretThatAnAnswerRepeats) {
  HttpPeer peer(with_tokens([](const PeerRequest& request, std::size_t) {
    std::string echo = request.line;
    for (const auto& [name, value] : request.headers) echo += " " + value;
    const json said{{"message", echo}, {"Message", echo}, {"code", 400}};
    json body = said;
    body["error"] = said;
    body["errors"] = json::array({said});
    return PeerReply::answer(400, body.dump());
  }));
  const auto outcome = send_to(peer);
  for (const char* secret : {"for-tests", "access-1"}) {
    EXPECT_EQ(outcome.error.find(secret), std::string::npos) << outcome.error;
    EXPECT_EQ(outcome.error_code.find(secret), std::string::npos) << outcome.error_code;
  }
}

TEST_P(EveryProvider, RefusesUnknownSettings) {
  HttpPeer peer(PeerReply::answer(200));
  json settings = filled(GetParam().settings, peer);
  settings["colour"] = "red";
  const auto wrong = GetParam().factory(settings, harness_.environment("p"));
  ASSERT_FALSE(wrong);
  ASSERT_EQ(wrong.error().fields.size(), 1U) << wrong.error().message;
  EXPECT_EQ(wrong.error().fields[0].pointer, "/colour");
  const bool needs_none = GetParam().name == "expo";
  EXPECT_EQ(GetParam().factory(json::object(), harness_.environment("p")).has_value(), needs_none);
}

INSTANTIATE_TEST_SUITE_P(Drivers, EveryProvider, ::testing::ValuesIn(provider_cases()),
                         [](const auto& one) { return one.param.name; });

class Fcm : public HookFixture {
 protected:
  std::shared_ptr<Provider> fcm(const HttpPeer& peer, const json& more = json::object()) {
    json settings = filled(cases::fcm().settings, peer);
    settings.update(more);
    return made(create_fcm_channel(settings, harness_.environment("fcm")));
  }
  static DeliveryRequest push_to(std::vector<std::string> devices) {
    auto request = hook_request({{"title", "t"}});
    json recipients = json::array();
    for (const auto& device : devices) recipients.push_back({{"deviceToken", device}});
    request.recipient = recipients;
    return request;
  }
  static std::size_t tokens_asked(const HttpPeer& peer) {
    std::size_t count = 0;
    for (const auto& request : peer.requests()) {
      if (request.line.starts_with("POST /token ")) ++count;
    }
    return count;
  }
};

TEST_F(Fcm, AsksForATokenWithASignedAssertion) {
  HttpPeer peer(with_tokens(always(PeerReply::answer(200, R"({"name":"m"})"))));
  harness_.send(*fcm(peer), push_to({"a"}));
  const PeerRequest got = peer.requests().front();
  EXPECT_EQ(got.line, "POST /token HTTP/1.1");
  EXPECT_EQ(got.headers.at("content-type"), "application/x-www-form-urlencoded");
  EXPECT_TRUE(got.body.starts_with(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ"))
      << got.body.substr(0, 100);
}

TEST_F(Fcm, SharesOneRefreshAmongManySends) {
  HttpPeer peer([](const PeerRequest& request, std::size_t) {
    if (!request.line.starts_with("POST /token ")) return PeerReply::answer(200, R"({"name":"m"})");
    auto reply = PeerReply::answer(200, R"({"access_token":"a","expires_in":3600})");
    reply.delay = 200ms;
    return reply;
  });
  const auto provider = fcm(peer);
  Outcomes outcomes;
  for (int i = 0; i < 50; ++i) provider->send(push_to({"a"}), outcomes.taker());
  for (const auto& outcome : outcomes.wait(50)) EXPECT_EQ(outcome.kind, Kind::kSent);
  EXPECT_EQ(tokens_asked(peer), 1U);
}

TEST_F(Fcm, AsksForAnotherTokenWhenOneIsRefused) {
  HttpPeer peer(with_tokens([](const PeerRequest& request, std::size_t) {
    const bool old = request.headers.at("authorization") == "Bearer access-1";
    return old ? PeerReply::answer(401, R"({"error":{"status":"UNAUTHENTICATED"}})")
               : PeerReply::answer(200, R"({"name":"m"})");
  }));
  const auto provider = fcm(peer);
  EXPECT_EQ(harness_.send(*provider, push_to({"a"})).kind, Kind::kTransient);
  EXPECT_EQ(harness_.send(*provider, push_to({"a"})).kind, Kind::kSent);
  EXPECT_EQ(tokens_asked(peer), 2U);
}

TEST_F(Fcm, IsTransientWithoutAToken) {
  for (const auto& reply : {PeerReply::answer(400, R"({"error":"invalid_grant"})"),
                            PeerReply::answer(200, "{}"), PeerReply::reset()}) {
    HttpPeer peer(reply);
    EXPECT_EQ(harness_.send(*fcm(peer), push_to({"a"})).kind, Kind::kTransient);
    EXPECT_EQ(peer.requests().size(), 1U);
  }
}

TEST_F(Fcm, IsSentWhenOneDeviceTookIt) {
  HttpPeer peer(with_tokens([](const PeerRequest& request, std::size_t) {
    const bool good = request.body.find("good") != std::string::npos;
    return good ? PeerReply::answer(200, R"({"name":"m"})") : PeerReply::answer(404, "{}");
  }));
  const auto provider = fcm(peer);
  EXPECT_EQ(harness_.send(*provider, push_to({"bad", "good", "worse"})).kind, Kind::kSent);
  EXPECT_EQ(harness_.send(*provider, push_to({"bad", "worse"})).kind, Kind::kPermanent);
}

class Expo : public HookFixture {};

TEST_F(Expo, FetchesReceipts) {
  HttpPeer peer(PeerReply::answer(200, R"({"data":{
      "t1":{"status":"ok"},
      "t2":{"status":"error","message":"gone","details":{"error":"DeviceNotRegistered"}}}})"));
  const auto provider =
      made(create_expo_channel(filled({{"base_url", "BASE"}}, peer), harness_.environment("expo")));
  const auto source = std::dynamic_pointer_cast<ReceiptSource>(provider);
  ASSERT_TRUE(source);
  std::promise<Result<std::vector<DeliveryReceipt>>> answer;
  source->fetch_receipts({"t1", "t2", "t3"}, [&](auto result) { answer.set_value(result); });
  const auto receipts = answer.get_future().get();
  ASSERT_TRUE(receipts) << receipts.error().message;
  ASSERT_EQ(receipts->size(), 2U);
  EXPECT_EQ(receipts->at(0).kind, DeliveryReceipt::Kind::kDelivered);
  EXPECT_EQ(receipts->at(1).message_id, "t2");
  EXPECT_EQ(receipts->at(1).kind, DeliveryReceipt::Kind::kBounced);
  EXPECT_TRUE(receipts->at(1).permanent);
  EXPECT_EQ(peer.requests().at(0).line, "POST /--/api/v2/push/getReceipts HTTP/1.1");
  EXPECT_EQ(json::parse(peer.requests().at(0).body), (json{{"ids", {"t1", "t2", "t3"}}}));
}

class HttpDriver : public HookFixture {
 protected:
  PeerRequest sent(json settings, const json& content, const json& recipients) {
    HttpPeer peer(PeerReply::answer(200));
    settings = filled(settings, peer);
    const auto provider = made(create_http_channel(settings, harness_.environment("http")));
    auto request = hook_request(content);
    request.recipient = recipients;
    const auto outcome = harness_.send(*provider, std::move(request));
    EXPECT_EQ(outcome.kind, Kind::kSent) << outcome.error;
    const auto requests = peer.requests();
    return requests.empty() ? PeerRequest{} : requests.front();
  }
};

TEST_F(HttpDriver, SendsAForm) {
  const auto got = sent({{"url", "BASE/send"},
                         {"type", "any"},
                         {"form", {{"to", "{{recipient.id}}"}, {"text", "{{content.a}} & co"}}},
                         {"username", "u"},
                         {"password", "p"}},
                        {{"a", "x=y"}}, json::array({{{"id", 7}}}));
  EXPECT_EQ(got.body, "text=x%3Dy%20%26%20co&to=7");
  EXPECT_EQ(got.headers.at("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(got.headers.at("authorization"), "Basic dTpw");
}

TEST_F(HttpDriver, EscapesAsTheContentTypeNeeds) {
  const json recipients = json::array({{{"id", 7}}});
  const json content{{"a", "\"<&\n"}};
  const json settings{{"url", "BASE/"}, {"type", "any"}, {"body", R"({"t":"{{content.a}}"})"}};
  EXPECT_EQ(sent(settings, content, recipients).body, R"({"t":"\"<&\n"})");
  json xml = settings;
  xml["content_type"] = "application/xml";
  xml["body"] = "<t>{{content.a}}</t>";
  EXPECT_EQ(sent(xml, content, recipients).body, "<t>&quot;&lt;&amp;\n</t>");
}

TEST_F(HttpDriver, GetsWithoutABody) {
  const auto got = sent({{"url", "BASE/send?to={{recipient.id}}&text={{content.a}}"},
                         {"type", "any"},
                         {"method", "GET"}},
                        {{"a", "b c&d"}}, json::array({{{"id", 7}}}));
  EXPECT_EQ(got.line, "GET /send?to=7&text=b%20c%26d HTTP/1.1");
  EXPECT_EQ(got.body, "");
}

}  // namespace
}  // namespace townkrier::testing
