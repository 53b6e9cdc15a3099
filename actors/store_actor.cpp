#include "actors/store_actor.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "actors/guarded.hpp"
#include "core/log_rows.hpp"
#include "core/mutant.hpp"
#include "core/transitions.hpp"

namespace townkrier {

namespace {

// A full disk is looked at again this often.
constexpr auto kRetryAfter = std::chrono::milliseconds{500};

// Groups larger than this are written before more is gathered.
constexpr std::size_t kMaxGroup = 4096;

void sort_by_place(Job job, Committed& news) {
  switch (job.state.status) {
    case JobStatus::kPending:
      news.ready.push_back(std::move(job));
      break;
    case JobStatus::kScheduled:
    case JobStatus::kRetrying:
      news.waiting.push_back(std::move(job));
      break;
    default:
      break;
  }
}

bool is_fatal(Errc code) {
  return code == Errc::kIo || code == Errc::kCorruption;
}

}  // namespace

void StoreState::init(StoreActor::pointer self, StoreConfig config) {
  self_ = self;
  config_ = std::move(config);
}

void StoreState::arm() {
  if (armed_) return;
  armed_ = true;
  self_->send(self_, flush_atom::value);
}

void StoreState::enqueue(EnqueueCall call) {
  if (answer_repeated(call)) return;
  group_.needs_sync = true;
  EnqueueSlot slot{std::move(call), group_.batch.enqueued.size()};
  std::move(slot.call.jobs.begin(), slot.call.jobs.end(),
            std::back_inserter(group_.batch.enqueued));
  group_.enqueues.push_back(std::move(slot));
  if (group_.batch.enqueued.size() >= kMaxGroup)
    flush();
  else
    arm();
}

void StoreState::apply(ApplyCall call) {
  // A group's changes are its applied calls' in order, or operations'.
  if (!group_.operations.empty()) flush();
  if (!call.ends.empty() || !call.progress.empty()) group_.needs_sync = true;
  add_changes(call);
  group_.applied.push_back(std::move(call));
  arm();
}

// Moves a call's changes into the batch: begins, promoted, reports, progress, ends. `taken_back`
// and `tell_applied` walk them in the same order.
void StoreState::add_changes(ApplyCall& call) {
  auto& changes = group_.batch.changes;
  for (auto* part : {&call.begins, &call.promoted, &call.reports, &call.progress, &call.ends}) {
    for (JobChange& change : *part) changes.push_back(std::move(change));
  }
}

Result<Job> StoreState::operated(const OperateCall& call) {
  auto job = config_.store->get_job(call.id);
  if (!job) return job;
  const JobPlace before = place_of(*job->envelope, job->state);
  const JobState old_state = job->state;
  const TimePoint now = config_.clock->now();
  if (call.note) {
    const bool any = call.note.scope == JobNote::Scope::kAnyJob;
    if (any || !is_terminal(job->state.status)) call.note.apply(job->state, now);
  } else if (auto allowed = apply_action(*job->envelope, job->state, call.action, now); !allowed) {
    return std::unexpected(allowed.error());
  }
  if (!call.note && call.action == JobAction::kDelete) {
    group_.batch.removals.push_back({*job, before});
  } else if (!(job->state == old_state)) {
    group_.batch.changes.push_back(
        {*job, before, false, changed_deliveries(old_state, job->state), {}});
  }
  return job;
}

void StoreState::operate(OperateCall call) {
  // The job is read as everything before left it; operations on other jobs may share a group.
  const bool known =
      std::ranges::find(group_.operations, call.id, &OperateSlot::id) != group_.operations.end();
  if (known || !group_.applied.empty() || !group_.enqueues.empty()) flush();
  auto job = operated(call);
  if (!job) {
    call.reply(std::unexpected(job.error()));
    Committed news;
    news.released.push_back(call.id);
    if (scheduler_) self_->send(scheduler_, commit_atom::value, parcel(std::move(news)));
    return;
  }
  if (!call.note || call.note.scope == JobNote::Scope::kAnyJob) group_.needs_sync = true;
  group_.operations.push_back({call.id, std::move(call.reply), std::move(*job)});
  if (group_.operations.size() >= kMaxGroup)
    flush();
  else
    arm();
}

void StoreState::load(ReadyQueue::Refill request) {
  flush();  // an attempt that has begun must not be read as ready
  auto jobs = config_.store->ready_jobs(request.lane, request.after, request.limit);
  if (!jobs) config_.log(LogLevel::kError, actor_line(name, "load_failed", jobs.error().message));
  LaneLoaded loaded{std::move(request), std::move(jobs).value_or(std::vector<Job>{})};
  if (scheduler_) self_->send(scheduler_, lane_atom::value, parcel(std::move(loaded)));
}

void StoreState::load(DueWheel::Load request) {
  flush();
  auto jobs = config_.store->due_jobs(request.until, request.after, request.limit);
  if (!jobs) config_.log(LogLevel::kError, actor_line(name, "load_failed", jobs.error().message));
  DueLoaded loaded{std::move(request), std::move(jobs).value_or(std::vector<Job>{})};
  if (scheduler_) self_->send(scheduler_, due_atom::value, parcel(std::move(loaded)));
}

void StoreState::run(StoreTask task) {
  flush();
  task.run(*config_.store);
}

// A scheduler must see what its predecessor has decided: it waits while that cannot be written.
void StoreState::attach(SchedulerActor scheduler) {
  flush();
  scheduler_ = nullptr;
  attaching_ = std::move(scheduler);
  attach_when_written();
}

void StoreState::attach_when_written() {
  if (!attaching_ || !group_.empty()) return;
  scheduler_ = std::exchange(attaching_, nullptr);
  Recovered found;
  constexpr std::size_t kPage = 10'000;
  if (auto lanes = config_.store->ready_lanes()) {
    for (auto& lane : *lanes) found.lanes.push_back(std::move(lane.lane));
  }
  std::optional<JobId> after;
  while (true) {
    auto page = config_.store->processing_jobs(after, kPage);
    if (!page || page->empty()) break;
    after = page->back().id();
    std::move(page->begin(), page->end(), std::back_inserter(found.processing));
  }
  if (auto settings = config_.store->settings()) {
    for (const auto& [key, value] : *settings) {
      if (key.starts_with("paused:") && value == "1") found.paused.push_back(key.substr(7));
    }
  }
  self_->send(scheduler_, recover_atom::value, parcel(std::move(found)));
  note_joined_digests();
}

void StoreState::flush() {
  armed_ = false;
  if (group_.empty()) return;
  Group group = std::exchange(group_, {});
  if (failed_) {
    refuse(std::move(group), {Errc::kUnavailable, "the store has failed", {}});
    return;
  }
  admit(group);
  if (group.empty()) return;
  add_entries(group);
  if (mutated(Mutant::kAckBeforeCommit)) acknowledge(group);
  const auto durability =
      group.needs_sync ? config_.durability : std::max(config_.durability, Durability::kOs);
  const auto began = std::chrono::steady_clock::now();
  auto outcomes = group.batch.empty() ? Result<std::vector<EnqueueOutcome>>{}
                                      : config_.store->commit(group.batch, durability);
  if (config_.activity && outcomes && !group.batch.empty()) {
    const auto took = std::chrono::steady_clock::now() - began;
    config_.activity->committed(group.batch.enqueued.size() + group.batch.changes.size(),
                                std::chrono::duration_cast<std::chrono::microseconds>(took));
  }
  if (outcomes) {
    succeed(std::move(group), std::move(*outcomes));
  } else {
    refuse(std::move(group), outcomes.error());
  }
}

// A mutant's: what nobody may do.
void StoreState::acknowledge(Group& group) {
  for (EnqueueSlot& slot : group.enqueues) {
    const auto next =
        &slot == &group.enqueues.back() ? group.batch.enqueued.size() : (&slot + 1)->first;
    std::vector<EnqueuedJob> answer;
    for (std::size_t i = slot.first; i < next; ++i) {
      answer.push_back({group.batch.enqueued[i].job, false});
    }
    slot.call.reply(std::move(answer));
  }
}

void StoreState::admit(Group& group) {
  if (group.enqueues.empty()) return;
  const auto open = config_.store->accepts_jobs();
  if (open.has_value() != admitting_) {
    admitting_ = open.has_value();
    config_.log(admitting_ ? LogLevel::kInfo : LogLevel::kError,
                actor_line(name, admitting_ ? "new_jobs_taken_again" : "new_jobs_refused",
                           admitting_ ? std::string{} : open.error().message));
  }
  if (!open) refuse_enqueues(group, open.error());
}

void StoreState::answer_enqueues(Group& group, const std::vector<EnqueueOutcome>& outcomes,
                                 Committed& news) {
  for (EnqueueSlot& slot : group.enqueues) {
    const auto next =
        &slot == &group.enqueues.back() ? group.batch.enqueued.size() : (&slot + 1)->first;
    std::vector<EnqueuedJob> answer;
    answer.reserve(next - slot.first);
    for (std::size_t i = slot.first; i < next; ++i) {
      Job& job = group.batch.enqueued[i].job;
      if (!outcomes[i].deduplicated) {
        answer.push_back({job, false});
        sort_by_place(std::move(job), news);
        continue;
      }
      if (job.envelope->plan.policy.digest) ++joined_[outcomes[i].id];
      auto earlier = config_.store->get_job(outcomes[i].id);
      answer.push_back({earlier ? std::move(*earlier) : std::move(job), true});
    }
    config_.admission->leave(answer.size(), slot.call.bytes);
    slot.call.reply(std::move(answer));
  }
}

void StoreState::answer_operations(Group& group, Committed& news) {
  for (OperateSlot& slot : group.operations) {
    news.released.push_back(slot.id);
    if (std::ranges::none_of(group.batch.removals,
                             [&](const JobRemoval& r) { return r.job.id() == slot.id; })) {
      sort_by_place(slot.job, news);
    }
    slot.reply(std::move(slot.job));
  }
}

// A child whose unique key was held has not been stored.
bool StoreState::is_stored(const Job& child) const {
  return child.envelope->unique_key.empty() || config_.store->get_job(child.id());
}

void StoreState::tell_child(Job child, Committed& news) {
  if (is_stored(child)) sort_by_place(std::move(child), news);
}

void StoreState::tell_applied(Group& group, Committed& news) {
  std::size_t next = 0;
  auto& changes = group.batch.changes;
  for (ApplyCall& call : group.applied) {
    for (std::size_t i = 0; i < call.begins.size(); ++i) {
      news.begun.push_back(std::move(changes[next++].job));
    }
    for (std::size_t i = 0; i < call.promoted.size(); ++i) {
      sort_by_place(std::move(changes[next++].job), news);
    }
    next += call.reports.size() + call.progress.size();
    for (std::size_t i = 0; i < call.ends.size(); ++i) {
      JobChange& end = changes[next++];
      sort_by_place(std::move(end.job), news);
      for (NewJob& child : end.children) tell_child(std::move(child.job), news);
    }
    std::move(call.acks.begin(), call.acks.end(), std::back_inserter(news.acks));
  }
}

void StoreState::succeed(Group group, std::vector<EnqueueOutcome> outcomes) {
  pass_on_logs(group, outcomes);
  publish(group, outcomes);
  publish_deliveries(group);
  Committed news;
  tell_applied(group, news);
  answer_operations(group, news);
  answer_enqueues(group, outcomes, news);
  if (scheduler_) self_->send(scheduler_, commit_atom::value, parcel(std::move(news)));
  note_joined_digests();
  for (ApplyCall& call : group.applied) {
    if (call.done) call.done();
  }
  attach_when_written();
}

std::vector<ApplyCall> StoreState::taken_back(Group& group) {
  std::size_t next = 0;
  auto& changes = group.batch.changes;
  for (ApplyCall& call : group.applied) {
    for (auto* part : {&call.begins, &call.promoted, &call.reports, &call.progress, &call.ends}) {
      for (JobChange& change : *part) change = std::move(changes[next++]);
    }
  }
  return std::move(group.applied);
}

void StoreState::refuse_enqueues(Group& group, const Error& error) {
  for (EnqueueSlot& slot : group.enqueues) {
    const auto next =
        &slot == &group.enqueues.back() ? group.batch.enqueued.size() : (&slot + 1)->first;
    config_.admission->leave(next - slot.first, slot.call.bytes);
    slot.call.reply(std::unexpected(error));
  }
  group.enqueues.clear();
  group.batch.enqueued.clear();
}

// Nothing of the group was written. New jobs and operations are refused; the scheduler's changes
// describe what has already happened, so they are kept and tried again.
void StoreState::refuse(Group group, const Error& error) {
  Committed news;
  refuse_enqueues(group, error);
  for (OperateSlot& slot : group.operations) {
    news.released.push_back(slot.id);
    slot.reply(std::unexpected(error));
  }
  if (scheduler_ && !news.released.empty()) {
    self_->send(scheduler_, commit_atom::value, parcel(std::move(news)));
  }
  if (failed_) return;
  config_.log(LogLevel::kError, actor_line(name, "write_failed", error.message));
  if (is_fatal(error.code)) {
    failed_ = true;
    if (config_.fatal) config_.fatal(error);
    self_->quit(caf::sec::runtime_error);
    return;
  }
  armed_ = true;  // by the delayed message below: no flush at once
  for (ApplyCall& call : taken_back(group)) apply(std::move(call));
  self_->delayed_send(self_, kRetryAfter, flush_atom::value);
}

bool StoreState::sync() {
  flush();
  if (config_.activity) {
    if (auto saved = save_series(*config_.activity, *config_.store, config_.clock->now()); !saved) {
      config_.log(LogLevel::kWarning, actor_line(name, "series_not_saved", saved.error().message));
    }
  }
  if (auto synced = config_.store->sync(); !synced) {
    config_.log(LogLevel::kError, actor_line(name, "sync_failed", synced.error().message));
  }
  return group_.empty();
}

StoreActor::behavior_type store(StoreActor::stateful_pointer<StoreState> self, StoreConfig config) {
  guard(self, StoreState::name, config.log);
  self->state.init(self, std::move(config));
  return {
      [self](enqueue_atom, const Parcel<EnqueueCall>& call) {
        self->state.enqueue(std::move(*call));
      },
      [self](apply_atom, const Parcel<ApplyCall>& call) { self->state.apply(std::move(*call)); },
      [self](operate_atom, const Parcel<OperateCall>& call) {
        self->state.operate(std::move(*call));
      },
      [self](load_atom, const Parcel<ReadyQueue::Refill>& request) {
        self->state.load(std::move(*request));
      },
      [self](load_atom, const Parcel<DueWheel::Load>& request) {
        self->state.load(std::move(*request));
      },
      [self](run_atom, const Parcel<StoreTask>& task) { self->state.run(std::move(*task)); },
      [self](attach_atom, const Parcel<Attach>& attach) { self->state.attach(attach->scheduler); },
      [self](flush_atom) { self->state.flush(); },
      [self](sync_atom) { return self->state.sync(); },
  };
}

}  // namespace townkrier
