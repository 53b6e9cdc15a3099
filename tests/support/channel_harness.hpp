#pragma once

/// \file channel_harness.hpp
/// The bundled drivers on a real transport with a thread of its own, as an engine would run it.

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "townkrier/notification_manager.hpp"

namespace townkrier::testing {

/// Outcomes as they come in, from any thread.
class Outcomes {
 public:
  DeliveryDone taker() {
    return [this](DeliveryOutcome outcome) {
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(std::move(outcome));
      changed_.notify_all();
    };
  }
  /// All so far, once there are `count`; fails the test when they do not come within a minute.
  std::vector<DeliveryOutcome> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::minutes(1),
                                  [&] { return outcomes_.size() >= count; }));
    return outcomes_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return outcomes_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DeliveryOutcome> outcomes_;
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
