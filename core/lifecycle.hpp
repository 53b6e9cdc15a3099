#pragma once

/// \file lifecycle.hpp
/// The life of a job as pure functions on its state: what an attempt, an outcome, a crash or an
/// operator does to it. No I/O, no clock, no actor; every decision about a job is made here.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/retry_policy.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/config.hpp"
#include "townkrier/job.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// Names one attempt: results that carry another token are refused (fencing).
struct AttemptToken {
  JobId job;
  std::uint64_t begun = 0;  ///< JobState::begun of that attempt.
  Uuid run;                 ///< The process run it belongs to.
  auto operator<=>(const AttemptToken&) const = default;
};

/// True for a delivery that has nothing left to do.
bool is_settled(const Delivery& delivery);

/// The state a new job starts with: pending, or scheduled when `envelope.scheduled_for` is after
/// `now`. `deliveries` have their channel and log id set.
JobState initial_state(const JobEnvelope& envelope, std::vector<Delivery> deliveries,
                       TimePoint now);

/// True for a delivery that the next attempt may use: unsettled, and not waiting for a time. A
/// pending job's route is made of its open deliveries.
bool is_open(const Delivery& delivery);

/// Indexes of the open deliveries.
std::vector<std::size_t> open_deliveries(const JobState& state);

/// Begins an attempt over `chosen` deliveries (not empty): counts it, marks them as sending.
AttemptToken begin_attempt(JobState& state, std::span<const std::size_t> chosen, const Uuid& run,
                           TimePoint now);

/// How outcomes are judged.
struct OutcomeRules {
  RetryPolicy retry;
  ContentPrivacy privacy = ContentPrivacy::kMasked;
};

/// Records how one delivery of the running attempt ended. `random` as in RetryPolicy::delay.
void apply_outcome(const JobEnvelope& envelope, JobState& state, std::size_t delivery,
                   const DeliveryOutcome& outcome, const OutcomeRules& rules, double random,
                   TimePoint now);

/// What an attempt has said about itself since it was last asked.
struct AttemptReport {
  std::optional<JobProgress> progress;
  std::vector<JobLogLine> lines;  ///< As written, not masked.
  std::uint64_t dropped = 0;      ///< Lines that were too many to be kept until now.
  bool empty() const { return !progress && lines.empty() && dropped == 0; }
};

/// Adds it to the job: masked, the log within its limits, oldest lines dropped first.
void apply_report(JobState& state, AttemptReport report, ContentPrivacy privacy);

/// Whether a cancel was asked for while the attempt ran.
enum class AttemptEnd : std::uint8_t { kNormal, kCancelled };

/// Ends the running attempt once all its deliveries have an outcome: completed, failed, retrying,
/// scheduled (what is left waits by decision), pending (deliveries that were not part of it are
/// still open), or cancelled. Holds, releases and skips deliveries as the plan says.
void settle(const JobEnvelope& envelope, JobState& state, AttemptEnd end, TimePoint now);

/// Takes one delivery of the running attempt back without charging it: it is open again.
void take_back(Delivery& delivery, TimePoint now);

/// Takes the running attempt back without charging it: deliveries still sending are open again, at
/// once. Used by an ordered stop.
void hand_back(JobState& state, TimePoint now);

/// The process died during the attempt: handed back and counted as a crash; at `max_crashes` the
/// job is parked as failed ("poison") instead.
void recover_crashed(JobState& state, std::uint32_t max_crashes, TimePoint now);

/// A scheduled or retrying job whose time has come: its due deliveries are open now.
void promote(JobState& state, TimePoint now);

/// Retry, cancel or run-now on a job that is not running. kConflict names the present status.
/// Retry of a pending job and run-now of a pending one change nothing. Delete only checks.
Result<void> apply_action(const JobEnvelope& envelope, JobState& state, JobAction action,
                          TimePoint now);

/// The conflict error for an action that the status does not allow.
Error conflict(JobAction action, JobStatus status);

}  // namespace townkrier
