#pragma once

/// \file events.hpp
/// What happens to deliveries, as events: for hooks in C++, for actors (caf.hpp), and posted to a
/// webhook. Nothing is made while nobody listens.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/job.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Those of a job and a channel are told after the change is durable, in order. Those of a provider
/// are told as they happen.
struct DeliveryEvent {
  enum class Kind : std::uint8_t {
    kSendStart,        ///< An attempt of a job begins. `channel` is empty.
    kSending,          ///< A channel's delivery is handed over.
    kProviderAttempt,  ///< One provider is asked.
    kProviderSuccess,  ///< It took the message.
    kProviderFailure,  ///< It did not: `error` and `error_code` say why.
    kSent,             ///< The channel's delivery was sent.
    kRetrying,         ///< It failed and is tried again.
    kDeferred,         ///< It waits by decision: `error` says why.
    kSkipped,          ///< It is not sent, by decision: `error` says why.
    kFailed,           ///< It is given up.
    kSendComplete,     ///< The job is over: `status`. `channel` is empty.
  };
  static constexpr std::size_t kKinds = 11;

  Kind kind = Kind::kSendStart;
  JobId job;
  std::string channel = {};
  std::string provider = {};
  std::uint32_t attempt = 0;
  std::string message_id = {};
  std::string error = {};  ///< Masked.
  std::string error_code = {};
  JobStatus status = JobStatus::kProcessing;  ///< Of the job; of provider events: processing.
  TimePoint at{};
};

/// "send.start", "delivery.sending", "provider.attempt", "provider.success", "provider.failure",
/// "delivery.sent", "delivery.retrying", "delivery.deferred", "delivery.skipped",
/// "delivery.failed", "send.complete".
std::string_view to_string(DeliveryEvent::Kind kind);
Result<DeliveryEvent::Kind> parse_delivery_event(std::string_view text);

/// `{"jobId","channel"?,"provider"?,"attempt"?,"messageId"?,"error"?,"errorCode"?,"status","at"}`
nlohmann::json delivery_event_to_json(const DeliveryEvent& event);

/// Gets events in batches, one call at a time, on a thread of the engine: it must not block for
/// long. Returns false when it wants no more. What it throws is logged, and it is called no more.
using DeliveryEventSink = std::function<bool(const std::vector<DeliveryEvent>&)>;

/// One function a kind, those that are wanted: `{.on_sent = [](const DeliveryEvent&) {...}}`.
struct DeliveryHooks {
  using Hook = std::function<void(const DeliveryEvent&)>;
  Hook on_send_start = {};
  Hook on_sending = {};
  Hook on_provider_attempt = {};
  Hook on_provider_success = {};
  Hook on_provider_failure = {};
  Hook on_sent = {};
  Hook on_retrying = {};
  Hook on_deferred = {};
  Hook on_skipped = {};
  Hook on_failed = {};
  Hook on_send_complete = {};
};
DeliveryEventSink hooks_sink(DeliveryHooks hooks);

/// Posts events to a URL, signed as Standard Webhooks ask: `{"id","type","timestamp","data"}`. What
/// is not taken (no 2xx) is posted again, 8 times within about 3 minutes; events wait in memory,
/// the newest are dropped when there are too many. Thread-safe. Ends its transfers when it goes.
class EventWebhook {
 public:
  struct Counts {
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;  ///< There was no room, or all tries failed.
    std::uint64_t waiting = 0;
  };
  virtual ~EventWebhook() = default;
  virtual void push(const std::vector<DeliveryEvent>& events) = 0;
  virtual Counts counts() const = 0;
};

/// Settings: those of driver "webhook" (url, secret, headers, allow_private, ca_file, timeout), and
/// `events` (names; default: delivery.sent, delivery.skipped, delivery.failed, send.complete),
/// `max_waiting` (1..1,000,000; default 10,000), `retry_delay` (before the first retry, doubled for
/// each further; "10ms".."1m", default "1s"). kInvalidConfig names a wrong or unknown key.
Result<std::shared_ptr<EventWebhook>> create_event_webhook(const nlohmann::json& settings,
                                                           const ProviderEnvironment& environment);

}  // namespace townkrier
