// SchedulerState: how attempts end, by outcome, timeout, cancel or stop.

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "actors/guarded.hpp"
#include "actors/scheduler_actor.hpp"
#include "core/log_rows.hpp"
#include "core/masking.hpp"
#include "core/mutant.hpp"

namespace townkrier {

namespace {

// Completed: the raw payload is needed no more, and goes.
bool remove_payload(Job& job) {
  const JobEnvelope& envelope = *job.envelope;
  if (job.state.status != JobStatus::kCompleted || envelope.masked.empty() ||
      envelope.payload.empty()) {
    return false;
  }
  auto masked = std::make_shared<JobEnvelope>(envelope);
  masked->payload = {};
  masked->parts.clear();
  job.envelope = std::move(masked);
  return true;
}

// Rows of deliveries that differ from `before` and are not in `logs` yet.
void add_changed(const std::vector<Delivery>& before, const JobState& after,
                 std::vector<DeliveryLog>& logs) {
  JobState earlier;
  earlier.deliveries = before;
  for (const DeliveryLog& log : changed_deliveries(earlier, after)) {
    const bool known = std::ranges::find(logs, log.delivery, &DeliveryLog::delivery) != logs.end();
    if (!known) logs.push_back(log);
  }
}

}  // namespace

void SchedulerState::send_apply(ApplyCall call) {
  self_->send(config_.store, apply_atom::value, parcel(std::move(call)));
}

void SchedulerState::outcomes(std::vector<ChannelOutcome> arrived) {
  if (!recovered_) {
    std::ranges::move(arrived, std::back_inserter(early_outcomes_));
    return;
  }
  ApplyCall call;
  for (const ChannelOutcome& one : arrived) record(one, call);
  if (!call.progress.empty() || !call.ends.empty()) send_apply(std::move(call));
  dispatch();
  check_drained();
  arm();
}

void SchedulerState::record(const ChannelOutcome& arrived, ApplyCall& call) {
  const auto at = running_.find(arrived.key.token.job);
  const bool current =
      at != running_.end() && at->second.job != nullptr &&
      (at->second.token == arrived.key.token || mutated(Mutant::kNoFencing)) &&
      std::ranges::count(at->second.chosen, std::size_t(arrived.key.delivery)) == 1 &&
      at->second.job->state.deliveries[arrived.key.delivery].status == LogStatus::kSending;
  if (!current) {  // late: the attempt is over
    acknowledge({{arrived.channel, arrived.key}});
    return;
  }
  Running& running = at->second;
  std::vector<DeliveryLog> logs;
  std::vector<InboxMessage> inbox;
  record_one(running, arrived.key.delivery, arrived.outcome, logs, inbox);
  call.acks.push_back({arrived.channel, arrived.key});
  if (running.open == 0) {
    finish(at, std::move(logs), std::move(inbox), call);
  } else {
    const JobPlace place = place_of(*running.job->envelope, running.job->state);
    call.progress.push_back({*running.job, place, false, std::move(logs), std::move(inbox)});
  }
}

void SchedulerState::record_one(Running& running, std::size_t delivery,
                                const DeliveryOutcome& outcome, std::vector<DeliveryLog>& logs,
                                std::vector<InboxMessage>& inbox) {
  Job& job = *running.job;
  const TimePoint now = config_.clock->now();
  const bool interrupted =
      outcome.kind == DeliveryOutcome::Kind::kTransient &&
      (stop_phase_ == StopPhase::kCancelling || running.end == AttemptEnd::kCancelled);
  if (interrupted) {  // by the stop or the cancel: not charged
    take_back(job.state.deliveries[delivery], now);
  } else {
    const double random = std::uniform_real_distribution<double>{0, 1}(random_);
    apply_outcome(*job.envelope, job.state, delivery, outcome, rules_, random, now);
  }
  --running.open;
  free_slots(running, delivery);
  if (job.envelope->kind == kNotificationKind) {
    logs.push_back({std::uint32_t(delivery), LogStatus::kSending});
  }
  if (outcome.inbox && outcome.kind == DeliveryOutcome::Kind::kSent)
    inbox.push_back(*outcome.inbox);
}

// The queue's slot is free; the channel's credit comes back from the channel itself.
void SchedulerState::free_slots(const Running& running, std::size_t delivery) {
  const std::string& channel = running.job->state.deliveries[delivery].channel;
  const auto slots = in_queue_.find({running.job->envelope->queue, channel_number(channel)});
  if (slots != in_queue_.end() && --slots->second == 0) in_queue_.erase(slots);
}

void SchedulerState::finish(RunningMap::iterator at, std::vector<DeliveryLog> logs,
                            std::vector<InboxMessage> inbox, ApplyCall& call) {
  Running running = std::move(at->second);
  running_.erase(at);
  Job& job = *running.job;
  deadlines_.erase({running.deadline, job.id()});
  const TimePoint now = config_.clock->now();
  const JobPlace place = place_of(*job.envelope, job.state);
  auto rest = running.mailbox ? running.mailbox->close() : AttemptMailbox::Rest{};
  apply_report(job.state, std::move(rest.report), config_.privacy);
  // The end of an attempt may change deliveries that were not part of it.
  const bool spreads =
      running.end == AttemptEnd::kCancelled || !(job.envelope->plan == DeliveryPlan{});
  std::vector<Delivery> waiting;
  if (spreads) waiting = job.state.deliveries;
  settle(*job.envelope, job.state, running.end, now);
  if (spreads) add_changed(waiting, job.state, logs);
  if (job.state.status != JobStatus::kCompleted) rest.children.clear();
  const bool rewritten = remove_payload(job);
  call.ends.push_back({std::move(job), place, rewritten, std::move(logs), std::move(inbox),
                       std::move(rest.children)});
}

void SchedulerState::acknowledge(const std::vector<OutcomeAck>& acks) {
  std::map<std::size_t, std::vector<DeliveryKey>> by_channel;
  for (const OutcomeAck& ack : acks) by_channel[ack.channel].push_back(ack.key);
  for (auto& [channel, keys] : by_channel) {
    self_->send(config_.channel(channel), ack_atom::value, parcel(std::move(keys)));
  }
}

// ---- Timeouts and cancels -----------------------------------------------------------------------

void SchedulerState::time_out_attempts() {
  ApplyCall call;
  const Steady now = steady_now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const JobId id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto at = running_.find(id);
    if (at == running_.end()) continue;
    const auto limit = at->second.job->envelope->timeout;
    time_out(at, "timed out after " + std::to_string(limit.count()) + " ms", call);
  }
  if (!call.ends.empty()) send_apply(std::move(call));
}

void SchedulerState::time_out(RunningMap::iterator at, const std::string& error, ApplyCall& call) {
  Running& running = at->second;
  cancel_deliveries(running);
  std::vector<DeliveryLog> logs;
  std::vector<InboxMessage> inbox;
  for (std::size_t i : running.chosen) {
    if (running.job->state.deliveries[i].status != LogStatus::kSending) continue;
    record_one(running, i, DeliveryOutcome::transient(error, "timeout"), logs, inbox);
  }
  finish(at, std::move(logs), std::move(inbox), call);
}

// Asks the channels to stop what is still being sent. What they answer later carries an old token,
// unless the attempt is still open (a cancel), when it counts.
void SchedulerState::cancel_deliveries(const Running& running) {
  std::map<std::size_t, std::vector<DeliveryKey>> by_channel;
  for (std::size_t i : running.chosen) {
    const Delivery& delivery = running.job->state.deliveries[i];
    if (delivery.status != LogStatus::kSending) continue;
    by_channel[channel_number(delivery.channel)].push_back({running.token, std::uint32_t(i)});
  }
  for (auto& [channel, keys] : by_channel) {
    self_->send(config_.channel(channel), cancel_atom::value, parcel(std::move(keys)));
  }
}

// ---- Stopping -----------------------------------------------------------------------------------

void SchedulerState::stop(StopCall call) {
  processing_ = false;
  stopping_.push_back(std::move(call));
  if (stop_phase_ == StopPhase::kNone) {
    stop_phase_ = StopPhase::kDraining;
    stop_deadline_ = steady_now() + config_.options.drain_timeout;
  }
  check_drained();
  arm();
}

// Draining: running attempts may end. Then they are asked to stop and get a second more. What is
// left is handed back, not charged.
void SchedulerState::check_drained() {
  if (stop_phase_ == StopPhase::kNone) return;
  if (running_.empty()) {
    finish_stop();
    return;
  }
  if (steady_now() < stop_deadline_) return;
  if (stop_phase_ == StopPhase::kDraining) {
    stop_phase_ = StopPhase::kCancelling;
    stop_deadline_ = steady_now() + std::chrono::seconds{1};
    for (const auto& [id, running] : running_) {
      if (running.job != nullptr) cancel_deliveries(running);
    }
    return;
  }
  hand_back_running();
  if (running_.empty()) finish_stop();
}

void SchedulerState::hand_back_running() {
  ApplyCall call;
  const TimePoint now = config_.clock->now();
  for (auto at = running_.begin(); at != running_.end();) {
    Running& running = at->second;
    if (running.job == nullptr) {  // its begin is still being written
      ++at;
      continue;
    }
    Job& job = *running.job;
    for (std::size_t i : running.chosen) {
      if (job.state.deliveries[i].status == LogStatus::kSending) free_slots(running, i);
    }
    deadlines_.erase({running.deadline, job.id()});
    const JobPlace place = place_of(*job.envelope, job.state);
    if (running.mailbox) {
      apply_report(job.state, running.mailbox->close().report, config_.privacy);
    }
    const JobState before = job.state;
    hand_back(job.state, now);
    auto logs = changed_deliveries(before, job.state);
    call.ends.push_back({std::move(job), place, false, std::move(logs), {}});
    at = running_.erase(at);
  }
  if (call.ends.empty()) return;
  config_.log(
      LogLevel::kWarning,
      actor_line(name, "handed_back", std::to_string(call.ends.size()) + " unfinished jobs"));
  send_apply(std::move(call));
}

void SchedulerState::finish_stop() {
  stop_phase_ = StopPhase::kNone;
  ApplyCall call;  // sorts behind everything this stop has written
  call.done = [calls = std::make_shared<std::vector<StopCall>>(std::exchange(stopping_, {}))] {
    for (StopCall& one : *calls) one.done();
  };
  send_apply(std::move(call));
}

}  // namespace townkrier
