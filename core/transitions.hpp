#pragma once

/// \file transitions.hpp
/// The one table of job status changes, and the one function that makes them. Pure; no I/O.

#include <string>

#include "townkrier/job.hpp"

namespace townkrier {

/// True when a job may go from one status to the other.
bool can_move(JobStatus from, JobStatus to);

/// Changes the status and everything that goes with it (updated_at, ended-at times). Asserts, also
/// in release builds, that the table allows it: callers check requests from outside first.
void move_to(JobState& state, JobStatus to, TimePoint now);

/// Adds a history line, keeping the first one and the last 50.
void add_history(JobState& state, HistoryEntry entry);

/// Stops the process with a message: an invariant of ours is broken. Stays on in release builds.
[[noreturn]] void invariant_broken(const char* what);

}  // namespace townkrier
