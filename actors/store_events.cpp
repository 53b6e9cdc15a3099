// StoreState: what others hear of a group that was written.

#include <algorithm>
#include <iterator>
#include <utility>

#include "actors/guarded.hpp"
#include "actors/store_actor.hpp"
#include "core/activity.hpp"
#include "core/recipient_policy.hpp"

namespace townkrier {

namespace {

JobEvent event_of(const Job& job) {
  return {job.id(), job.envelope->kind, job.envelope->queue, job.state.status, job.state.attempts};
}

}  // namespace

void StoreState::pass_on_logs(const Group& group, const std::vector<EnqueueOutcome>& outcomes) {
  if (!config_.log_sink) return;
  std::vector<LogId> rows;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].deduplicated) continue;
    for (const NotificationLog& row : group.batch.enqueued[i].logs) rows.push_back(row.id);
  }
  for (const JobChange& change : group.batch.changes) {
    for (const DeliveryLog& log : change.logs) {
      rows.push_back(change.job.state.deliveries[log.delivery].log_id);
    }
    for (const NewJob& child : change.children) {
      for (const NotificationLog& row : child.logs) rows.push_back(row.id);
    }
  }
  if (!rows.empty()) config_.log_sink(rows);
}

void StoreState::count(const Group& group, const std::vector<EnqueueOutcome>& outcomes) {
  if (!config_.activity) return;
  ActivityBatch counted;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].deduplicated) counted.add(group.batch.enqueued[i]);
  }
  for (const JobChange& change : group.batch.changes) {
    counted.add(change);
    for (const NewJob& child : change.children) {
      if (is_stored(child.job)) counted.add(child);
    }
  }
  for (const JobRemoval& removal : group.batch.removals) counted.add(removal);
  if (!counted.empty()) config_.activity->record(counted, config_.clock->now());
}

// Events name jobs before their content is moved on to the scheduler.
void StoreState::publish(const Group& group, const std::vector<EnqueueOutcome>& outcomes) {
  count(group, outcomes);
  if (!config_.events) return;
  std::vector<JobEvent> events;
  events.reserve(group.batch.enqueued.size() + group.batch.changes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].deduplicated) events.push_back(event_of(group.batch.enqueued[i].job));
  }
  for (const JobChange& change : group.batch.changes) {
    events.push_back(event_of(change.job));
    for (const NewJob& child : change.children) events.push_back(event_of(child.job));
  }
  if (!events.empty()) {
    self_->send(config_.events, event_atom::value, parcel(std::move(events)));
  }
}

void StoreState::publish_deliveries(const Group& group) {
  if (!config_.events || !config_.feed || !config_.feed->wanted()) return;
  std::vector<DeliveryEvent> events;
  const TimePoint now = config_.clock->now();
  for (const JobChange& change : group.batch.changes) {
    std::ranges::move(events_of(change, now), std::back_inserter(events));
  }
  if (!events.empty()) {
    self_->send(config_.events, event_atom::value, parcel(std::move(events)));
  }
}

// By way of the scheduler, which may hold the job.
void StoreState::note_joined_digests() {
  if (!scheduler_) return;  // it is told when it is attached
  for (const auto& [id, count] : std::exchange(joined_, {})) {
    JobNote note{
        [count = count](JobState& state, TimePoint now) { note_joined(state, count, now); }};
    self_->send(scheduler_, act_atom::value, parcel(ActCall{id, {}, {}, std::move(note)}));
  }
}

}  // namespace townkrier
