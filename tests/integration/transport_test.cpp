// The transport under many transfers, cancellation and stop, and immediate sends without an engine,
// against real HTTP servers on loopback.

#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/channel_harness.hpp"
#include "support/hook_fixture.hpp"
#include "support/http_peer.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

class Transfers : public HookFixture {};

TEST_F(Transfers, Carries500TransfersAtOnce) {
  // Nobody is answered before all are there, so all have to be in flight at the same time.
  std::atomic<HttpPeer*> self{nullptr};
  HttpPeer peer([&](const PeerRequest&, std::size_t) {
    self.wait(nullptr);
    auto reply = PeerReply::answer(self.load()->wait_requests(500) ? 200 : 503);
    reply.delay = std::chrono::milliseconds(50);
    return reply;
  });
  self = &peer;
  self.notify_all();
  const auto provider = webhook(peer, {{"timeout", "1m"}});
  Outcomes outcomes;
  for (int i = 0; i < 500; ++i) {
    auto request = hook_request({{"body", i}}, "key-" + std::to_string(i));
    request.timeout = Duration{60'000};
    provider->send(std::move(request), outcomes.taker());
  }
  for (const auto& outcome : outcomes.wait(500))
    ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  std::set<std::string> keys;
  for (const auto& request : peer.requests()) keys.insert(request.headers.at("idempotency-key"));
  EXPECT_EQ(keys.size(), 500U);
  EXPECT_EQ(peer.requests().size(), 500U) << "none was sent twice";
}

TEST_F(Transfers, UsesAConnectionAgain) {
  HttpPeer peer(PeerReply::answer(200));
  const auto provider = webhook(peer);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(harness_.send(*provider, hook_request({{"body", i}})).kind, Kind::kSent);
  }
  EXPECT_EQ(peer.connections(), 1U);
}

TEST_F(Transfers, ASlowPeerDelaysNoOther) {
  HttpPeer hanging(PeerReply::hang());
  HttpPeer good(PeerReply::answer(200));
  Outcomes hung;
  const auto slow = webhook(hanging, {{"timeout", "10m"}});
  for (int i = 0; i < 100; ++i) {
    auto request = hook_request({{"body", i}});
    request.timeout = Duration{600'000};
    slow->send(std::move(request), hung.taker());
  }
  ASSERT_TRUE(hanging.wait_requests(100));
  EXPECT_EQ(post(good).kind, Kind::kSent);
  EXPECT_EQ(hung.size(), 0U);
}

TEST_F(Transfers, EndsATransferWhenItIsCancelled) {
  HttpPeer peer(PeerReply::hang());
  std::stop_source source;
  auto request = hook_request({{"body", 1}});
  request.stop = source.get_token();
  Outcomes outcomes;
  webhook(peer)->send(std::move(request), outcomes.taker());
  ASSERT_TRUE(peer.wait_requests(1));
  source.request_stop();
  const auto all = outcomes.wait(1);
  EXPECT_EQ(all.at(0).kind, Kind::kTransient);
  EXPECT_EQ(all.at(0).error_code, "cancelled");
}

TEST_F(Transfers, StopEndsEverythingAndRefusesMore) {
  HttpPeer peer(PeerReply::hang());
  const auto provider = webhook(peer);
  Outcomes outcomes;
  for (int i = 0; i < 10; ++i) provider->send(hook_request({{"body", i}}), outcomes.taker());
  ASSERT_TRUE(peer.wait_requests(10));
  harness_.stop();
  provider->send(hook_request({{"body", 10}}), outcomes.taker());
  const auto all = outcomes.wait(11);
  ASSERT_EQ(all.size(), 11U);
  for (const auto& outcome : all) {
    EXPECT_EQ(outcome.kind, Kind::kTransient);
    EXPECT_EQ(outcome.error, "shutting down");
  }
}

TEST_F(Transfers, MayBeStoppedByAReply) {
  HttpPeer hanging(PeerReply::hang());
  HttpPeer good(PeerReply::answer(200));
  Outcomes hung;
  webhook(hanging)->send(hook_request({{"body", 1}}), hung.taker());
  ASSERT_TRUE(hanging.wait_requests(1));
  webhook(good)->send(hook_request({{"body", 2}}),
                      [this](DeliveryOutcome) { harness_.loop().stop(); });
  EXPECT_EQ(hung.wait(1).at(0).error, "shutting down");
}

TEST_F(Transfers, WorksAgainAfterAStop) {
  HttpPeer peer(PeerReply::answer(200));
  const auto provider = webhook(peer);
  harness_.stop();
  harness_.loop().run_once(Duration{0});
  Outcomes outcomes;
  provider->send(hook_request({{"body", 1}}), outcomes.taker());
  while (outcomes.size() == 0) harness_.loop().run_once(Duration{100});
  EXPECT_EQ(outcomes.wait(1).at(0).kind, Kind::kSent);
}

TEST(TransferEnvironment, NamesNoProxy) {
  HttpPeer proxy(PeerReply::answer(200));
  HttpPeer peer(PeerReply::answer(200));
  ASSERT_EQ(::setenv("http_proxy", proxy.url("").c_str(), 1), 0);
  {
    ChannelHarness harness;
    const auto provider = create_webhook_channel({{"url", peer.url()}, {"allow_private", true}},
                                                 harness.environment("webhook"));
    ASSERT_TRUE(provider);
    EXPECT_EQ(harness.send(**provider, hook_request({{"body", 1}})).kind, Kind::kSent);
  }
  ::unsetenv("http_proxy");
  EXPECT_EQ(peer.requests().size(), 1U);
  EXPECT_TRUE(proxy.requests().empty());
}

struct Note : Notification {
  std::optional<JsonText> to_channel(std::string_view) const override {
    return JsonText(json{{"body", "hello"}});
  }
  std::vector<std::string> via() const override { return {"hook"}; }
};

ChannelConfig hook_channel(const std::vector<std::string>& urls) {
  ChannelConfig channel;
  channel.name = "hook";
  for (const std::string& url : urls) {
    channel.providers.push_back(
        {.driver = "webhook", .name = {}, .settings = json{{"url", url}, {"allow_private", true}}});
  }
  return channel;
}

TEST(ImmediateSend, CarriesItsOwnTransfers) {
  HttpPeer peer(PeerReply::answer(200));
  NotificationManager notifications;
  notifications.register_channel(hook_channel({peer.url()}));
  const auto report = notifications.send(Note{}, Recipient{});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->status, SendReport::Status::kSuccess);
}

TEST(ImmediateSend, GoesOnToTheNextProviderOnATransientFailure) {
  HttpPeer broken(PeerReply::answer(500));
  HttpPeer good(PeerReply::answer(200));
  NotificationManager notifications;
  notifications.register_channel(hook_channel({broken.url(), good.url()}));
  const auto report = notifications.send(Note{}, Recipient{});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, SendReport::Status::kSuccess);
  EXPECT_EQ(report->results.at("hook").provider, "webhook-2");
  EXPECT_EQ(broken.requests().size(), 1U);
}

TEST(ImmediateSend, StopsAtAPermanentRefusal) {
  HttpPeer refusing(PeerReply::answer(410));
  HttpPeer good(PeerReply::answer(200));
  NotificationManager notifications;
  notifications.register_channel(hook_channel({refusing.url(), good.url()}));
  const auto report = notifications.send(Note{}, Recipient{});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, SendReport::Status::kFailed);
  EXPECT_TRUE(good.requests().empty());
}

TEST(ImmediateSend, GivesUpAtItsDeadline) {
  HttpPeer peer(PeerReply::hang());
  NotificationManager notifications;
  notifications.register_channel(hook_channel({peer.url()}));
  const auto report = notifications.send(Note{}, Recipient{}, Duration{200});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, SendReport::Status::kFailed);
  EXPECT_NE(report->results.at("hook").error.find("no answer in time"), std::string::npos);
}

TEST(ImmediateSend, WorksFromManyThreadsAtOnce) {
  HttpPeer peer([](const PeerRequest&, std::size_t) {
    auto reply = PeerReply::answer(200);
    reply.delay = std::chrono::milliseconds(20);
    return reply;
  });
  NotificationManager notifications;
  notifications.register_channel(hook_channel({peer.url()}));
  ASSERT_TRUE(notifications.ready());
  std::atomic<int> sent{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 10; ++k) {
          const auto report = notifications.send(Note{}, Recipient{});
          if (report && report->status == SendReport::Status::kSuccess) ++sent;
        }
      });
    }
  }
  EXPECT_EQ(sent, 80);
  EXPECT_EQ(peer.requests().size(), 80U);
}

}  // namespace
}  // namespace townkrier::testing
