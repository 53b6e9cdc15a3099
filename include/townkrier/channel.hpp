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

/// What a running attempt may tell the engine before it ends; JobContext is its comfortable form.
/// Thread-safe, may outlive the attempt. Once the attempt is over (it has answered, timed out, was
/// cancelled or handed back) everything is refused with kConflict and changes nothing.
class AttemptPort {
 public:
  virtual ~AttemptPort() = default;
  /// Only the newest counts; written at most a few times a second.
  virtual Result<void> report(JobProgress progress) = 0;
  virtual Result<void> log(std::string_view line) = 0;
  /// `done` is called once, from an engine thread, when the attempt has the new deadline or is
  /// refused it.
  virtual void extend(Duration from_now, std::function<void(Result<void>)> done) = 0;
  virtual Result<JobId> enqueue(const JobRequest& request) = 0;
};

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
  TimePoint created_at{};             ///< Of the job.
  std::stop_token stop;               ///< Requested on cancel, timeout and shutdown.
  std::shared_ptr<AttemptPort> port;  ///< Shared with the engine; null outside of a job's attempt.
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
    kSnoozed,    ///< Tried again at `run_at` (or after `retry_after`), without using up a retry.
    kDiscarded,  ///< Not worth doing: the job ends as cancelled. Of one channel among several: as
                 ///< kPermanent.
  };
  Kind kind = Kind::kTransient;
  std::string provider;
  std::string message_id;
  std::string error_code;  ///< The provider's own code; empty when sent.
  std::string error;       ///< For people; may hold addresses, masked before it is kept.
  std::optional<Duration> retry_after;  ///< For kThrottled, kDeferred and kSnoozed.
  std::optional<InboxMessage> inbox;    ///< Stored in the same write as the outcome (in_app).
  JsonText result;                      ///< Of a job handler.
  std::optional<TimePoint> run_at = std::nullopt;  ///< For kSnoozed; in the past = now.

  static DeliveryOutcome sent(std::string message_id = {});
  static DeliveryOutcome permanent(std::string error, std::string code = {});
  static DeliveryOutcome transient(std::string error, std::string code = {});
  static DeliveryOutcome throttled(Duration retry_after, std::string error = {});
  static DeliveryOutcome skipped(std::string why, std::string code = {});
  static DeliveryOutcome deferred(Duration wait, std::string why);
  static DeliveryOutcome snoozed(TimePoint run_at);
  static DeliveryOutcome snoozed(Duration wait);
  static DeliveryOutcome discarded(std::string note);
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

/// What a job handler sees of its attempt, and what it may do with it. Valid until the handler
/// returns. Thread-safe but for `snooze`, `snooze_until` and `discard`, which belong to the thread
/// of the handler. Where a Result says kConflict, the attempt is over and nothing was changed;
/// kUnavailable: there is no engine (a handler called by a test).
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

  /// How far the attempt is, 0..1, with a few words (masked; cut at 200 bytes). Cheap: calls
  /// between two writes cost no write.
  Result<void> progress(double fraction, std::string_view message = {}) const;
  /// The same as `done` of `total`; total at least 1, done at most total.
  Result<void> progress(std::uint64_t done, std::uint64_t total,
                        std::string_view message = {}) const;
  /// A line of the job's log (masked, see JobLogLine). Kept with the next write of the job.
  Result<void> log(std::string_view line) const;
  /// Gives the attempt this long from now, whatever is left of its timeout; 1 ms..7 days. Waits
  /// for the engine, at most 10 s (kTimeout: unknown).
  Result<void> extend_timeout(Duration from_now) const;
  /// Accepts a job together with the completion of this one: both are stored in one write, and
  /// neither without the other. Discarded, snoozed and failed attempts leave no children. Checked
  /// at once; a unique key that is held then means that no job is made. At most kMaxChildren, with
  /// 8 MiB of payloads (kTooLarge).
  Result<JobId> enqueue(const JobRequest& request) const;
  Result<JobId> enqueue(std::string kind, JsonText payload, JobOptions options = {}) const;
  static constexpr std::size_t kMaxChildren = 1000;

  /// `return context.snooze(5min);` ends the attempt; the job runs again then, and no retry is
  /// used up. 0..3650 days.
  Result<JsonText> snooze(Duration wait);
  Result<JsonText> snooze_until(TimePoint time);
  /// `return context.discard("the account is gone");` ends the job as cancelled, without a retry.
  /// The note (masked) is its error text.
  Result<JsonText> discard(std::string note);

  /// What the handler asked for with the last three; for whoever runs it.
  const std::optional<DeliveryOutcome>& ending() const { return ending_; }

 private:
  Result<void> report(JobProgress progress) const;

  const DeliveryRequest& request_;
  std::optional<DeliveryOutcome> ending_;
};

/// Runs one attempt of a job of a registered kind, on a worker thread. The JSON it returns becomes
/// the job's `result`. An error with kInvalidArgument, kMalformed or kNotFound is permanent, any
/// other error and any exception is retried.
using JobHandler = std::function<Result<JsonText>(JobContext&)>;

struct HandlerOptions {
  /// How many attempts of this kind may run at once, each on a thread of its own. 1..1024.
  int concurrency = 8;
  /// A handler that goes on for so long after its stop token was requested is stuck: it is
  /// reported (log, ChannelInfo, health) and another thread takes its place, so that the kind keeps
  /// its concurrency. What it returns at last is refused, and its thread ends. 0..1 h.
  Duration stop_grace{10'000};
  /// How many stuck handlers may be replaced at the same time; a further one keeps its place.
  /// 0..1024.
  int max_replaced = 8;
};

}  // namespace townkrier
