// ChannelState: blocking code that goes on although it was told to stop. A thread cannot be ended
// from outside, so it is left alone: another one takes its place, and what it returns is refused.

#include <algorithm>
#include <utility>

#include "actors/channel_actor.hpp"
#include "actors/guarded.hpp"

namespace townkrier {

// One timer, for the first grace time that ends.
void ChannelState::watch_for_stuck() {
  if (stuck_timer_) return;
  std::optional<Steady> first;
  for (const auto& [key, delivery] : in_flight_) {
    if (!delivery.stop_by || delivery.kept) continue;
    first = std::min(first.value_or(Steady::max()), *delivery.stop_by);
  }
  if (!first) return;
  stuck_timer_ = true;
  const auto wait = std::max(*first - now(), Steady::duration{0});
  self_->delayed_send(self_, wait, stuck_atom::value);
}

void ChannelState::look_for_stuck() {
  stuck_timer_ = false;
  for (auto at = in_flight_.begin(); at != in_flight_.end();) {
    InFlight& delivery = at->second;
    const auto next = std::next(at);
    if (delivery.stop_by && *delivery.stop_by <= now() && !delivery.kept) replace(at);
    at = next;
  }
  send_outcomes();
  watch_for_stuck();
}

void ChannelState::replace(InFlightMap::iterator at) {
  InFlight& delivery = at->second;
  ++stuck_total_;
  const bool full = std::int64_t(replaced_.size()) >= config_.channel.max_replaced;
  config_.log(LogLevel::kError,
              actor_line(name, full ? "stuck_kept" : "stuck_replaced",
                         "job " + at->first.token.job.to_string() + " of " +
                             config_.channel.config.name + " goes on although it was stopped"));
  if (full) {
    delivery.kept = true;
    return;
  }
  replaced_[delivery.call] = delivery.worker;
  providers_[delivery.order[delivery.position]].breaker.abandon(delivery.permit);
  report(at->first, DeliveryOutcome::transient("does not stop", "stuck"));
  end(at);
}

// True for the call of a stuck worker: its result counts no more, and its thread ends.
bool ChannelState::came_back(std::uint64_t call) {
  const auto stuck = replaced_.find(call);
  if (stuck == replaced_.end()) return false;
  caf::anon_send_exit(workers_[stuck->second], caf::exit_reason::user_shutdown);
  workers_[stuck->second] = nullptr;
  vacant_.push_back(stuck->second);
  replaced_.erase(stuck);
  config_.log(LogLevel::kInfo, actor_line(name, "stuck_returned", config_.channel.config.name));
  return true;
}

}  // namespace townkrier
