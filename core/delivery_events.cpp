#include "core/delivery_events.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/enum_names.hpp"

namespace townkrier {

namespace {

using Kind = DeliveryEvent::Kind;

constexpr std::array<std::string_view, DeliveryEvent::kKinds> kKindNames = {
    "send.start",       "delivery.sending", "provider.attempt",  "provider.success",
    "provider.failure", "delivery.sent",    "delivery.retrying", "delivery.deferred",
    "delivery.skipped", "delivery.failed",  "send.complete"};

std::optional<Kind> kind_of(const Delivery& delivery) {
  switch (delivery.status) {
    case LogStatus::kSending:
      return Kind::kSending;
    case LogStatus::kSent:
      return Kind::kSent;
    case LogStatus::kRetrying:
      return Kind::kRetrying;
    case LogStatus::kSkipped:
      return Kind::kSkipped;
    case LogStatus::kFailed:
      return Kind::kFailed;
    case LogStatus::kScheduled:
      if (delivery.next_attempt_at && !delivery.error.empty()) return Kind::kDeferred;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

DeliveryEvent job_event(Kind kind, const Job& job, TimePoint now) {
  return {.kind = kind,
          .job = job.id(),
          .attempt = job.state.attempts,
          .error = kind == Kind::kSendComplete ? job.state.error : std::string{},
          .status = job.state.status,
          .at = now};
}

DeliveryEvent delivery_event(Kind kind, const Job& job, const Delivery& delivery, TimePoint now) {
  return {.kind = kind,
          .job = job.id(),
          .channel = delivery.channel,
          .provider = delivery.provider,
          .attempt = delivery.attempts,
          .message_id = delivery.message_id,
          .error = kind == Kind::kSending ? std::string{} : delivery.error,
          .status = job.state.status,
          .at = now};
}

}  // namespace

std::string_view to_string(DeliveryEvent::Kind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < kKindNames.size() ? kKindNames[index] : "unknown";
}

Result<DeliveryEvent::Kind> parse_delivery_event(std::string_view text) {
  return enum_from_name<DeliveryEvent::Kind>(text, kKindNames);
}

nlohmann::json delivery_event_to_json(const DeliveryEvent& event) {
  nlohmann::json object{{"jobId", event.job.to_string()},
                        {"status", to_string(event.status)},
                        {"at", to_iso8601(event.at)}};
  const auto put = [&](const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
  };
  put("channel", event.channel);
  put("provider", event.provider);
  if (event.attempt > 0) object["attempt"] = event.attempt;
  put("messageId", event.message_id);
  put("error", event.error);
  put("errorCode", event.error_code);
  return object;
}

std::vector<DeliveryEvent> events_of(const JobChange& change, TimePoint now) {
  const Job& job = change.job;
  std::vector<DeliveryEvent> events;
  if (job.envelope->kind != kNotificationKind) return events;
  for (const DeliveryLog& log : change.logs) {
    const Delivery& delivery = job.state.deliveries[log.delivery];
    const auto kind = kind_of(delivery);
    if (!kind) continue;
    if (*kind == Kind::kSending && events.empty()) {
      events.push_back(job_event(Kind::kSendStart, job, now));
    }
    events.push_back(delivery_event(*kind, job, delivery, now));
  }
  // A receipt changes a job that is over already.
  if (is_terminal(job.state.status) && !is_terminal(change.before.status)) events.push_back(job_event(Kind::kSendComplete, job, now));
  return events;
}

DeliveryEventSink hooks_sink(DeliveryHooks hooks) {
  return [hooks = std::move(hooks)](const std::vector<DeliveryEvent>& events) {
    const std::array<const DeliveryHooks::Hook*, DeliveryEvent::kKinds> by_kind = {
        &hooks.on_send_start,       &hooks.on_sending,          &hooks.on_provider_attempt,
        &hooks.on_provider_success, &hooks.on_provider_failure, &hooks.on_sent,
        &hooks.on_retrying,         &hooks.on_deferred,         &hooks.on_skipped,
        &hooks.on_failed,           &hooks.on_send_complete};
    for (const DeliveryEvent& event : events) {
      const DeliveryHooks::Hook& hook = *by_kind[std::size_t(event.kind)];
      if (hook) hook(event);
    }
    return true;
  };
}

void DeliveryFeed::add(DeliveryEventSink sink) {
  if (!sink) return;
  const std::lock_guard lock(mutex_);
  sinks_.push_back(std::make_shared<const DeliveryEventSink>(std::move(sink)));
  wanted_ = true;
}

std::size_t DeliveryFeed::tell(const std::vector<DeliveryEvent>& events) {
  std::vector<std::shared_ptr<const DeliveryEventSink>> all;
  {
    const std::lock_guard lock(mutex_);
    all = sinks_;
  }
  std::size_t thrown = 0;
  std::erase_if(all, [&](const auto& sink) {  // keeps those that are done
    try {
      return (*sink)(events);
    } catch (...) {
      ++thrown;
      return false;
    }
  });
  const std::lock_guard lock(mutex_);
  std::erase_if(sinks_, [&](const auto& sink) { return std::ranges::count(all, sink) > 0; });
  wanted_ = !sinks_.empty();
  return thrown;
}

}  // namespace townkrier
