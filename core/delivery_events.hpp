#pragma once

/// \file delivery_events.hpp
/// Delivery events made from changes of jobs, and who gets them.

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "townkrier/events.hpp"
#include "townkrier/store.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// What a written change of a notification's job tells, in order.
std::vector<DeliveryEvent> events_of(const JobChange& change, TimePoint now);

/// The listeners of delivery events. Thread-safe; `tell` is called by one thread at a time.
class DeliveryFeed {
 public:
  /// Whether anybody listens: else nobody makes events.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  void add(DeliveryEventSink sink);
  /// Returns how many listeners threw and are called no more.
  std::size_t tell(const std::vector<DeliveryEvent>& events);

 private:
  std::atomic<bool> wanted_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<const DeliveryEventSink>> sinks_;  // guarded by mutex_
};

}  // namespace townkrier
