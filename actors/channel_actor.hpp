#pragma once

// One a configured channel or job kind. Gives the scheduler credits (concurrency, rate limit),
// hands deliveries to providers in the order of the channel's strategy, falls back to the next
// provider on a transient failure, keeps a breaker a provider, and reports each outcome until the
// scheduler has acknowledged it.
//
// Completions come from any thread into an inbox; only the first one in an empty inbox sends a
// message, so a thousand completions cost one.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/attempt_mailbox.hpp"
#include "actors/calls_under_way.hpp"
#include "actors/protocol.hpp"
#include "core/circuit_breaker.hpp"
#include "core/delivery_events.hpp"
#include "core/provider_order.hpp"
#include "core/recent_latency.hpp"
#include "core/token_bucket.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier {

struct ChannelActorConfig {
  ConfiguredChannel channel;
  LogSink log;
  std::shared_ptr<const DeliveryFeed> feed = nullptr;  ///< Null: no delivery events.
  std::shared_ptr<const Clock> clock = nullptr;        ///< For `feed`.
  std::function<EventsActor()> events = nullptr;       ///< For `feed`.
  std::shared_ptr<CallsUnderWay> calls = std::make_shared<CallsUnderWay>();
};

class ChannelState {
 public:
  static inline const char* name = "channel";

  ChannelState() = default;
  ChannelState(const ChannelState&) = delete;
  ChannelState& operator=(const ChannelState&) = delete;
  /// Ends the workers, however the channel ended.
  ~ChannelState();

  void init(ChannelActor::pointer self, ChannelActorConfig config);

  void deliver(std::vector<Order> orders);
  void cancel(const std::vector<DeliveryKey>& keys);
  void acknowledged(const std::vector<DeliveryKey>& keys);
  void attach(const Attach& attach);
  void drain();
  void grant();
  void look_for_stuck();
  ChannelInfo info() const;

 private:
  using Steady = std::chrono::steady_clock::time_point;

  struct Completion {
    DeliveryKey key;
    std::uint64_t call = 0;  // which of the delivery's provider calls
    DeliveryOutcome outcome;
  };
  // Shared with the callbacks of providers, which may outlive the actor.
  struct Inbox {
    std::mutex mutex;
    std::vector<Completion> completions;
  };

  struct ProviderSlot {
    std::shared_ptr<Provider> provider;
    CircuitBreaker breaker;
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    std::uint64_t retried = 0;
    std::uint64_t in_flight = 0;
    RecentLatency latency{};
  };

  struct InFlight {
    DeliveryRequest request;
    std::stop_source stop;
    std::vector<std::size_t> order;  // providers to try
    std::size_t position = 0;        // in `order`
    std::uint64_t call = 0;
    CircuitBreaker::Permit permit;
    Steady deadline{};
    Steady called{};        // its provider
    bool blocking = false;  // a worker runs it
    std::size_t worker = 0;
    bool cancelled = false;
    std::optional<Steady> stop_by;  // told to stop; later it is stuck
    bool kept = false;              // stuck, but in its place: too many have been replaced
    std::shared_ptr<AttemptMailbox> mailbox;
  };
  struct Unacknowledged {
    DeliveryOutcome outcome;
    std::shared_ptr<AttemptMailbox> mailbox;
  };
  using InFlightMap = std::map<DeliveryKey, InFlight>;

  Steady now() const { return self_->clock().now(); }
  // Tries providers from `position` on; false when none could be asked now.
  bool try_providers(const DeliveryKey& key, InFlight& delivery);
  void call_provider(const DeliveryKey& key, InFlight& delivery, ProviderSlot& slot);
  void completed(Completion completion);
  void answered(ProviderSlot& slot, const InFlight& delivery);
  void judge(ProviderSlot& slot, const InFlight& delivery, const DeliveryOutcome& outcome);
  void report(const DeliveryKey& key, DeliveryOutcome outcome);
  void end(InFlightMap::iterator at);
  void send_outcomes();
  // Delivery events of a provider, sent on by `send_outcomes`.
  void tell(DeliveryEvent::Kind kind, const InFlight& delivery, const ProviderSlot& slot,
            const DeliveryOutcome& outcome);
  Steady deadline_of(const InFlight& delivery) const;
  void watch_for_stuck();
  void replace(InFlightMap::iterator at);
  bool came_back(std::uint64_t call);
  DeliveryOutcome all_open() const;
  std::size_t idle_worker();

  ChannelActor::pointer self_ = nullptr;
  ChannelActorConfig config_;
  SchedulerActor scheduler_;
  std::size_t number_ = 0;
  std::vector<ProviderSlot> providers_;
  std::optional<ProviderOrder> order_;
  std::optional<TokenBucket> rate_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();

  InFlightMap in_flight_;
  std::map<DeliveryKey, Unacknowledged> unacknowledged_;
  std::vector<ChannelOutcome> outbox_;
  std::vector<DeliveryEvent> told_;
  std::int64_t owed_ = 0;  // credits that may be given (again) once the rate allows
  bool rate_timer_ = false;
  std::uint64_t next_call_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;

  std::vector<WorkerActor> workers_;
  std::vector<std::size_t> idle_;
  std::vector<std::size_t> vacant_;                // numbers whose worker has gone
  std::map<std::uint64_t, std::size_t> replaced_;  // stuck calls, with their worker
  std::uint64_t stuck_total_ = 0;
  bool stuck_timer_ = false;
};

ChannelActor::behavior_type channel(ChannelActor::stateful_pointer<ChannelState> self,
                                    ChannelActorConfig config);

}  // namespace townkrier
