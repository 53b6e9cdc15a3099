#include "core/lifecycle.hpp"

#include <algorithm>

#include "core/delivery_plan.hpp"
#include "core/masking.hpp"
#include "core/mutant.hpp"
#include "core/transitions.hpp"
#include "core/utf8.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kKeptTries = 51;  // the first and the last 50

void add_try(Delivery& delivery, RetryLog entry) {
  if (delivery.tries.size() >= kKeptTries) delivery.tries.erase(delivery.tries.begin() + 1);
  delivery.tries.push_back(std::move(entry));
}

std::optional<Duration> since(const std::optional<TimePoint>& start, TimePoint now) {
  if (!start) return std::nullopt;
  return std::max(Duration{0}, now - *start);
}

void refresh_attempts(JobState& state) {
  state.attempts = 0;
  for (const auto& d : state.deliveries) state.attempts = std::max(state.attempts, d.attempts);
}

void mark_sent(JobState& state, Delivery& delivery, const DeliveryOutcome& outcome, TimePoint now) {
  delivery.status = LogStatus::kSent;
  delivery.sent_at = now;
  delivery.message_id = outcome.message_id;
  delivery.error.clear();
  if (!outcome.result.empty()) state.result = outcome.result;
}

void mark_retrying(Delivery& delivery, Duration wait, TimePoint now) {
  delivery.status = LogStatus::kRetrying;
  delivery.next_attempt_at = now + wait;
}

// Waits by decision; nothing has been tried.
void mark_deferred(Delivery& delivery, Duration wait, TimePoint now) {
  --delivery.attempts;
  delivery.status = LogStatus::kScheduled;
  delivery.next_attempt_at = now + wait;
}

void mark_failed(Delivery& delivery, TimePoint now) {
  delivery.status = LogStatus::kFailed;
  delivery.failed_at = now;
}

Duration snoozed_for(const DeliveryOutcome& outcome, TimePoint now) {
  const Duration wait = outcome.run_at ? *outcome.run_at - now : outcome.retry_after.value_or(0ms);
  return std::max(Duration{0}, wait);
}

// "email: connection refused; hook: HTTP 410"; the channel of a job's own kind is left out.
std::string joined_errors(const JobState& state) {
  std::string all;
  for (const auto& d : state.deliveries) {
    if (d.error.empty()) continue;
    if (!all.empty()) all += "; ";
    if (!d.channel.starts_with('@')) all += d.channel + ": ";
    all += d.error;
  }
  return all;
}

void end_as(JobState& state, JobStatus status, std::string message, TimePoint now) {
  move_to(state, status, now);
  state.error = status == JobStatus::kCompleted ? std::string{} : joined_errors(state);
  add_history(state, {now, state.attempts, status, std::move(message), state.error,
                      since(state.processed_at, now)});
}

// Deliveries whose time has come are open from here on.
void open_due(JobState& state, TimePoint now) {
  for (auto& d : state.deliveries) {
    if (d.next_attempt_at && *d.next_attempt_at <= now) d.next_attempt_at.reset();
  }
}

}  // namespace

bool is_settled(const Delivery& delivery) {
  switch (delivery.status) {
    case LogStatus::kScheduled:
    case LogStatus::kSending:
    case LogStatus::kRetrying:
      return false;
    default:
      return true;
  }
}

bool is_open(const Delivery& delivery) {
  return !is_settled(delivery) && delivery.status != LogStatus::kSending &&
         !delivery.next_attempt_at;
}

JobState initial_state(const JobEnvelope& envelope, std::vector<Delivery> deliveries,
                       TimePoint now) {
  JobState state;
  state.deliveries = std::move(deliveries);
  state.updated_at = now;
  state.due_at = now;
  if (envelope.scheduled_for && *envelope.scheduled_for > now) {
    state.status = JobStatus::kScheduled;
    state.due_at = *envelope.scheduled_for;
  }
  start_plan(envelope.plan, state.deliveries, state.due_at);
  add_history(state, {now, 0, state.status, "Job created", {}, {}});
  return state;
}

std::vector<std::size_t> open_deliveries(const JobState& state) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < state.deliveries.size(); ++i) {
    if (is_open(state.deliveries[i])) open.push_back(i);
  }
  return open;
}

AttemptToken begin_attempt(JobState& state, std::span<const std::size_t> chosen, const Uuid& run,
                           TimePoint now) {
  if (chosen.empty()) invariant_broken("an attempt without a delivery");
  move_to(state, JobStatus::kProcessing, now);
  state.processed_at = now;
  state.run_id = run;
  state.progress.reset();
  ++state.begun;
  for (std::size_t i : chosen) {
    Delivery& d = state.deliveries[i];
    d.status = LogStatus::kSending;
    d.next_attempt_at.reset();
    d.updated_at = now;
    ++d.attempts;
  }
  refresh_attempts(state);
  add_history(state, {now,
                      state.attempts,
                      JobStatus::kProcessing,
                      "Processing attempt " + std::to_string(state.attempts),
                      {},
                      {}});
  return {Uuid{}, state.begun, run};
}

void apply_outcome(const JobEnvelope& envelope, JobState& state, std::size_t index,
                   const DeliveryOutcome& outcome, const OutcomeRules& rules, double random,
                   TimePoint now) {
  Delivery& d = state.deliveries[index];
  const std::uint32_t attempt = d.attempts;
  d.provider = outcome.provider.empty() ? d.provider : outcome.provider;
  d.error = mask_error(outcome.error, rules.privacy);
  d.updated_at = now;
  // What waits by decision always says so: that tells it from what has not been tried.
  if (outcome.kind == DeliveryOutcome::Kind::kDeferred && d.error.empty()) d.error = "deferred";
  switch (outcome.kind) {
    case DeliveryOutcome::Kind::kSent:
      mark_sent(state, d, outcome, now);
      break;
    case DeliveryOutcome::Kind::kPermanent:
      mark_failed(d, now);
      break;
    case DeliveryOutcome::Kind::kThrottled:
      --d.attempts;  // does not use up a retry
      mark_retrying(d, outcome.retry_after.value_or(envelope.retry_delay), now);
      break;
    case DeliveryOutcome::Kind::kSkipped:
      --d.attempts;
      d.status = LogStatus::kSkipped;
      break;
    case DeliveryOutcome::Kind::kDeferred:
      mark_deferred(d, outcome.retry_after.value_or(envelope.retry_delay), now);
      break;
    case DeliveryOutcome::Kind::kSnoozed:
      --d.attempts;
      mark_retrying(d, snoozed_for(outcome, now), now);
      break;
    case DeliveryOutcome::Kind::kDiscarded:
      state.deliveries.size() == 1 ? void(d.status = LogStatus::kCancelled) : mark_failed(d, now);
      break;
    case DeliveryOutcome::Kind::kTransient:
      if (d.attempts > envelope.max_retries) {
        mark_failed(d, now);
      } else {
        mark_retrying(d, rules.retry.delay(envelope.retry_delay, d.attempts, random), now);
      }
      break;
  }
  add_try(d, {attempt, now, d.status, d.error, since(state.processed_at, now)});
  state.updated_at = now;
}

namespace {

// What the deliveries of an attempt that is over amount to.
struct Tally {
  std::size_t open = 0;
  bool cancelled = false;
  bool retrying = false;          // one that waits has failed before
  std::optional<TimePoint> next;  // earliest time an open delivery may be tried
  std::string waits_for;          // why, when nothing failed
};

Tally tally(const JobState& state, TimePoint now) {
  Tally sum;
  for (const auto& d : state.deliveries) {
    if (d.status == LogStatus::kSending) invariant_broken("an attempt settled while sending");
    if (d.status == LogStatus::kCancelled) sum.cancelled = true;
    if (is_settled(d)) continue;
    ++sum.open;
    if (d.next_attempt_at == kHeld) continue;
    if (d.status == LogStatus::kRetrying) sum.retrying = true;
    if (sum.waits_for.empty()) sum.waits_for = d.error;
    const TimePoint at = d.next_attempt_at.value_or(now);
    sum.next = sum.next ? std::min(*sum.next, at) : at;
  }
  return sum;
}

void end_notification(const JobEnvelope& envelope, JobState& state, TimePoint now) {
  const PlanEnd end = end_of_plan(envelope.plan, state.deliveries);
  const bool tells = state.deliveries.size() > 1 || !(envelope.plan == DeliveryPlan{});
  if (tells && envelope.kind == kNotificationKind) {
    state.result = plan_result(envelope.plan, state.deliveries);
  }
  if (!is_failure(envelope.plan.strategy, end)) {
    end_as(state, JobStatus::kCompleted, "Completed", now);
    return;
  }
  end_as(state, JobStatus::kFailed,
         "Failed after " + std::to_string(state.attempts) +
             (state.attempts == 1 ? " attempt" : " attempts"),
         now);
}

void wait_until(JobState& state, const Tally& sum, TimePoint now) {
  state.due_at = *sum.next;
  if (sum.retrying || sum.waits_for.empty()) {
    const bool erred = !joined_errors(state).empty();
    end_as(
        state, JobStatus::kRetrying,
        (erred ? "Retrying in " : "Runs again in ") + std::to_string((*sum.next - now).count()) + " ms",
        now);
  } else {
    end_as(state, JobStatus::kScheduled, "Waits: " + sum.waits_for, now);
  }
}

void follow_plan(const JobEnvelope& envelope, JobState& state, TimePoint now) {
  std::vector<LogStatus> earlier;
  for (const auto& d : state.deliveries) earlier.push_back(d.status);
  apply_plan(envelope.plan, state.deliveries);
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    if (state.deliveries[i].status != earlier[i]) state.deliveries[i].updated_at = now;
  }
}

}  // namespace

void apply_report(JobState& state, AttemptReport report, ContentPrivacy privacy) {
  if (report.progress) {
    state.progress = std::move(report.progress);
    state.progress->message = mask_error(state.progress->message, privacy);
  }
  state.log_dropped += report.dropped;
  for (JobLogLine& line : report.lines) {
    line.text = utf8_cut(mask_error(line.text, privacy), kMaxJobLogLine);
    state.log.push_back(std::move(line));
  }
  std::size_t bytes = 0;
  for (const JobLogLine& line : state.log) bytes += line.text.size();
  auto kept = state.log.begin();
  while (std::size_t(state.log.end() - kept) > kMaxJobLogLines || bytes > kMaxJobLogBytes) {
    bytes -= kept->text.size();
    ++kept;
  }
  state.log_dropped += std::uint64_t(kept - state.log.begin());
  state.log.erase(state.log.begin(), kept);
}

void settle(const JobEnvelope& envelope, JobState& state, AttemptEnd end, TimePoint now) {
  refresh_attempts(state);
  if (end == AttemptEnd::kCancelled) {
    for (auto& d : state.deliveries) {
      if (is_settled(d) || d.status == LogStatus::kSending) continue;
      d.status = LogStatus::kCancelled;
      d.updated_at = now;
    }
  }
  follow_plan(envelope, state, now);
  const Tally sum = tally(state, now);
  if (sum.cancelled) {
    end_as(state, JobStatus::kCancelled,
           end == AttemptEnd::kCancelled ? "Cancelled" : "Discarded by its handler", now);
  } else if (sum.open == 0) {
    end_notification(envelope, state, now);
  } else if (!sum.next) {
    invariant_broken("every delivery of a job waits for another one");
  } else if (*sum.next > now) {
    wait_until(state, sum, now);
  } else {
    // Some channel had no room when the attempt began; its place in the order stays.
    open_due(state, now);
    state.due_at = envelope.scheduled_for.value_or(envelope.created_at);
    move_to(state, JobStatus::kPending, now);
  }
}

void take_back(Delivery& delivery, TimePoint now) {
  if (delivery.attempts > 0) --delivery.attempts;
  delivery.status = delivery.tries.empty() ? LogStatus::kScheduled : LogStatus::kRetrying;
  delivery.next_attempt_at.reset();
  delivery.updated_at = now;
}

void hand_back(JobState& state, TimePoint now) {
  for (auto& d : state.deliveries) {
    if (d.status == LogStatus::kSending) take_back(d, now);
  }
  refresh_attempts(state);
  state.due_at = now;
  move_to(state, JobStatus::kPending, now);
  add_history(state,
              {now, state.attempts, JobStatus::kPending, "Handed back, not charged", {}, {}});
}

void recover_crashed(JobState& state, std::uint32_t max_crashes, TimePoint now) {
  ++state.crashes;
  if (state.crashes < max_crashes) {
    hand_back(state, now);
    state.history.back().message = "Interrupted by a process crash, runs again";
    return;
  }
  for (auto& d : state.deliveries) {
    if (d.status != LogStatus::kSending && is_settled(d)) continue;
    d.error = "the process crashed " + std::to_string(state.crashes) + " times during this job";
    mark_failed(d, now);
    d.updated_at = now;
  }
  end_as(state, JobStatus::kFailed,
         "Parked: the process crashed " + std::to_string(state.crashes) + " times during this job",
         now);
}

void promote(JobState& state, TimePoint now) {
  open_due(state, std::max(now, state.due_at));
  state.due_at = std::min(now, state.due_at);
  if (mutated(Mutant::kResendSent)) {
    for (auto& d : state.deliveries) {
      if (d.status == LogStatus::kSent) d.status = LogStatus::kRetrying;
    }
  }
  move_to(state, JobStatus::kPending, now);
}

Error conflict(JobAction action, JobStatus status) {
  return {Errc::kConflict,
          "cannot " + std::string(to_string(action)) + " a job that is " +
              std::string(to_string(status)),
          {}};
}

namespace {

void retry_afresh(JobState& state, TimePoint now) {
  for (auto& d : state.deliveries) {
    if (d.status == LogStatus::kFailed || d.status == LogStatus::kCancelled ||
        d.status == LogStatus::kSkipped) {
      d.status = LogStatus::kScheduled;
      d.attempts = 0;
      d.error.clear();
      d.failed_at.reset();
      d.next_attempt_at.reset();
      d.updated_at = now;
    }
  }
  refresh_attempts(state);
  state.attempts = 0;
  state.crashes = 0;
  state.error.clear();
  state.due_at = now;
  move_to(state, JobStatus::kPending, now);
  add_history(state, {now, 0, JobStatus::kPending, "Job manually retried", {}, {}});
}

void make_due(JobState& state, TimePoint now) {
  for (auto& d : state.deliveries) {
    if (d.next_attempt_at != kHeld) d.next_attempt_at.reset();
  }
  state.due_at = now;
  move_to(state, JobStatus::kPending, now);
  add_history(state, {now, state.attempts, JobStatus::kPending, "Made due by hand", {}, {}});
}

Result<void> cancel_waiting(JobState& state, TimePoint now) {
  if (!can_move(state.status, JobStatus::kCancelled)) {
    return std::unexpected(conflict(JobAction::kCancel, state.status));
  }
  for (auto& d : state.deliveries) {
    if (is_settled(d)) continue;
    d.status = LogStatus::kCancelled;
    d.updated_at = now;
  }
  end_as(state, JobStatus::kCancelled, "Cancelled", now);
  return {};
}

}  // namespace

Result<void> apply_action(const JobEnvelope& envelope, JobState& state, JobAction action,
                          TimePoint now) {
  const bool waiting =
      state.status == JobStatus::kScheduled || state.status == JobStatus::kRetrying;
  switch (action) {
    case JobAction::kRetry:
      if (state.status == JobStatus::kFailed || state.status == JobStatus::kCancelled) {
        retry_afresh(state, now);
        start_plan(envelope.plan, state.deliveries, now);
        return {};
      }
      [[fallthrough]];
    case JobAction::kRunNow:
      if (waiting) {
        make_due(state, now);
        return {};
      }
      if (state.status == JobStatus::kPending) return {};
      return std::unexpected(conflict(action, state.status));
    case JobAction::kCancel:
      return cancel_waiting(state, now);
    case JobAction::kDelete:
      if (state.status == JobStatus::kProcessing) {
        return std::unexpected(conflict(action, state.status));
      }
      return {};
  }
  return fail(Errc::kInternal, "unknown action");
}

}  // namespace townkrier
