#include "actors/channel_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/guarded.hpp"
#include "actors/worker_actor.hpp"
#include "core/delivery_request.hpp"
#include "core/masking.hpp"

namespace townkrier {

namespace {

bool is_failure(const DeliveryOutcome& outcome) {
  using enum DeliveryOutcome::Kind;
  return outcome.kind == kPermanent || outcome.kind == kTransient || outcome.kind == kThrottled;
}

// Nothing was sent, and nothing went wrong.
bool by_decision(const DeliveryOutcome& outcome) {
  return outcome.kind == DeliveryOutcome::Kind::kSkipped ||
         outcome.kind == DeliveryOutcome::Kind::kDeferred;
}

}  // namespace

ChannelState::~ChannelState() {
  for (const WorkerActor& worker : workers_) {
    if (worker) caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  }
}

void ChannelState::init(ChannelActor::pointer self, ChannelActorConfig config) {
  self_ = self;
  config_ = std::move(config);
  const ChannelConfig& channel = config_.channel.config;
  std::vector<int> weights;
  for (const ProviderConfig& provider : channel.providers) weights.push_back(provider.weight);
  for (auto& provider : config_.channel.providers) {
    providers_.push_back({std::move(provider), CircuitBreaker{channel.breaker}});
  }
  order_.emplace(channel.strategy, providers_.size(), std::move(weights));
  if (channel.rate) rate_.emplace(*channel.rate, std::max(1.0, *channel.rate / 10), now());
}

// A scheduler introduces itself: it learns what is still under way here, gets what it has not
// acknowledged, and credits for the rest.
void ChannelState::attach(const Attach& attach) {
  scheduler_ = attach.scheduler;
  number_ = attach.channel;
  ChannelAttached reply{number_, {}};
  std::vector<ChannelOutcome> again;
  for (const auto& [key, delivery] : in_flight_) {
    if (delivery.cancelled) continue;
    reply.inventory.push_back(key);
    if (delivery.mailbox) reply.mailboxes.push_back(delivery.mailbox);
  }
  for (const auto& [key, ended] : unacknowledged_) {
    reply.inventory.push_back(key);
    if (ended.mailbox) reply.mailboxes.push_back(ended.mailbox);
    again.push_back({number_, key, ended.outcome});
  }
  self_->send(scheduler_, attach_atom::value, parcel(std::move(reply)));
  if (!again.empty()) self_->send(scheduler_, outcome_atom::value, parcel(std::move(again)));
  owed_ = config_.channel.config.concurrency - std::int64_t(in_flight_.size());
  grant();
}

void ChannelState::grant() {
  rate_timer_ = false;
  std::int64_t given = owed_;
  if (rate_) {
    given = 0;
    while (given < owed_ && rate_->try_take(now())) ++given;
  }
  owed_ -= given;
  if (given > 0) self_->send(scheduler_, credit_atom::value, std::uint64_t(number_), given);
  if (owed_ > 0 && rate_ && !rate_timer_) {
    rate_timer_ = true;
    self_->delayed_send(self_, rate_->wait(now()) + std::chrono::microseconds{500},
                        credit_atom::value);
  }
}

void ChannelState::deliver(std::vector<Order> orders) {
  for (Order& order : orders) {
    InFlight delivery;
    delivery.request = make_delivery_request(*order.envelope, order.channel, order.key.delivery,
                                             order.idempotency_key, order.attempt);
    delivery.request.stop = delivery.stop.get_token();
    delivery.request.port = order.mailbox;
    delivery.mailbox = std::move(order.mailbox);
    delivery.deadline = now() + delivery.request.timeout;
    delivery.order = order_->next();
    const auto at = in_flight_.insert_or_assign(order.key, std::move(delivery)).first;
    if (!try_providers(order.key, at->second)) {
      report(order.key, all_open());
      end(at);
    }
  }
  send_outcomes();
}

bool ChannelState::try_providers(const DeliveryKey& key, InFlight& delivery) {
  for (; delivery.position < delivery.order.size(); ++delivery.position) {
    ProviderSlot& slot = providers_[delivery.order[delivery.position]];
    const auto permit = slot.breaker.acquire(now());
    if (!permit) continue;
    delivery.permit = *permit;
    call_provider(key, delivery, slot);
    return true;
  }
  return false;
}

// Every breaker is open: nothing was tried, so no retry is used up.
DeliveryOutcome ChannelState::all_open() const {
  auto wait = std::chrono::nanoseconds::max();
  for (const ProviderSlot& slot : providers_) wait = std::min(wait, slot.breaker.retry_in(now()));
  const auto ms = std::chrono::ceil<Duration>(wait) + Duration{1};
  return DeliveryOutcome::throttled(ms, "provider unavailable: its circuit breaker is open");
}

void ChannelState::tell(DeliveryEvent::Kind kind, const InFlight& delivery,
                        const ProviderSlot& slot, const DeliveryOutcome& outcome) {
  if (!config_.feed || !config_.feed->wanted()) return;
  told_.push_back({.kind = kind,
                   .job = delivery.request.job_id,
                   .channel = delivery.request.channel,
                   .provider = std::string(slot.provider->name()),
                   .attempt = delivery.request.attempt,
                   .message_id = outcome.message_id,
                   .error = mask_error(outcome.error, ContentPrivacy::kMasked),
                   .error_code = outcome.error_code,
                   .at = config_.clock->now()});
}

void ChannelState::call_provider(const DeliveryKey& key, InFlight& delivery, ProviderSlot& slot) {
  delivery.call = ++next_call_;
  tell(DeliveryEvent::Kind::kProviderAttempt, delivery, slot, {});
  delivery.called = now();
  ++slot.in_flight;
  DeliveryRequest request = delivery.request;
  request.timeout = std::max(Duration{1}, std::chrono::ceil<Duration>(delivery.deadline - now()));
  DeliveryDone done = [inbox = inbox_, self = caf::actor_cast<caf::actor_addr>(self_), key,
                       call = delivery.call](DeliveryOutcome outcome) {
    bool first = false;
    {
      const std::lock_guard lock{inbox->mutex};
      first = inbox->completions.empty();
      inbox->completions.push_back({key, call, std::move(outcome)});
    }
    if (!first) return;
    if (auto actor = caf::actor_cast<ChannelActor>(self)) caf::anon_send(actor, drain_atom::value);
  };
  delivery.blocking = slot.provider->blocking();
  if (delivery.blocking) {
    delivery.worker = idle_worker();
    self_->send(workers_[delivery.worker], run_atom::value,
                parcel(WorkItem{slot.provider, std::move(request), std::move(done)}));
    return;
  }
  try {
    slot.provider->send(std::move(request), done);
  } catch (const std::exception& thrown) {
    done(DeliveryOutcome::transient(thrown.what()));
  } catch (...) {
    done(DeliveryOutcome::transient("the provider threw something that is not an exception"));
  }
}

std::size_t ChannelState::idle_worker() {
  if (!idle_.empty()) {
    const std::size_t worker = idle_.back();
    idle_.pop_back();
    return worker;
  }
  if (vacant_.empty()) {
    vacant_.push_back(workers_.size());
    workers_.emplace_back();
  }
  const std::size_t number = vacant_.back();
  vacant_.pop_back();
  workers_[number] = self_->spawn<caf::detached>(worker, config_.log, config_.calls);
  return number;
}

ChannelState::Steady ChannelState::deadline_of(const InFlight& delivery) const {
  const auto extended = delivery.mailbox ? delivery.mailbox->deadline() : std::nullopt;
  return extended.value_or(delivery.deadline);
}

void ChannelState::drain() {
  std::vector<Completion> completions;
  {
    const std::lock_guard lock{inbox_->mutex};
    completions.swap(inbox_->completions);
  }
  for (Completion& completion : completions) completed(std::move(completion));
  send_outcomes();
}

void ChannelState::completed(Completion completion) {
  if (came_back(completion.call)) return;
  const auto at = in_flight_.find(completion.key);
  if (at == in_flight_.end() || at->second.call != completion.call) return;
  InFlight& delivery = at->second;
  ProviderSlot& slot = providers_[delivery.order[delivery.position]];
  if (delivery.blocking) idle_.push_back(delivery.worker);
  answered(slot, delivery);
  judge(slot, delivery, completion.outcome);
  if (!by_decision(completion.outcome)) {
    const bool sent = completion.outcome.kind == DeliveryOutcome::Kind::kSent;
    tell(sent ? DeliveryEvent::Kind::kProviderSuccess : DeliveryEvent::Kind::kProviderFailure,
         delivery, slot, completion.outcome);
  }
  if (completion.outcome.provider.empty() && !by_decision(completion.outcome)) {
    completion.outcome.provider = slot.provider->name();
  }
  const bool fall_back = completion.outcome.kind == DeliveryOutcome::Kind::kTransient ||
                         completion.outcome.kind == DeliveryOutcome::Kind::kThrottled;
  if (fall_back && !delivery.cancelled && now() < deadline_of(delivery)) {
    ++delivery.position;
    if (try_providers(completion.key, delivery)) return;
  }
  report(completion.key, std::move(completion.outcome));
  end(at);
}

void ChannelState::answered(ProviderSlot& slot, const InFlight& delivery) {
  --slot.in_flight;
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(now() - delivery.called);
  slot.latency.record(time, now());
}

// A bad address says nothing about a provider's health; a cancelled call neither.
void ChannelState::judge(ProviderSlot& slot, const InFlight& delivery,
                         const DeliveryOutcome& outcome) {
  const bool sent = outcome.kind == DeliveryOutcome::Kind::kSent;
  if (sent) ++slot.sent;
  if (is_failure(outcome)) ++slot.failed;
  if (is_failure(outcome) && outcome.kind != DeliveryOutcome::Kind::kPermanent) ++slot.retried;
  if (sent)
    slot.breaker.success(delivery.permit);
  else if (outcome.kind == DeliveryOutcome::Kind::kTransient && !delivery.cancelled)
    slot.breaker.failure(delivery.permit, now());
  else
    slot.breaker.abandon(delivery.permit);
}

void ChannelState::report(const DeliveryKey& key, DeliveryOutcome outcome) {
  if (outcome.kind == DeliveryOutcome::Kind::kSent) ++sent_;
  if (is_failure(outcome)) ++failed_;
  const auto delivery = in_flight_.find(key);
  unacknowledged_[key] = {outcome,
                          delivery == in_flight_.end() ? nullptr : delivery->second.mailbox};
  outbox_.push_back({number_, key, std::move(outcome)});
}

void ChannelState::end(InFlightMap::iterator at) {
  in_flight_.erase(at);
  ++owed_;
}

void ChannelState::send_outcomes() {
  if (!outbox_.empty()) {
    self_->send(scheduler_, outcome_atom::value, parcel(std::exchange(outbox_, {})));
  }
  if (!told_.empty()) {
    if (const auto events = config_.events()) {
      self_->send(events, event_atom::value, parcel(std::move(told_)));
    }
    told_.clear();
  }
  if (owed_ > 0 && !rate_timer_) grant();
}

void ChannelState::acknowledged(const std::vector<DeliveryKey>& keys) {
  for (const DeliveryKey& key : keys) unacknowledged_.erase(key);
}

// The attempt is over or shall end. An asynchronous send gives its room back at once; a worker
// keeps it until the code it runs returns.
void ChannelState::cancel(const std::vector<DeliveryKey>& keys) {
  for (const DeliveryKey& key : keys) {
    const auto at = in_flight_.find(key);
    if (at == in_flight_.end()) continue;
    InFlight& delivery = at->second;
    delivery.cancelled = true;
    delivery.stop.request_stop();
    if (delivery.blocking) {
      if (!delivery.stop_by) delivery.stop_by = now() + config_.channel.stop_grace;
      continue;
    }
    ProviderSlot& slot = providers_[delivery.order[delivery.position]];
    // A provider that did not answer in time is at fault; one that was stopped by hand is not.
    if (now() >= deadline_of(delivery))
      slot.breaker.failure(delivery.permit, now());
    else
      slot.breaker.abandon(delivery.permit);
    answered(slot, delivery);
    ++slot.failed;
    ++slot.retried;
    const auto stopped =
        DeliveryOutcome::transient("stopped before the provider answered", "stopped");
    tell(DeliveryEvent::Kind::kProviderFailure, delivery, slot, stopped);
    report(key, stopped);
    end(at);
  }
  send_outcomes();
  watch_for_stuck();
}

ChannelInfo ChannelState::info() const {
  ChannelInfo info;
  info.name = config_.channel.config.name;
  info.sent = sent_;
  info.failed = failed_;
  info.in_flight = in_flight_.size();
  info.concurrency = config_.channel.config.concurrency;
  info.stuck = replaced_.size();
  for (const auto& [key, delivery] : in_flight_) info.stuck += delivery.kept;
  info.stuck_total = stuck_total_;
  LatencyHistogram all;
  for (const ProviderSlot& slot : providers_) {
    const LatencyHistogram recent = slot.latency.recent(now());
    all.merge(recent);
    info.providers.push_back({std::string(slot.provider->name()),
                              std::string(to_string(slot.breaker.state(now()))), slot.sent,
                              slot.failed, slot.retried, slot.in_flight, summary_of(recent)});
  }
  info.latency = summary_of(all);
  return info;
}

ChannelActor::behavior_type channel(ChannelActor::stateful_pointer<ChannelState> self,
                                    ChannelActorConfig config) {
  guard(self, ChannelState::name, config.log);
  self->state.init(self, std::move(config));
  auto& s = self->state;
  return {
      [&s](deliver_atom, const Parcel<std::vector<Order>>& orders) {
        s.deliver(std::move(*orders));
      },
      [&s](cancel_atom, const Parcel<std::vector<DeliveryKey>>& keys) { s.cancel(*keys); },
      [&s](ack_atom, const Parcel<std::vector<DeliveryKey>>& keys) { s.acknowledged(*keys); },
      [&s](attach_atom, const Parcel<Attach>& attach) { s.attach(*attach); },
      [&s](drain_atom) { s.drain(); },
      [&s](credit_atom) { s.grant(); },
      [&s](stuck_atom) { s.look_for_stuck(); },
      [&s](info_atom, const Parcel<ChannelInfoCall>& call) { call->reply(s.info()); },
  };
}

}  // namespace townkrier
