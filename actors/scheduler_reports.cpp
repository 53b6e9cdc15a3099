// SchedulerState: what running attempts say before they end.

#include <utility>

#include "actors/scheduler_actor.hpp"
#include "core/log_rows.hpp"

namespace townkrier {

namespace {

// Reports of all attempts are written together, at most this often.
constexpr Duration kReportEvery{250};

// The begin of an attempt is written within this time, or tried again.
constexpr Duration kBeginWait{20};

}  // namespace

// Into the job as this attempt has it, or its next write would undo the note.
void SchedulerState::note(Running& running, ActCall call) {
  if (running.job == nullptr) {
    self_->delayed_send(self_, kBeginWait, act_atom::value, parcel(std::move(call)));
    return;
  }
  Job& job = *running.job;
  const JobState before = job.state;
  call.note.apply(job.state, config_.clock->now());
  ApplyCall write;
  write.progress.push_back(
      {job, place_of(*job.envelope, job.state), false, changed_deliveries(before, job.state), {}});
  const auto reply = std::make_shared<ReplyOnce<Job>>(std::move(call.reply));
  write.done = [reply, job] { (*reply)(job); };
  send_apply(std::move(write));
}

SchedulerState::Running* SchedulerState::current(const DeliveryKey& key) {
  const auto at = running_.find(key.token.job);
  if (at == running_.end() || at->second.job == nullptr) return nullptr;
  return at->second.token == key.token ? &at->second : nullptr;
}

void SchedulerState::reported(const DeliveryKey& key) {
  if (current(key) == nullptr) return;  // late: the attempt is over
  reported_.insert(key);
  if (reports_due_) return;
  reports_due_ = steady_now() + kReportEvery;
  arm();
}

void SchedulerState::write_reports() {
  reports_due_.reset();
  ApplyCall call;
  for (const DeliveryKey& key : std::exchange(reported_, {})) {
    Running* running = current(key);
    if (running == nullptr || !running->mailbox) continue;
    Job& job = *running->job;
    apply_report(job.state, running->mailbox->take(), config_.privacy);
    job.state.updated_at = config_.clock->now();
    call.reports.push_back({job, place_of(*job.envelope, job.state), false, {}, {}});
  }
  if (!call.reports.empty()) send_apply(std::move(call));
}

void SchedulerState::extend(ExtendCall call) {
  Running* running = current(call.key);
  const bool ends = running == nullptr || running->end == AttemptEnd::kCancelled ||
                    stop_phase_ == StopPhase::kCancelling;
  if (ends) {
    call.reply(fail(Errc::kConflict, "the attempt is over"));
    return;
  }
  const JobId id = running->job->id();
  deadlines_.erase({running->deadline, id});
  running->deadline = steady_now() + call.from_now;
  deadlines_.insert({running->deadline, id});
  if (running->mailbox) running->mailbox->set_deadline(running->deadline);
  call.reply({});
  arm();
}

}  // namespace townkrier
