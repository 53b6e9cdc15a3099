#include "channels/gated_provider.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/recipient_policy.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

/// When a provider has no room and nothing says when it will have.
constexpr Duration kFullWait{1000};

std::string address_of(const json& recipient) {
  for (const char* name : {"email", "phone", "deviceToken", "userId", "url"}) {
    const auto found = recipient.is_object() ? recipient.find(name) : recipient.end();
    if (found != recipient.end() && found->is_string()) return found->get<std::string>();
  }
  return recipient.dump(-1, ' ', false, json::error_handler_t::replace);
}

DeliveryOutcome later(std::chrono::nanoseconds wait, const char* why) {
  return DeliveryOutcome::throttled(std::chrono::ceil<Duration>(wait), why);
}

}  // namespace

std::optional<Duration> SharedThrottle::admit(const std::string& address,
                                              const std::string& delivery, SteadyTime now) {
  const std::hash<std::string> hash;
  const std::lock_guard lock(mutex_);
  return throttle_.admit(hash(address), hash(delivery), now);
}

GatedProvider::GatedProvider(std::shared_ptr<Provider> provider, Gate gate)
    : provider_(std::move(provider)), gate_(std::move(gate)) {
  if (gate_.rate) pacer_.emplace(*gate_.rate);
}

void GatedProvider::send(DeliveryRequest request, DeliveryDone done) {
  if (auto refused = refuse(request)) return done(*std::move(refused));
  const SteadyTime now = gate_.timer->now();
  const bool holds = gate_.holds && !provider_->blocking();
  auto passage = std::make_shared<Passage>();
  passage->deadline = now + request.timeout;
  passage->give_up = holds ? now + request.timeout / 2 : now;
  passage->request = std::move(request);
  passage->done = std::move(done);
  enter(passage);
}

/// Takes out those who are suppressed or have opted out; the outcome when nobody is left.
std::optional<DeliveryOutcome> GatedProvider::drop_unwanted(DeliveryRequest& request,
                                                            json& recipients) const {
  const SuppressionList& list = *gate_.suppressions;
  const std::string& category = request.policy.category;
  const bool may_opt_out = !category.empty() && !request.policy.critical;
  std::optional<DeliveryOutcome> outcome;
  json left = json::array();
  for (const json& recipient : recipients) {
    const std::string address = address_of(recipient);
    if (const auto entry = list.find(channel_type(), address)) {
      outcome = DeliveryOutcome::permanent("not sent: the address is suppressed, " + entry->reason +
                                               " since " + to_iso8601(entry->at),
                                           "suppressed");
    } else if (const auto out =
                   may_opt_out ? list.find(channel_type(), address, category) : std::nullopt) {
      outcome = DeliveryOutcome::skipped(
          "not sent: opted out of " + category + " since " + to_iso8601(out->at), "opted_out");
    } else {
      left.push_back(recipient);
    }
  }
  if (left.empty()) return outcome;
  if (left.size() < recipients.size()) request.recipient = left;
  recipients = std::move(left);
  return std::nullopt;
}

/// The outcome when nobody is left to send to, or it is not the time, or one of them has had enough
/// for now.
std::optional<DeliveryOutcome> GatedProvider::refuse(DeliveryRequest& request) const {
  const bool suppresses = gate_.suppressions && !gate_.suppressions->empty();
  json recipients;
  if (suppresses || gate_.recipients) recipients = request.recipient.value();
  const bool knows_recipients = recipients.is_array() && !recipients.empty();
  if (suppresses && knows_recipients) {
    if (auto unwanted = drop_unwanted(request, recipients)) return unwanted;
  }
  if (gate_.policy) {
    const TimePoint now = gate_.clock->now();
    if (const auto wait = deferral(*gate_.policy, channel_type(), request.policy, now)) {
      return DeliveryOutcome::deferred(wait->until - now, wait->why);
    }
  }
  if (!gate_.recipients || !knows_recipients) return std::nullopt;
  for (const json& recipient : recipients) {
    const auto wait =
        gate_.recipients->admit(address_of(recipient), request.idempotency_key, gate_.timer->now());
    if (wait) return later(*wait, "the recipient has had as much as the channel allows");
  }
  return std::nullopt;
}

void GatedProvider::enter(const PassagePtr& passage) {
  const SteadyTime now = gate_.timer->now();
  std::chrono::nanoseconds needed{0};
  {
    const std::lock_guard lock(mutex_);
    needed = std::max(needed, std::chrono::nanoseconds(closed_until_ - now));
    if (needed.count() == 0 && pacer_ && !passage->has_turn) {
      const auto patience = std::max(passage->give_up, now) - now;
      const auto turn = pacer_->take(now, patience);
      passage->has_turn = turn.has_value();
      needed = turn.value_or(pacer_->wait(now));
    }
  }
  if (needed.count() > 0) return wait(passage, needed);
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    full = gate_.concurrency > 0 && in_flight_ >= gate_.concurrency;
    if (!full) ++in_flight_;
  }
  full ? queue(passage) : pass(passage);
}

/// Comes back when its time has come, or is handed back when that is too late for it.
void GatedProvider::wait(const PassagePtr& passage, std::chrono::nanoseconds needed) {
  const SteadyTime now = gate_.timer->now();
  constexpr const char* kWhy = "the provider's limit is reached";
  if (passage->give_up <= now) return passage->done(later(needed, kWhy));
  const SteadyTime due = now + needed;
  const bool in_time = due <= passage->give_up;
  gate_.timer->call_at(std::min(due, passage->give_up), [self = shared_from_this(), passage,
                                                         in_time, due](bool running) {
    if (!running) return passage->done(DeliveryOutcome::transient("shutting down"));
    if (in_time) return self->enter(passage);
    const auto left = std::max(due - self->gate_.timer->now(), std::chrono::nanoseconds(1));
    passage->done(later(left, kWhy));
  });
}

/// Waits for one in flight to end.
void GatedProvider::queue(const PassagePtr& passage) {
  constexpr const char* kWhy = "the provider has no room";
  if (passage->give_up <= gate_.timer->now()) return passage->done(later(kFullWait, kWhy));
  bool has_room = false;
  {
    const std::lock_guard lock(mutex_);
    has_room = in_flight_ < gate_.concurrency;  // since `enter` looked
    if (has_room) ++in_flight_;
    passage->queued = !has_room;
    if (!has_room) waiting_.push_back(passage);
  }
  if (has_room) return pass(passage);
  gate_.timer->call_at(passage->give_up, [self = shared_from_this(), passage](bool running) {
    {
      const std::lock_guard lock(self->mutex_);
      if (!std::exchange(passage->queued, false)) return;
      std::erase(self->waiting_, passage);
    }
    passage->done(running ? later(kFullWait, kWhy) : DeliveryOutcome::transient("shutting down"));
  });
}

void GatedProvider::pass(const PassagePtr& passage) {
  if (passage->request.stop.stop_requested()) {
    return leave(passage, DeliveryOutcome::transient("cancelled", "cancelled"));
  }
  const auto left = std::chrono::ceil<Duration>(passage->deadline - gate_.timer->now());
  passage->request.timeout = std::max(Duration{1}, left);
  auto done = [self = shared_from_this(), passage](DeliveryOutcome outcome) {
    self->leave(passage, std::move(outcome));
  };
  try {
    provider_->send(std::move(passage->request), done);
  } catch (const std::exception& thrown) {
    done(DeliveryOutcome::transient(thrown.what(), "exception"));
  } catch (...) {
    done(DeliveryOutcome::transient("an exception of an unknown type", "exception"));
  }
}

void GatedProvider::leave(const PassagePtr& passage, DeliveryOutcome outcome) {
  const SteadyTime now = gate_.timer->now();
  std::vector<PassagePtr> next;
  DeliveryDone done;
  {
    const std::lock_guard lock(mutex_);
    if (!passage->done) return;  // a provider that answers twice
    done = std::exchange(passage->done, nullptr);
    --in_flight_;
    if (outcome.kind == Kind::kThrottled && outcome.retry_after) {
      closed_until_ = std::max(closed_until_, now + *outcome.retry_after);
    }
    // One that goes on waiting, as the provider has closed, does not keep its room.
    while (!waiting_.empty() && in_flight_ + std::ssize(next) < gate_.concurrency) {
      waiting_.front()->queued = false;
      next.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
  done(std::move(outcome));
  for (const PassagePtr& passage_in : next) enter(passage_in);
}

std::shared_ptr<ReceiptSource> receipt_source(const std::shared_ptr<Provider>& provider) {
  const auto gated = std::dynamic_pointer_cast<GatedProvider>(provider);
  return std::dynamic_pointer_cast<ReceiptSource>(gated ? gated->provider() : provider);
}

}  // namespace townkrier
