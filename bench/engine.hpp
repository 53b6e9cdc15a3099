#pragma once

/// \file bench/engine.hpp
/// An engine on RocksDB in this process, whose channel (or job handler) does nothing but count.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "bench/options.hpp"
#include "bench/payload.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::bench {

/// Called when an attempt starts; what it returns is the attempt's outcome. Thread-safe.
using Respond = std::function<DeliveryOutcome(const DeliveryRequest&)>;

struct EngineSetup {
  std::string dir;
  Respond respond = {};  ///< Absent: every delivery is sent.
  QueueOptions queue = {};
  bool hanging_channel = false;  ///< Also a channel that never answers.
};

class HangingProvider;

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Options& options, EngineSetup setup);
  /// Lets hanging deliveries go, then stops in order.
  ~Engine();

  QueueManager& queue() { return *queue_; }
  const Payload& payload() const { return payload_; }
  /// Reads the engine's log rows.
  StorageManager& storage() { return *storage_; }

  /// Attempts started so far.
  std::size_t started() const { return started_->load(); }
  std::size_t hanging() const;

  /// Until that many jobs are completed and nothing is left to do; kTimeout when `seconds` pass.
  Result<void> wait_completed(std::size_t jobs, double seconds);

 private:
  explicit Engine(const Options& options) : payload_(options) {}
  Result<void> add_channels(const Options& options, const EngineSetup& setup);

  Payload payload_;
  std::shared_ptr<std::atomic<std::size_t>> started_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<HangingProvider> hanging_;
  std::unique_ptr<StorageManager> storage_;
  std::unique_ptr<NotificationManager> notifications_;
  std::unique_ptr<QueueManager> queue_;
};

/// Looks every half millisecond until `is_true`; false when `seconds` pass.
bool wait_until(const std::function<bool()>& is_true, double seconds);

}  // namespace townkrier::bench
