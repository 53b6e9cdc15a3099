// Events posted to a URL: signed, retried, bounded.

#include <atomic>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "channels/webhook_signature.hpp"  // why: the receiver's side of the signature
#include "support/channel_harness.hpp"
#include "support/eventually.hpp"
#include "support/http_peer.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Kind = DeliveryEvent::Kind;

json settings_for(const HttpPeer& peer, const json& more = json::object()) {
  json settings{{"url", peer.url("/events")},
                {"allow_private", true},
                {"secret", "a-long-secret"},
                {"retry_delay", "10ms"}};
  settings.update(more);
  return settings;
}

std::vector<DeliveryEvent> events(std::size_t count, Kind kind = Kind::kSent) {
  std::vector<DeliveryEvent> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({.kind = kind,
                   .job = JobId{},
                   .channel = "email",
                   .provider = "smtp",
                   .attempt = 1,
                   .message_id = "m" + std::to_string(i),
                   .at = TimePoint{Duration{1'767'225'600'000}}});
  }
  return all;
}

struct Posting : ::testing::Test {
  ChannelHarness harness;
  std::shared_ptr<EventWebhook> make(const json& settings) {
    auto made = create_event_webhook(settings, harness.environment("webhook"));
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(nullptr);
  }
};

TEST_F(Posting, SignsAndTellsWhatWasAskedFor) {
  HttpPeer peer(PeerReply::answer(204, ""));
  const auto webhook = make(settings_for(peer));
  webhook->push(events(1));
  webhook->push(events(1, Kind::kProviderAttempt));  // not asked for
  ASSERT_TRUE(eventually([&] { return webhook->counts().delivered == 1; }));
  ASSERT_EQ(peer.requests().size(), 1U);
  auto request = peer.requests()[0];
  EXPECT_EQ(request.line, "POST /events HTTP/1.1");
  const json body = json::parse(request.body);
  EXPECT_EQ(body["type"], "delivery.sent");
  EXPECT_EQ(body["timestamp"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(body["id"], request.headers["webhook-id"]);
  EXPECT_EQ(body["data"]["messageId"], "m0");
  EXPECT_EQ(body["data"]["channel"], "email");
  const auto key = webhook_key("a-long-secret");
  EXPECT_EQ(
      request.headers["webhook-signature"],
      webhook_signature(*key, {request.headers["webhook-id"],
                               std::stoll(request.headers["webhook-timestamp"]), request.body}));
}

TEST_F(Posting, IsRepeatedWithTheSameIdUntilItIsTaken) {
  HttpPeer peer([](const PeerRequest&, std::size_t number) {
    return PeerReply::answer(number < 3 ? 500 : 200);
  });
  const auto webhook = make(settings_for(peer));
  webhook->push(events(1));
  ASSERT_TRUE(eventually([&] { return webhook->counts().delivered == 1; }));
  std::set<std::string> ids;
  for (auto request : peer.requests()) ids.insert(request.headers["webhook-id"]);
  EXPECT_EQ(peer.requests().size(), 4U);
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(Posting, IsGivenUpAfterEightRepeatsAndCounted) {
  HttpPeer peer(PeerReply::answer(410));
  const auto webhook = make(settings_for(peer));
  webhook->push(events(1));
  ASSERT_TRUE(eventually([&] { return webhook->counts().dropped == 1; }, 30s));
  EXPECT_EQ(peer.requests().size(), 9U);
  EXPECT_EQ(webhook->counts().waiting, 0U);
}

TEST_F(Posting, HoldsNoMoreThanItMay) {
  HttpPeer peer(PeerReply::hang());
  const auto webhook = make(settings_for(peer, {{"max_waiting", 20}}));
  webhook->push(events(50));
  EXPECT_EQ(webhook->counts().waiting, 20U);
  EXPECT_EQ(webhook->counts().dropped, 30U);
}

TEST_F(Posting, NamesWrongSettings) {
  const auto problem = [&](const json& settings) {
    const auto made = create_event_webhook(settings, harness.environment("webhook"));
    return made ? std::string() : made.error().fields.at(0).pointer;
  };
  EXPECT_EQ(problem(json::object()), "/url");
  EXPECT_EQ(problem({{"url", "https://example.com/e"}, {"events", {"sent"}}}), "/events/0");
  EXPECT_EQ(problem({{"url", "https://example.com/e"}, {"max_waiting", 0}}), "/max_waiting");
  EXPECT_EQ(problem({{"url", "https://example.com/e"}, {"retry_delay", "0s"}}), "/retry_delay");
  EXPECT_EQ(problem({{"url", "https://example.com/e"}, {"colour", "red"}}), "/colour");
  EXPECT_EQ(problem({{"url", "http://127.0.0.1/e"}}), "/url") << "private addresses are refused";
}

TEST(EventWebhookUnderTheEngine, TellsOfEveryJob) {
  std::mutex mutex;
  std::map<std::string, int> types;
  HttpPeer peer([&](const PeerRequest& request, std::size_t) {
    const std::lock_guard lock(mutex);
    ++types[json::parse(request.body)["type"]];
    return PeerReply::answer(200);
  });
  NotificationManager notifications;
  notifications.register_channel("sms", [](const DeliveryRequest& request) {
    return request.content.text().find("bad") == std::string::npos
               ? DeliveryOutcome::sent("m")
               : DeliveryOutcome::permanent("no line to someone@example.com");
  });
  struct Text : Notification {
    explicit Text(std::string text) : text(std::move(text)) {}
    std::optional<SmsContent> to_sms() const override { return SmsContent{.text = text}; }
    std::string text;
  };
  QueueManager queue{InMemoryQueueAdapter(), notifications};
  const auto webhook = create_event_webhook(
      settings_for(peer),
      {.channel = "events", .provider = "webhook", .transport = notifications.transport()});
  ASSERT_TRUE(webhook);
  ASSERT_TRUE(queue.subscribe([sink = *webhook](const std::vector<DeliveryEvent>& events) {
    sink->push(events);
    return true;
  }));
  ASSERT_TRUE(queue.start_processing());
  ASSERT_TRUE(queue.enqueue(Text("good"), Recipient{}.sms("+2348012345678")));
  ASSERT_TRUE(queue.enqueue(Text("bad"), Recipient{}.sms("+2348012345678")));
  ASSERT_TRUE(eventually([&] { return (*webhook)->counts().delivered == 4; }));
  for (const auto& request : peer.requests()) {
    EXPECT_EQ(request.body.find("someone@example.com"), std::string::npos) << "masked";
    EXPECT_EQ(request.body.find("2348012345678"), std::string::npos) << "no recipient";
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(types, (std::map<std::string, int>{
                       {"delivery.failed", 1}, {"delivery.sent", 1}, {"send.complete", 2}}));
}

}  // namespace
}  // namespace townkrier::testing
