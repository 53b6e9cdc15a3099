#pragma once

/// \file gated_provider.hpp
/// A provider behind a gate: its own rate and concurrency, the waits it has asked for, the
/// channel's limit for one recipient, the suppression list, and the recipients' policy.

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "channels/pacing.hpp"
#include "channels/timer.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/config.hpp"
#include "townkrier/suppression.hpp"

namespace townkrier {

/// A RecipientThrottle that the providers of a channel share. Thread-safe.
class SharedThrottle {
 public:
  explicit SharedThrottle(RecipientLimit limit) : throttle_(limit) {}
  std::optional<Duration> admit(const std::string& address, const std::string& delivery,
                                SteadyTime now);

 private:
  std::mutex mutex_;
  RecipientThrottle throttle_;  // guarded by mutex_
};

struct Gate {
  std::optional<double> rate;
  int concurrency = 0;  ///< 0: no limit.
  /// What cannot go now waits here, for at most half its time, so that a channel with one provider
  /// slows down instead of handing everything back. Otherwise it is answered "throttled" at once,
  /// and the channel's next provider has its turn.
  bool holds = false;
  std::shared_ptr<Timer> timer;
  std::shared_ptr<SharedThrottle> recipients;           ///< Null: no limit.
  std::shared_ptr<const SuppressionList> suppressions;  ///< Null: none.
  std::shared_ptr<const PolicyOptions> policy;          ///< Null: none.
  std::shared_ptr<const Clock> clock;                   ///< For `policy`.
};

/// Thread-safe. Invariants:
/// 1. Every delivery is in `waiting_`, at the timer, or with the provider (counted in
/// `in_flight_`);
///    its `done` is called once.
/// 2. No lock is held while the provider or a `done` is called.
class GatedProvider final : public Provider, public std::enable_shared_from_this<GatedProvider> {
 public:
  GatedProvider(std::shared_ptr<Provider> provider, Gate gate);

  std::string_view name() const override { return provider_->name(); }
  std::string_view channel_type() const override { return provider_->channel_type(); }
  bool blocking() const override { return provider_->blocking(); }
  bool needs_recipient() const override { return provider_->needs_recipient(); }
  Result<void> check(const nlohmann::json& content,
                     const nlohmann::json& recipients) const override {
    return provider_->check(content, recipients);
  }
  void send(DeliveryRequest request, DeliveryDone done) override;

  const std::shared_ptr<Provider>& provider() const { return provider_; }

 private:
  /// One delivery on its way through the gate.
  struct Passage {
    DeliveryRequest request;
    DeliveryDone done;
    SteadyTime deadline;  // of the attempt
    SteadyTime give_up;   // when it is answered "throttled" instead of waiting on
    bool has_turn = false;
    bool queued = false;  // in waiting_
  };
  using PassagePtr = std::shared_ptr<Passage>;

  std::optional<DeliveryOutcome> refuse(DeliveryRequest& request) const;
  std::optional<DeliveryOutcome> drop_unwanted(DeliveryRequest& request,
                                               nlohmann::json& recipients) const;
  void enter(const PassagePtr& passage);
  void wait(const PassagePtr& passage, std::chrono::nanoseconds needed);
  void queue(const PassagePtr& passage);
  void pass(const PassagePtr& passage);
  void leave(const PassagePtr& passage, DeliveryOutcome outcome);

  const std::shared_ptr<Provider> provider_;
  const Gate gate_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<Pacer> pacer_;
  SteadyTime closed_until_{};  // the provider has asked to be left alone
  int in_flight_ = 0;
  std::deque<PassagePtr> waiting_;  // for room
};

}  // namespace townkrier
