#include "townkrier/channel.hpp"

#include <cmath>
#include <future>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/utf8.hpp"

namespace townkrier {

namespace {

using std::chrono::days;

constexpr Duration kExtendWait{10'000};
constexpr std::size_t kMaxProgressMessage = 200;

std::unexpected<Error> no_engine() {
  return fail(Errc::kUnavailable, "this attempt has no engine behind it");
}

Result<void> check_duration(std::string_view name, Duration value, Duration min, Duration max) {
  if (value >= min && value <= max) return {};
  return fail_field(Errc::kInvalidArgument, std::string(name),
                    "must be from " + std::to_string(min.count()) + " to " +
                        std::to_string(max.count()) + " milliseconds");
}

}  // namespace

DeliveryOutcome DeliveryOutcome::sent(std::string message_id) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kSent;
  outcome.message_id = std::move(message_id);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::permanent(std::string error, std::string code) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kPermanent;
  outcome.error = std::move(error);
  outcome.error_code = std::move(code);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::transient(std::string error, std::string code) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kTransient;
  outcome.error = std::move(error);
  outcome.error_code = std::move(code);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::throttled(Duration retry_after, std::string error) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kThrottled;
  outcome.retry_after = retry_after;
  outcome.error = std::move(error);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::skipped(std::string why, std::string code) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kSkipped;
  outcome.error = std::move(why);
  outcome.error_code = std::move(code);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::deferred(Duration wait, std::string why) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kDeferred;
  outcome.retry_after = wait;
  outcome.error = std::move(why);
  return outcome;
}

DeliveryOutcome DeliveryOutcome::snoozed(TimePoint run_at) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kSnoozed;
  outcome.run_at = run_at;
  return outcome;
}

DeliveryOutcome DeliveryOutcome::snoozed(Duration wait) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kSnoozed;
  outcome.retry_after = wait;
  return outcome;
}

DeliveryOutcome DeliveryOutcome::discarded(std::string note) {
  DeliveryOutcome outcome;
  outcome.kind = Kind::kDiscarded;
  outcome.error = std::move(note);
  return outcome;
}

nlohmann::json JobContext::payload() const {
  return request_.content.value();
}

Result<void> JobContext::report(JobProgress progress) const {
  if (!request_.port) return no_engine();
  return request_.port->report(std::move(progress));
}

Result<void> JobContext::progress(double fraction, std::string_view message) const {
  if (!(fraction >= 0.0 && fraction <= 1.0)) {  // refuses NaN too
    return fail_field(Errc::kInvalidArgument, "fraction", "must be from 0 to 1");
  }
  return report({fraction, 0, 0, std::string(utf8_cut(message, kMaxProgressMessage)), {}});
}

Result<void> JobContext::progress(std::uint64_t done, std::uint64_t total,
                                  std::string_view message) const {
  if (total < 1) return fail_field(Errc::kInvalidArgument, "total", "must be at least 1");
  if (done > total) return fail_field(Errc::kInvalidArgument, "done", "must be at most total");
  return report({double(done) / double(total),
                 done,
                 total,
                 std::string(utf8_cut(message, kMaxProgressMessage)),
                 {}});
}

Result<void> JobContext::log(std::string_view line) const {
  return request_.port ? request_.port->log(line) : no_engine();
}

Result<void> JobContext::extend_timeout(Duration from_now) const {
  if (auto valid = check_duration("from_now", from_now, 1ms, days{7}); !valid) return valid;
  if (!request_.port) return no_engine();
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto answer = promise->get_future();
  request_.port->extend(from_now, [promise](Result<void> result) { promise->set_value(result); });
  if (answer.wait_for(kExtendWait) != std::future_status::ready) {
    return fail(Errc::kTimeout, "no answer in time; whether the timeout is extended is unknown");
  }
  return answer.get();
}

Result<JobId> JobContext::enqueue(const JobRequest& request) const {
  if (!request_.port) return no_engine();
  return request_.port->enqueue(request);
}

Result<JobId> JobContext::enqueue(std::string kind, JsonText payload, JobOptions options) const {
  return enqueue(JobRequest{std::move(kind), std::move(payload), std::move(options)});
}

Result<JsonText> JobContext::snooze(Duration wait) {
  if (auto valid = check_duration("wait", wait, 0ms, days{3650}); !valid) {
    return std::unexpected(valid.error());
  }
  ending_ = DeliveryOutcome::snoozed(wait);
  return JsonText{};
}

Result<JsonText> JobContext::snooze_until(TimePoint time) {
  constexpr TimePoint kEnd = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  if (time < TimePoint{} || time >= kEnd) {
    return fail_field(Errc::kInvalidArgument, "time", "must be within the years 1970 to 9999");
  }
  ending_ = DeliveryOutcome::snoozed(time);
  return JsonText{};
}

Result<JsonText> JobContext::discard(std::string note) {
  ending_ = DeliveryOutcome::discarded(std::move(note));
  return JsonText{};
}

}  // namespace townkrier
