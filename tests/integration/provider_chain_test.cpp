// Several providers of one channel under the real engine: shares, fallback, limits.

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"
#include "support/http_peer.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class Hook : public Notification {
  std::vector<std::string> via() const override { return {"hook"}; }
  std::optional<JsonText> to_channel(std::string_view) const override {
    return json{{"body", {{"n", 1}}}};
  }
};

/// An engine with one channel "hook" of webhook providers.
class Chain {
 public:
  Chain(ChannelConfig channel, const std::vector<const HttpPeer*>& peers,
        std::vector<ProviderConfig> providers) {
    channel.name = "hook";
    for (std::size_t i = 0; i < peers.size(); ++i) {
      providers[i].driver = "webhook";
      providers[i].settings = json{{"url", peers[i]->url()}, {"allow_private", true}};
    }
    channel.providers = std::move(providers);
    notifications_.register_channel(std::move(channel));
    EXPECT_TRUE(queue_.start_processing());
  }
  void enqueue(int count) {
    for (int i = 0; i < count; ++i) {
      const auto job = queue_.enqueue(Hook(), Recipient());
      ASSERT_TRUE(job) << job.error().message;
    }
  }
  bool wait_completed(std::uint64_t count) {
    return eventually([&] { return queue_.get_stats().value().completed >= count; }, 60s);
  }
  QueueStats stats() { return queue_.get_stats().value(); }

 private:
  static QueueAdapter adapter() {
    QueueOptions options;
    options.jitter = 0;
    options.retry_delay = 50ms;
    options.poll_interval = 50ms;
    return InMemoryQueueAdapter(options);
  }
  NotificationManager notifications_;
  QueueManager queue_{adapter(), notifications_};
};

std::size_t messages_of(const HttpPeer& peer) {
  std::map<std::string, int> ids;
  for (const auto& request : peer.requests()) ++ids[request.headers.at("webhook-id")];
  return ids.size();
}

TEST(ProviderChain, SharesByWeight) {
  HttpPeer heavy(PeerReply::answer(200));
  HttpPeer light(PeerReply::answer(200));
  HttpPeer spare(PeerReply::answer(200));
  ChannelConfig channel;
  channel.strategy = ProviderStrategy::kWeighted;
  Chain chain(channel, {&heavy, &light, &spare}, {{.weight = 3}, {.weight = 1}, {.weight = 0}});
  chain.enqueue(40);
  ASSERT_TRUE(chain.wait_completed(40));
  EXPECT_EQ(heavy.requests().size(), 30U);
  EXPECT_EQ(light.requests().size(), 10U);
  EXPECT_EQ(spare.requests().size(), 0U);
}

TEST(ProviderChain, FallsBackWhileThePrimaryIsDownAndComesBack) {
  std::atomic<bool> down{true};
  std::atomic<std::size_t> taken{0};
  HttpPeer primary([&](const PeerRequest&, std::size_t) {
    if (!down) ++taken;
    return PeerReply::answer(down ? 500 : 200);
  });
  HttpPeer secondary(PeerReply::answer(200));
  ChannelConfig channel;
  channel.concurrency = 1;
  channel.breaker = {.failures = 3, .cooldown = 500ms};
  Chain chain(channel, {&primary, &secondary}, {{}, {}});
  chain.enqueue(20);
  ASSERT_TRUE(chain.wait_completed(20));
  EXPECT_EQ(messages_of(secondary), 20U);
  EXPECT_EQ(secondary.requests().size(), 20U) << "nothing was sent twice";
  EXPECT_GE(primary.requests().size(), 3U);
  EXPECT_LE(primary.requests().size(), 8U) << "the breaker keeps the rest from it";
  down = false;
  std::uint64_t jobs = 20;
  ASSERT_TRUE(eventually([&] {
    chain.enqueue(1);
    return chain.wait_completed(++jobs) && taken > 0;
  }));
  EXPECT_EQ(secondary.requests().size() + taken, jobs) << "nothing was sent twice";
}

TEST(ProviderChain, LosesNothingToAProviderThatThrottles) {
  constexpr int kJobs = 30;
  std::mutex mutex;
  std::vector<std::chrono::steady_clock::time_point> taken;
  HttpPeer peer([&](const PeerRequest&, std::size_t) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex);
    std::erase_if(taken, [&](auto at) { return now - at > 1s; });
    if (taken.size() >= 10) return PeerReply::answer(429, "{}", "Retry-After: 1\r\n");
    taken.push_back(now);
    return PeerReply::answer(200);
  });
  Chain chain({}, {&peer}, {{}});
  chain.enqueue(kJobs);
  ASSERT_TRUE(chain.wait_completed(kJobs));
  EXPECT_EQ(messages_of(peer), std::size_t{kJobs});
  EXPECT_LT(peer.requests().size(), 120U) << "it is left alone for as long as it says";
  EXPECT_EQ(chain.stats().failed, 0U);
}

TEST(ProviderChain, KeepsToTheRateOfAProvider) {
  HttpPeer slow(PeerReply::answer(200));
  HttpPeer rest(PeerReply::answer(200));
  Chain chain({}, {&slow, &rest}, {{.rate = 1}, {}});
  chain.enqueue(20);
  ASSERT_TRUE(chain.wait_completed(20));
  EXPECT_GE(slow.requests().size(), 1U);
  EXPECT_LE(slow.requests().size(), 10U);
  EXPECT_EQ(messages_of(slow) + messages_of(rest), 20U);
}

}  // namespace
}  // namespace townkrier::testing
