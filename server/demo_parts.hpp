#pragma once

/// \file demo_parts.hpp
/// What the demo is made of: the jobs of a tick, and what runs them. Nothing here keeps state that
/// a caller has to protect.

#include <cstdint>
#include <stop_token>
#include <vector>

#include "townkrier/job.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/time.hpp"

namespace townkrier::server {

/// The queue that an operator has paused, with a newsletter waiting in it.
inline constexpr const char* kDemoPausedQueue = "newsletter";

/// The jobs of tick `n`. A cycle of 20 ticks has every kind, the rare ones at its beginning so that
/// they show at once. Calls come in bursts that the slow channel needs a while for.
std::vector<JobRequest> demo_jobs_of_tick(std::uint64_t n);
/// What waits in the paused queue.
std::vector<JobRequest> demo_newsletter();
/// A reminder for one of the next minutes.
JobRequest demo_reminder(std::uint64_t n);

/// Waits, but not beyond a stop. False when stopped.
bool demo_pause(const std::stop_token& stop, Duration duration);

}  // namespace townkrier::server
