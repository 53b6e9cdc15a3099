#include "core/transitions.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace townkrier {

namespace {

constexpr std::size_t kKeptHistory = 51;  // the first line and the last 50

constexpr std::uint8_t bit(JobStatus status) {
  return std::uint8_t(1u << std::uint8_t(status));
}

using enum JobStatus;

// Row: from. Bits: to.
constexpr std::array<std::uint8_t, kJobStatusCount> kAllowed = {
    /* pending    */ std::uint8_t(bit(kProcessing) | bit(kCancelled)),
    /* scheduled  */ std::uint8_t(bit(kPending) | bit(kCancelled)),
    /* processing */
    std::uint8_t(bit(kCompleted) | bit(kFailed) | bit(kRetrying) | bit(kScheduled) | bit(kPending) |
                 bit(kCancelled)),
    /* retrying   */ std::uint8_t(bit(kPending) | bit(kCancelled)),
    /* completed  */ 0,
    /* failed     */ bit(kPending),
    /* cancelled  */ bit(kPending),
};

}  // namespace

bool can_move(JobStatus from, JobStatus to) {
  return (kAllowed[std::size_t(from)] & bit(to)) != 0;
}

void move_to(JobState& state, JobStatus to, TimePoint now) {
  if (!can_move(state.status, to)) invariant_broken("a job status change that the table forbids");
  state.status = to;
  state.updated_at = now;
  if (to == kCompleted) state.completed_at = now;
  if (to == kFailed) state.failed_at = now;
  if (to == kPending) {
    state.completed_at.reset();
    state.failed_at.reset();
  }
}

void add_history(JobState& state, HistoryEntry entry) {
  if (state.history.size() >= kKeptHistory) state.history.erase(state.history.begin() + 1);
  state.history.push_back(std::move(entry));
}

void invariant_broken(const char* what) {
  std::fprintf(stderr, "townkrier: invariant broken: %s\n", what);
  std::abort();
}

}  // namespace townkrier
