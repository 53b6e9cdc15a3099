#include "core/delivery_plan.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <nlohmann/json.hpp>

#include "core/enum_names.hpp"
#include "core/lifecycle.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr std::size_t kNone = std::size_t(-1);

constexpr std::array<std::string_view, 3> kStrategyNames = {"each", "all-or-nothing",
                                                            "best-effort"};

bool was_sent(const Delivery& delivery) {
  switch (delivery.status) {
    case LogStatus::kSent:
    case LogStatus::kDelivered:
    case LogStatus::kBounced:
    case LogStatus::kComplained:
      return true;
    default:
      return false;
  }
}

/// The deliveries by number instead of by name. A slot is a channel with its fallbacks; it is named
/// by its first delivery.
class Slots {
 public:
  Slots(const DeliveryPlan& plan, std::span<const Delivery> deliveries)
      : plan_(plan), deliveries_(deliveries), primary_(deliveries.size(), kNone) {
    for (const ChannelFallback& one : plan.fallbacks) {
      const std::size_t standby = number_of(one.channel);
      if (standby != kNone) primary_[standby] = number_of(one.instead_of);
    }
  }

  std::size_t size() const { return deliveries_.size(); }
  /// What `delivery` stands in for; kNone: for nothing.
  std::size_t primary(std::size_t delivery) const { return primary_[delivery]; }
  std::size_t slot_of(std::size_t delivery) const {
    for (std::size_t steps = 0; steps < size() && !is_slot(delivery); ++steps) {
      delivery = primary_[delivery];
    }
    return delivery;
  }
  bool is_slot(std::size_t delivery) const { return primary_[delivery] == kNone; }

  template <class Test>
  std::size_t find_in(std::size_t slot, Test test) const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (slot_of(i) == slot && test(deliveries_[i])) return i;
    }
    return kNone;
  }
  std::size_t sent_in(std::size_t slot) const { return find_in(slot, &was_sent); }
  bool is_over(std::size_t slot) const {
    return find_in(slot, [](const Delivery& d) { return !is_settled(d); }) == kNone;
  }
  bool has_failed(std::size_t slot) const {
    return is_over(slot) && sent_in(slot) == kNone &&
           find_in(slot, [](const Delivery& d) { return d.status == LogStatus::kFailed; }) != kNone;
  }

 private:
  std::size_t number_of(const std::string& channel) const {
    const auto found = std::ranges::find(deliveries_, channel, &Delivery::channel);
    return found == deliveries_.end() ? kNone : std::size_t(found - deliveries_.begin());
  }

  const DeliveryPlan& plan_;
  std::span<const Delivery> deliveries_;
  std::vector<std::size_t> primary_;
};

void skip(Delivery& delivery, std::string why) {
  delivery.status = LogStatus::kSkipped;
  delivery.error = std::move(why);
  delivery.next_attempt_at.reset();
}

bool can_change(const Delivery& delivery) {
  return !is_settled(delivery) && delivery.status != LogStatus::kSending;
}

// Not tried yet, and not waiting for a time of its own.
bool stands_by(const Delivery& delivery) {
  return delivery.next_attempt_at == kHeld ||
         (delivery.next_attempt_at && delivery.status == LogStatus::kScheduled &&
          delivery.attempts == 0 && delivery.error.empty());
}

// What has become superfluous, and standbys whose turn has come.
void apply_fallbacks(const Slots& slots, std::vector<Delivery>& deliveries) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!can_change(deliveries[i])) continue;
    const std::size_t sent = slots.sent_in(slots.slot_of(i));
    if (sent != kNone) {
      skip(deliveries[i], "not needed: sent over " + deliveries[sent].channel);
      continue;
    }
    const std::size_t primary = slots.primary(i);
    if (primary != kNone && stands_by(deliveries[i]) && is_settled(deliveries[primary])) {
      deliveries[i].next_attempt_at.reset();
    }
  }
}

void apply_order(const Slots& slots, std::vector<Delivery>& deliveries) {
  std::size_t failed = kNone;
  bool waits = false;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (!slots.is_slot(slot)) continue;
    if (failed != kNone) {
      for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots.slot_of(i) != slot || !can_change(deliveries[i])) continue;
        skip(deliveries[i],
             "not sent: " + deliveries[failed].channel + " failed, and it is all or nothing");
      }
      continue;
    }
    Delivery& first = deliveries[slot];
    if (!waits && first.next_attempt_at == kHeld) first.next_attempt_at.reset();
    if (waits && can_change(first)) first.next_attempt_at = kHeld;
    if (slots.has_failed(slot)) failed = slot;
    if (!slots.is_over(slot)) waits = true;
  }
}

}  // namespace

std::string_view to_string(ChannelStrategy strategy) {
  const auto index = static_cast<std::size_t>(strategy);
  return index < kStrategyNames.size() ? kStrategyNames[index] : "unknown";
}

Result<ChannelStrategy> parse_channel_strategy(std::string_view text) {
  return enum_from_name<ChannelStrategy>(text, kStrategyNames);
}

void apply_plan(const DeliveryPlan& plan, std::vector<Delivery>& deliveries) {
  if (plan.fallbacks.empty() && plan.strategy != ChannelStrategy::kAllOrNothing) return;
  const Slots slots(plan, deliveries);
  apply_fallbacks(slots, deliveries);
  if (plan.strategy == ChannelStrategy::kAllOrNothing) apply_order(slots, deliveries);
}

void start_plan(const DeliveryPlan& plan, std::vector<Delivery>& deliveries, TimePoint start) {
  for (const ChannelFallback& one : plan.fallbacks) {
    const auto standby = std::ranges::find(deliveries, one.channel, &Delivery::channel);
    if (standby == deliveries.end() || !can_change(*standby)) continue;
    standby->next_attempt_at = one.after ? start + *one.after : kHeld;
  }
  apply_plan(plan, deliveries);
}

PlanEnd end_of_plan(const DeliveryPlan& plan, std::span<const Delivery> deliveries) {
  std::size_t failed = 0;
  std::size_t sent = 0;
  const Slots slots(plan, deliveries);
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (!slots.is_slot(slot)) continue;
    if (slots.sent_in(slot) != kNone) ++sent;
    if (slots.has_failed(slot)) ++failed;
  }
  if (failed == 0) return PlanEnd::kSuccess;
  return sent > 0 ? PlanEnd::kPartial : PlanEnd::kFailed;
}

bool is_failure(ChannelStrategy strategy, PlanEnd end) {
  if (strategy == ChannelStrategy::kBestEffort) return end == PlanEnd::kFailed;
  return end != PlanEnd::kSuccess;
}

JsonText plan_result(const DeliveryPlan& plan, std::span<const Delivery> deliveries) {
  static constexpr std::array<const char*, 3> kEnds = {"success", "partial", "failed"};
  json results = json::object();
  for (const Delivery& delivery : deliveries) {
    json& one = results[delivery.channel] = {
        {"status", was_sent(delivery) ? "sent" : to_string(delivery.status)}};
    if (!delivery.provider.empty()) one["provider"] = delivery.provider;
    if (!delivery.error.empty()) one["error"] = delivery.error;
  }
  return json{{"status", kEnds[std::size_t(end_of_plan(plan, deliveries))]},
              {"results", std::move(results)}};
}

}  // namespace townkrier
