#pragma once

/// \file immediate_send.hpp
/// One prepared notification delivered now over its channels, as its plan says, without a job: a
/// fallback is used on failure alone. Keeps itself alive until the last channel has answered.
/// Thread-safe.

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "channels/worker_pool.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {

/// One channel's delivery: tries its providers in order until one sends or says that none can.
struct ImmediateDelivery {
  const ConfiguredChannel* channel = nullptr;
  DeliveryRequest request;  ///< Copied for each provider.
};

class ImmediateSend : public std::enable_shared_from_this<ImmediateSend> {
 public:
  using Done = std::function<void(SendReport, std::vector<InboxMessage>)>;

  ImmediateSend(std::vector<ImmediateDelivery> deliveries, DeliveryPlan plan, WorkerPool& workers,
                Done done);

  void start();
  /// Ends it now: what has no answer yet failed with "no answer in time", `done` is called unless
  /// it has been, and late answers are dropped.
  void give_up();

 private:
  void try_provider(std::size_t delivery, std::size_t provider);
  void answered(std::size_t delivery, std::size_t provider, DeliveryOutcome outcome);
  void finish(std::size_t delivery, const std::string& provider, DeliveryOutcome outcome);
  std::vector<std::size_t> take_open();
  bool is_over() const;
  void call_done(std::unique_lock<std::mutex> lock);

  const std::vector<ImmediateDelivery> deliveries_;
  const DeliveryPlan plan_;
  WorkerPool& workers_;

  std::mutex mutex_;
  // Guarded by mutex_.
  Done done_;                     // empty once called
  std::vector<Delivery> states_;  // by delivery
  SendReport report_;
  std::vector<InboxMessage> inbox_;
};

}  // namespace townkrier
