// The transport's one thread has many deliveries in flight, and one that hangs holds up no other.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

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
 public:
  explicit Hook(std::string channel) : channel_(std::move(channel)) {}
  std::vector<std::string> via() const override { return {channel_}; }
  std::optional<JsonText> to_channel(std::string_view) const override {
    return json{{"body", {{"n", 1}}}};
  }

 private:
  std::string channel_;
};

void add_hook(NotificationManager& notifications, const std::string& name, const HttpPeer& peer,
              int concurrency) {
  ChannelConfig channel;
  channel.name = name;
  channel.concurrency = concurrency;
  channel.providers.push_back(
      {.driver = "webhook", .settings = json{{"url", peer.url()}, {"allow_private", true}}});
  notifications.register_channel(std::move(channel));
}

QueueAdapter adapter() {
  QueueOptions options;
  options.queues["default"].concurrency = 1000;
  options.drain_timeout = 0ms;
  return InMemoryQueueAdapter(options);
}

void enqueue(QueueManager& queue, const std::string& channel, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto job = queue.enqueue(Hook(channel), Recipient());
    ASSERT_TRUE(job) << job.error().message;
  }
}

/// Answers only when as many requests as wanted wait for their answer together.
class Gathering {
 public:
  explicit Gathering(std::size_t wanted) : wanted_(wanted) {}
  PeerReply operator()(const PeerRequest&, std::size_t) {
    std::unique_lock lock(mutex_);
    if (++here_ >= wanted_) complete_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, 60s, [&] { return complete_; });
    return PeerReply::answer(complete_ ? 200 : 500);
  }
  bool complete() {
    const std::lock_guard lock(mutex_);
    return complete_;
  }

 private:
  const std::size_t wanted_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t here_ = 0;
  bool complete_ = false;
};

TEST(Outgoing, KeepsFiveHundredDeliveriesInFlight) {
  constexpr std::size_t kJobs = 500;
  const auto gathering = std::make_shared<Gathering>(kJobs);
  HttpPeer peer([gathering](const PeerRequest& request, std::size_t number) {
    return (*gathering)(request, number);
  });
  NotificationManager notifications;
  add_hook(notifications, "hook", peer, 600);
  QueueManager queue{adapter(), notifications};
  ASSERT_TRUE(queue.start_processing());
  enqueue(queue, "hook", kJobs);
  EXPECT_TRUE(eventually([&] { return queue.get_stats().value().completed == kJobs; }, 60s));
  EXPECT_TRUE(gathering->complete()) << "all of them were in flight together";
  EXPECT_EQ(peer.requests().size(), kJobs) << "each was sent once";
}

TEST(Outgoing, AHungProviderHoldsUpNoOther) {
  constexpr std::size_t kHung = 100;
  constexpr std::size_t kJobs = 200;
  HttpPeer hung(PeerReply::hang());
  HttpPeer well(PeerReply::answer(200));
  NotificationManager notifications;
  add_hook(notifications, "hung", hung, int(kHung));
  add_hook(notifications, "well", well, 16);
  QueueManager queue{adapter(), notifications};
  ASSERT_TRUE(queue.start_processing());
  enqueue(queue, "hung", 3 * kHung);  // more than its channel has room for
  ASSERT_TRUE(hung.wait_requests(kHung));
  enqueue(queue, "well", kJobs);
  EXPECT_TRUE(eventually([&] { return queue.get_stats().value().completed == kJobs; }, 60s));
  EXPECT_EQ(well.requests().size(), kJobs);
  EXPECT_EQ(hung.requests().size(), kHung) << "they hang all the while";
}

}  // namespace
}  // namespace townkrier::testing
