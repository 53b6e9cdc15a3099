#include "channels/immediate_send.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/delivery_plan.hpp"
#include "core/lifecycle.hpp"
#include "core/masking.hpp"

namespace townkrier {
namespace {

SendReport::Status status_of(const DeliveryPlan& plan, const SendReport& report,
                             const std::vector<Delivery>& deliveries) {
  const bool any = std::ranges::any_of(report.results, [](const auto& r) { return r.second.sent; });
  if (!any) return SendReport::Status::kFailed;
  return end_of_plan(plan, deliveries) == PlanEnd::kSuccess ? SendReport::Status::kSuccess
                                                            : SendReport::Status::kPartial;
}

/// Hands a request to a provider; an exception counts as a transient failure.
void hand_over(Provider& provider, DeliveryRequest request, const DeliveryDone& done) {
  try {
    provider.send(std::move(request), done);
  } catch (const std::exception& exception) {
    done(DeliveryOutcome::transient(exception.what(), "exception"));
  } catch (...) {
    done(DeliveryOutcome::transient("an exception of an unknown type", "exception"));
  }
}

}  // namespace

ImmediateSend::ImmediateSend(std::vector<ImmediateDelivery> deliveries, DeliveryPlan plan,
                             WorkerPool& workers, Done done)
    : deliveries_(std::move(deliveries)),
      plan_(std::move(plan)),
      workers_(workers),
      done_(std::move(done)) {
  for (const ImmediateDelivery& one : deliveries_) {
    states_.push_back({.channel = one.channel->config.name});
  }
  start_plan(plan_, states_, TimePoint{});
}

void ImmediateSend::start() {
  std::unique_lock lock(mutex_);
  const auto open = take_open();
  lock.unlock();
  for (const std::size_t delivery : open) try_provider(delivery, 0);
}

/// Marks what may be sent now as being sent. Called with the lock held.
std::vector<std::size_t> ImmediateSend::take_open() {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!is_open(states_[i])) continue;
    states_[i].status = LogStatus::kSending;
    open.push_back(i);
  }
  return open;
}

bool ImmediateSend::is_over() const {
  return std::ranges::all_of(states_, &is_settled);
}

void ImmediateSend::try_provider(std::size_t delivery, std::size_t provider) {
  const ImmediateDelivery& job = deliveries_[delivery];
  const std::shared_ptr<Provider> chosen = job.channel->providers[provider];
  auto done = [self = shared_from_this(), delivery, provider](DeliveryOutcome outcome) {
    self->answered(delivery, provider, std::move(outcome));
  };
  if (!chosen->blocking()) return hand_over(*chosen, job.request, done);
  workers_.run([chosen, request = job.request, done] { hand_over(*chosen, request, done); });
}

void ImmediateSend::answered(std::size_t delivery, std::size_t provider, DeliveryOutcome outcome) {
  const ImmediateDelivery& job = deliveries_[delivery];
  const bool final = outcome.kind == DeliveryOutcome::Kind::kSent ||
                     outcome.kind == DeliveryOutcome::Kind::kPermanent ||
                     outcome.kind == DeliveryOutcome::Kind::kSkipped ||
                     outcome.kind == DeliveryOutcome::Kind::kDeferred ||
                     job.request.stop.stop_requested();
  const std::size_t next = provider + 1;
  if (!final && next < job.channel->providers.size()) return try_provider(delivery, next);
  finish(delivery, std::string(job.channel->providers[provider]->name()), std::move(outcome));
}

void ImmediateSend::finish(std::size_t delivery, const std::string& provider,
                           DeliveryOutcome outcome) {
  using Kind = DeliveryOutcome::Kind;
  SendResult result;
  result.sent = outcome.kind == Kind::kSent;
  result.provider = outcome.provider.empty() ? provider : outcome.provider;
  result.message_id = std::move(outcome.message_id);
  result.error = mask_error(outcome.error, ContentPrivacy::kMasked);
  std::unique_lock lock(mutex_);
  if (!done_) return;
  Delivery& state = states_[delivery];
  if (!report_.results.emplace(state.channel, std::move(result)).second) return;  // a second answer
  state.status = outcome.kind == Kind::kSent      ? LogStatus::kSent
                 : outcome.kind == Kind::kSkipped ? LogStatus::kSkipped
                                                  : LogStatus::kFailed;
  if (outcome.inbox) inbox_.push_back(*std::move(outcome.inbox));
  apply_plan(plan_, states_);
  const auto open = take_open();
  if (is_over()) return call_done(std::move(lock));
  lock.unlock();
  for (const std::size_t next : open) try_provider(next, 0);
}

void ImmediateSend::give_up() {
  std::unique_lock lock(mutex_);
  if (!done_) return;
  for (const ImmediateDelivery& delivery : deliveries_) {
    SendResult late;
    late.error = "no answer in time";
    report_.results.try_emplace(delivery.channel->config.name, std::move(late));
  }
  for (Delivery& one : states_) {
    if (!is_settled(one)) one.status = LogStatus::kFailed;
  }
  call_done(std::move(lock));
}

void ImmediateSend::call_done(std::unique_lock<std::mutex> lock) {
  const Done done = std::exchange(done_, nullptr);
  // What was not tried is told as well: a fallback not needed, a channel behind one that failed.
  for (const Delivery& one : states_) {
    if (one.status == LogStatus::kSkipped) {
      report_.results.try_emplace(one.channel, SendResult{.error = one.error});
    }
  }
  report_.status = status_of(plan_, report_, states_);
  auto report = std::move(report_);
  auto inbox = std::move(inbox_);
  lock.unlock();
  done(std::move(report), std::move(inbox));
}

}  // namespace townkrier
