#include "townkrier/store.hpp"

#include "core/lifecycle.hpp"

namespace townkrier {

namespace {

TimePoint ended_at(const JobState& state) {
  switch (state.status) {
    case JobStatus::kCompleted:
      return state.completed_at.value_or(state.updated_at);
    case JobStatus::kFailed:
      return state.failed_at.value_or(state.updated_at);
    default:
      return state.updated_at;  // cancelled: nothing moves it any more
  }
}

}  // namespace

std::string route_of(const JobEnvelope& envelope, const JobState& state) {
  if (state.deliveries.empty() && envelope.kind != kNotificationKind) return '@' + envelope.kind;
  std::string route;
  for (const Delivery& delivery : state.deliveries) {
    if (!is_open(delivery)) continue;
    if (!route.empty()) route += ',';
    route += delivery.channel;
  }
  return route;
}

JobPlace place_of(const JobEnvelope& envelope, const JobState& state) {
  if (is_terminal(state.status)) return {state.status, ended_at(state), {}};
  if (state.status == JobStatus::kPending) {
    return {state.status, state.due_at, route_of(envelope, state)};
  }
  return {state.status, state.due_at, {}};
}

}  // namespace townkrier
