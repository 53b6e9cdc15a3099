#pragma once

/// \file channel.hpp
/// What delivers: the Provider port, the outcome vocabulary, and plain functions as providers.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/id.hpp"
#include "townkrier/job.hpp"
#include "townkrier/json_text.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// One delivery handed to a provider. Everything it points at stays alive until `done` is called.
struct DeliveryRequest {
  JobId job_id;  ///< Nil for an immediate send.
  std::string channel;
  std::string idempotency_key;  ///< The same on every try of this delivery.
  std::uint32_t attempt = 1;    ///< 1 is the first try.
  Duration timeout{30000};      ///< The answer is refused when it comes later than this.
  JsonText content;             ///< The channel's part of the notification, e.g. {"subject":...}.
  JsonText recipient;  ///< An array of the channel's addresses, e.g. [{"email":...}]; may be [].
  JsonText metadata;
  MessagePolicy policy = {};
  TimePoint created_at{};  ///< Of the job.
  std::stop_token stop;    ///< Requested on cancel, timeout and shutdown.
};

/// How a try ended. The kinds decide what happens next (retry policy, breaker).
struct DeliveryOutcome {
  enum class Kind : std::uint8_t {
    kSent,       ///< Taken by the provider; never sent again.
    kPermanent,  ///< Will not work however often it is tried: no retry.
    kTransient,  ///< May work later: retried with backoff.
    kThrottled,  ///< Too fast: tried again after `retry_after`, without using up a retry.
    kSkipped,    ///< Not to be sent, by decision (an opt-out): ends the delivery, is no failure.
    kDeferred,   ///< Not now, by decision (quiet hours): waits `retry_after`, uses up no retry.
  };
  Kind kind = Kind::kTransient;
  std::string provider;
  std::string message_id;
  std::string error_code;  ///< The provider's own code; empty when sent.
  std::string error;       ///< For people; may hold addresses, masked before it is kept.
  std::optional<Duration> retry_after;  ///< For kThrottled and kDeferred.
  std::optional<InboxMessage> inbox;    ///< Stored in the same write as the outcome (in_app).
  JsonText result;                      ///< Of a job handler.

  static DeliveryOutcome sent(std::string message_id = {});
  static DeliveryOutcome permanent(std::string error, std::string code = {});
  static DeliveryOutcome transient(std::string error, std::string code = {});
  static DeliveryOutcome throttled(Duration retry_after, std::string error = {});
  static DeliveryOutcome skipped(std::string why, std::string code = {});
  static DeliveryOutcome deferred(Duration wait, std::string why);
};

/// Called exactly once per request, from any thread, also from inside `send`.
using DeliveryDone = std::function<void(DeliveryOutcome)>;

/// A way to deliver over one channel. `send` returns at once (asynchronous providers) or, when
/// `blocking()` is true, runs on a worker thread of its own and calls `done` before it returns.
/// `send` may be called from several threads at once. An exception out of it counts as transient.
class Provider {
 public:
  virtual ~Provider() = default;
  /// For people and logs, e.g. "smtp". Unique within a channel.
  virtual std::string_view name() const = 0;
  /// The channel type it serves when the channel's own name is another, e.g. "email".
  virtual std::string_view channel_type() const = 0;
  virtual bool blocking() const { return false; }
  /// Checks content and recipients before a job is accepted; pointers are relative to the
  /// channel's part (`/content/subject`; recipients are an array: `/recipient/0/email`).
  virtual Result<void> check(const nlohmann::json& content,
                             const nlohmann::json& recipients) const {
    (void)content;
    (void)recipients;
    return {};
  }
  /// False for a channel that needs no address (a webhook with a fixed URL, the console).
  virtual bool needs_recipient() const { return true; }
  virtual void send(DeliveryRequest request, DeliveryDone done) = 0;
};

/// A channel from a function: blocking, run on a worker thread.
using ChannelFunction = std::function<DeliveryOutcome(const DeliveryRequest&)>;

/// What a job handler sees of its attempt. Thread-safe; valid until the handler returns.
class JobContext {
 public:
  explicit JobContext(const DeliveryRequest& request) : request_(request) {}
  const JobId& job_id() const { return request_.job_id; }
  std::uint32_t attempt() const { return request_.attempt; }
  /// The job's payload, parsed on each call.
  nlohmann::json payload() const;
  const JsonText& payload_text() const { return request_.content; }
  const std::string& idempotency_key() const { return request_.idempotency_key; }
  /// Requested when the attempt timed out, the job was cancelled or the process stops.
  const std::stop_token& stop_token() const { return request_.stop; }

 private:
  const DeliveryRequest& request_;
};

/// Runs one attempt of a job of a registered kind, on a worker thread. The JSON it returns becomes
/// the job's `result`. An error with kInvalidArgument, kMalformed or kNotFound is permanent, any
/// other error and any exception is retried.
using JobHandler = std::function<Result<JsonText>(JobContext&)>;

struct HandlerOptions {
  /// How many attempts of this kind may run at once, each on a thread of its own. 1..1024.
  int concurrency = 8;
};

}  // namespace townkrier
