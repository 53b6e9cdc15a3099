#include "channels/immediate_send.hpp"

#include <exception>
#include <utility>

#include "core/masking.hpp"

namespace townkrier {
namespace {

SendReport::Status status_of(const SendReport& report) {
  std::size_t sent = 0;
  for (const auto& [channel, result] : report.results) sent += result.sent ? 1 : 0;
  if (sent == 0) return SendReport::Status::kFailed;
  return sent == report.results.size() ? SendReport::Status::kSuccess
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

ImmediateSend::ImmediateSend(std::vector<ImmediateDelivery> deliveries, WorkerPool& workers,
                             Done done)
    : deliveries_(std::move(deliveries)), workers_(workers), done_(std::move(done)) {}

void ImmediateSend::start() {
  for (std::size_t i = 0; i < deliveries_.size(); ++i) try_provider(i, 0);
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
                     job.request.stop.stop_requested();
  const std::size_t next = provider + 1;
  if (!final && next < job.channel->providers.size()) return try_provider(delivery, next);
  finish(delivery, std::string(job.channel->providers[provider]->name()), std::move(outcome));
}

void ImmediateSend::finish(std::size_t delivery, const std::string& provider,
                           DeliveryOutcome outcome) {
  SendResult result;
  result.sent = outcome.kind == DeliveryOutcome::Kind::kSent;
  result.provider = outcome.provider.empty() ? provider : outcome.provider;
  result.message_id = std::move(outcome.message_id);
  result.error = mask_error(outcome.error, ContentPrivacy::kMasked);
  std::unique_lock lock(mutex_);
  if (!done_) return;
  const auto& name = deliveries_[delivery].channel->config.name;
  if (!report_.results.emplace(name, std::move(result)).second) return;  // a second answer
  if (outcome.inbox) inbox_.push_back(*std::move(outcome.inbox));
  if (report_.results.size() == deliveries_.size()) call_done(std::move(lock));
}

void ImmediateSend::give_up() {
  std::unique_lock lock(mutex_);
  if (!done_) return;
  for (const ImmediateDelivery& delivery : deliveries_) {
    SendResult late;
    late.error = "no answer in time";
    report_.results.try_emplace(delivery.channel->config.name, std::move(late));
  }
  call_done(std::move(lock));
}

void ImmediateSend::call_done(std::unique_lock<std::mutex> lock) {
  const Done done = std::exchange(done_, nullptr);
  report_.status = status_of(report_);
  auto report = std::move(report_);
  auto inbox = std::move(inbox_);
  lock.unlock();
  done(std::move(report), std::move(inbox));
}

}  // namespace townkrier
