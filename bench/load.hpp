#pragma once

// Load on an embedded engine with a channel that does nothing.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <townkrier/townkrier.hpp>

namespace townkrier::bench {

struct LoadOptions {
  std::size_t jobs = 100'000;
  std::size_t outstanding = 64;     ///< Single requests in flight.
  std::size_t payload_bytes = 250;  ///< Of the notification's text.
  Durability durability = Durability::kFsync;
  std::string data_dir;
};

/// An engine on RocksDB whose only channel takes every delivery at once.
class NoOpEngine {
 public:
  static Result<std::unique_ptr<NoOpEngine>> open(const LoadOptions& options);

  QueueManager& queue() { return *queue_; }
  std::size_t delivered() const { return delivered_->load(); }
  /// Waits until that many were delivered; false when `limit` passes first.
  bool wait_delivered(std::size_t count, std::chrono::seconds limit) const;

 private:
  std::shared_ptr<std::atomic<std::size_t>> delivered_;
  std::unique_ptr<NotificationManager> notifications_;
  std::unique_ptr<QueueManager> queue_;
};

struct Measured {
  double seconds = 0;
  double rate = 0;                   ///< Jobs a second.
  std::vector<double> latencies_ms;  ///< Sorted; of each request.
  std::size_t errors = 0;
};

/// Enqueues one job a request, `outstanding` at a time, each acknowledged when durable.
Measured enqueue_load(QueueManager& queue, const LoadOptions& options);

/// The value below which `share` (0..1) of sorted values lie.
double percentile(const std::vector<double>& sorted, double share);

/// Bytes of the store's write-ahead logs.
std::size_t log_bytes(const std::string& data_dir);

}  // namespace townkrier::bench
