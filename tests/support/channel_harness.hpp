#pragma once

/// \file channel_harness.hpp
/// The bundled drivers on a real transport with a thread of its own, as an engine would run it.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "townkrier/notification_manager.hpp"

namespace townkrier::testing {

/// Outcomes as they come in, from any thread. What is shared with the takers outlives this object:
/// a transfer that a test leaves hanging is answered only when the loop stops.
class Outcomes {
 public:
  DeliveryDone taker() {
    return [shared = shared_](DeliveryOutcome outcome) {
      const std::lock_guard lock(shared->mutex);
      shared->outcomes.push_back(std::move(outcome));
      shared->changed.notify_all();
    };
  }
  /// All so far, once there are `count`; fails the test when they do not come within a minute.
  std::vector<DeliveryOutcome> wait(std::size_t count) {
    std::unique_lock lock(shared_->mutex);
    EXPECT_TRUE(shared_->changed.wait_for(lock, std::chrono::minutes(1),
                                          [&] { return shared_->outcomes.size() >= count; }));
    return shared_->outcomes;
  }
  std::size_t size() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->outcomes.size();
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<DeliveryOutcome> outcomes;
  };
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

class ChannelHarness {
 public:
  ChannelHarness() {
    pump_ = std::thread([this] {
      while (!done_) loop_->run_once(Duration{1000});
    });
  }
  ~ChannelHarness() { stop(); }
  ChannelHarness(const ChannelHarness&) = delete;
  ChannelHarness& operator=(const ChannelHarness&) = delete;

  ProviderEnvironment environment(std::string provider) const {
    return {.channel = "test", .provider = std::move(provider), .transport = loop_};
  }

  /// Sends and waits for the outcome.
  DeliveryOutcome send(Provider& provider, DeliveryRequest request) {
    Outcomes outcomes;
    provider.send(std::move(request), outcomes.taker());
    const auto all = outcomes.wait(1);
    return all.empty() ? DeliveryOutcome{} : all.front();
  }

  /// As an engine stops: the thread ends first, then the loop is stopped.
  void stop() {
    if (!pump_.joinable()) return;
    done_ = true;
    loop_->wake();
    pump_.join();
    loop_->stop();
  }
  TransportLoop& loop() { return *loop_; }

 private:
  NotificationManager manager_;
  std::shared_ptr<TransportLoop> loop_ = manager_.transport();
  std::atomic<bool> done_{false};
  std::thread pump_;
};

}  // namespace townkrier::testing
