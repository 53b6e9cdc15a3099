#include "actors/scheduler_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/guarded.hpp"
#include "core/log_rows.hpp"
#include "core/transitions.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kMaxPromoted = 10'000;  // due jobs moved in one write
constexpr Duration kClockStep{500};           // less is the clock's usual correction

}  // namespace

SchedulerState::SchedulerState() : ready_({}, {}), waiting_({}) {}

void SchedulerState::init(SchedulerActor::pointer self, SchedulerConfig config) {
  self_ = self;
  config_ = std::move(config);
  rules_ = {{config_.options.max_retry_delay, config_.options.jitter}, config_.privacy};
  random_.seed(config_.seed);
  ready_ = ReadyQueue{config_.ready_limits, config_.options.ageing};
  waiting_ = DueWheel{config_.due_limits};
  poll_interval_ = config_.options.poll_interval;
  channels_.resize(config_.channels.size());
  self_->send(config_.store, attach_atom::value,
              parcel(Attach{caf::actor_cast<SchedulerActor>(self_), 0}));
  for (std::size_t i = 0; i < channels_.size(); ++i) channel_restarted(i);
  notice_clock();
  arm();
}

SchedulerState::Steady SchedulerState::steady_now() const {
  return self_->clock().now();
}

// ---- Starting from what the store and the channels know ---------------------------------------

void SchedulerState::recovered(Recovered found) {
  pending_recovery_ = std::move(found);
  channel_attached({channels_.size(), {}});
}

void SchedulerState::channel_attached(ChannelAttached attached) {
  if (attached.channel < channels_.size()) {
    channels_[attached.channel] = {0, true};
    for (DeliveryKey& key : attached.inventory) inventory_[key.token.job].push_back(key);
    for (auto& mailbox : attached.mailboxes) found_mailboxes_[mailbox->key()] = mailbox;
  }
  const bool all = std::ranges::all_of(channels_, &Channel::attached);
  if (recovered_ || !pending_recovery_ || !all) return;
  recovered_ = true;
  Recovered found = std::move(*std::exchange(pending_recovery_, std::nullopt));
  for (const LaneKey& lane : found.lanes) ready_.know(lane);
  paused_.insert(found.paused.begin(), found.paused.end());
  recover_processing(std::move(found.processing));
  inventory_.clear();
  found_mailboxes_.clear();
  outcomes(std::exchange(early_outcomes_, {}));
  for (ActCall& call : std::exchange(early_, {})) act(std::move(call));
  dispatch();
  arm();
}

// Attempts that the channels still have go on. The others ended with an earlier process (a crash),
// or were lost between two schedulers of this one (nobody's fault).
void SchedulerState::recover_processing(std::vector<Job> jobs) {
  ApplyCall call;
  const TimePoint now = config_.clock->now();
  for (Job& job : jobs) {
    const JobPlace before = place_of(*job.envelope, job.state);
    std::vector<std::size_t> in_flight;
    for (const DeliveryKey& key : inventory_[job.id()]) {
      if (key.token.begun == job.state.begun && key.token.run == job.state.run_id) {
        in_flight.push_back(key.delivery);
      }
    }
    if (!in_flight.empty()) {
      adopt(std::move(job), std::move(in_flight));
      continue;
    }
    const JobState old_state = job.state;
    if (job.state.run_id == config_.run_id)
      hand_back(job.state, now);
    else
      recover_crashed(job.state, config_.options.max_crashes, now);
    auto logs = changed_deliveries(old_state, job.state);
    call.ends.push_back({std::move(job), before, false, std::move(logs), {}});
  }
  if (call.ends.empty()) return;
  config_.log(LogLevel::kInfo, actor_line(name, "recovered",
                                          std::to_string(call.ends.size()) + " interrupted jobs"));
  send_apply(std::move(call));
}

void SchedulerState::adopt(Job job, std::vector<std::size_t> in_flight) {
  Running running;
  running.token = {job.id(), job.state.begun, job.state.run_id};
  running.deadline = steady_now() + job.envelope->timeout;
  for (std::size_t i : in_flight) {
    if (i >= job.state.deliveries.size()) continue;
    if (job.state.deliveries[i].status != LogStatus::kSending) continue;
    running.chosen.push_back(i);
    ++in_queue_[{job.envelope->queue, channel_number(job.state.deliveries[i].channel)}];
  }
  running.open = running.chosen.size();
  const auto mailbox = found_mailboxes_.find({running.token, std::uint32_t(in_flight.front())});
  if (mailbox != found_mailboxes_.end()) {
    running.mailbox = mailbox->second;
    running.deadline = running.mailbox->deadline().value_or(running.deadline);
    running.mailbox->tell(caf::actor_cast<SchedulerActor>(self_));
  }
  deadlines_.insert({running.deadline, job.id()});
  const JobId id = job.id();
  running.job = std::make_shared<Job>(std::move(job));
  running_.insert_or_assign(id, std::move(running));
}

// ---- News from the store ------------------------------------------------------------------------

void SchedulerState::committed(Committed news) {
  std::vector<ActCall> next;
  for (const JobId& id : news.released) {
    held_.erase(id);
    const auto queued = after_held_.find(id);
    if (queued == after_held_.end()) continue;
    std::ranges::move(queued->second, std::back_inserter(next));
    after_held_.erase(queued);
  }
  for (Job& job : news.ready) {
    if (!is_held(job.id())) ready_.add(std::move(job));
  }
  for (Job& job : news.waiting) {
    if (!is_held(job.id())) waiting_.add(std::move(job));
  }
  started(std::move(news.begun));
  acknowledge(news.acks);
  for (ActCall& call : next) act(std::move(call));
  promote_due();
  dispatch();
  check_drained();
  arm();
}

void SchedulerState::lane_loaded(LaneLoaded loaded) {
  ready_.refilled(loaded.request, std::move(loaded.jobs),
                  [this](const JobId& id) { return is_held(id); });
  dispatch();
}

void SchedulerState::due_loaded(DueLoaded loaded) {
  waiting_.loaded(loaded.request, std::move(loaded.jobs),
                  [this](const JobId& id) { return is_held(id); });
  promote_due();
  arm();
}

// Due times are wall time, and a clock that is set back would keep retries waiting.
void SchedulerState::notice_clock() {
  const auto steady = std::chrono::floor<Duration>(steady_now().time_since_epoch());
  const Duration ahead = config_.clock->now().time_since_epoch() - steady;
  const Duration back = wall_ahead_.value_or(ahead) - ahead;
  wall_ahead_ = ahead;
  if (back < kClockStep) return;
  config_.log(LogLevel::kWarning,
              actor_line(name, "clock_went_back", std::to_string(back.count()) + " ms"));
  waiting_.bring_forward(back);
}

void SchedulerState::promote_due() {
  if (!recovered_) return;
  const TimePoint now = config_.clock->now();
  auto due = waiting_.pop_due(now, kMaxPromoted);
  if (due.empty()) return;
  ApplyCall call;
  for (Job& job : due) {
    const JobPlace before = place_of(*job.envelope, job.state);
    promote(job.state, now);
    call.promoted.push_back({std::move(job), before, false, {}, {}});
  }
  send_apply(std::move(call));
}

// ---- Requests -----------------------------------------------------------------------------------

void SchedulerState::act(ActCall call) {
  if (!recovered_) {  // whether it holds the job is not known yet
    early_.push_back(std::move(call));
    return;
  }
  if (held_.contains(call.id)) {
    after_held_[call.id].push_back(std::move(call));
    return;
  }
  const auto running = running_.find(call.id);
  if (running == running_.end()) {
    ready_.remove(call.id);
    waiting_.remove(call.id);
    held_.insert(call.id);
    self_->send(
        config_.store, operate_atom::value,
        parcel(OperateCall{call.id, call.action, std::move(call.reply), std::move(call.note)}));
    return;
  }
  if (call.note && call.note.scope == JobNote::Scope::kAnyJob) {
    return note(running->second, std::move(call));
  }
  if (call.note || call.action != JobAction::kCancel || running->second.job == nullptr) {
    call.reply(std::unexpected(conflict(call.action, JobStatus::kProcessing)));
    return;
  }
  running->second.end = AttemptEnd::kCancelled;
  cancel_deliveries(running->second);
  call.reply(*running->second.job);
}

void SchedulerState::flow(FlowCall call) {
  const bool pause = call.flow == DashboardBackend::Flow::kPause;
  auto reply = std::make_shared<ReplyOnce<bool>>(std::move(call.reply));
  StoreTask task{[reply, pause, queue = call.queue](Store& store) {
    StoreBatch batch;
    batch.settings["paused:" + queue] = pause ? "1" : "0";
    auto written = store.commit(batch, Durability::kFsync);
    if (written)
      (*reply)(pause);
    else
      (*reply)(std::unexpected(written.error()));
  }};
  if (pause)
    paused_.insert(call.queue);
  else
    paused_.erase(call.queue);
  self_->send(config_.store, run_atom::value, parcel(std::move(task)));
  dispatch();
}

void SchedulerState::start(Duration poll_interval) {
  poll_interval_ = poll_interval;
  processing_ = true;
  dispatch();
  arm();
}

void SchedulerState::credit(std::size_t channel, std::int64_t count) {
  channels_[channel].credits += count;
  dispatch();
}

// The new channel actor of that number knows nothing of what its predecessor was doing.
void SchedulerState::channel_restarted(std::size_t channel) {
  channels_[channel] = {};
  std::vector<ChannelOutcome> lost;
  for (const auto& [id, running] : running_) {
    if (running.job == nullptr) continue;
    for (std::size_t i : running.chosen) {
      const Delivery& d = running.job->state.deliveries[i];
      if (d.status != LogStatus::kSending || channel_number(d.channel) != channel) continue;
      lost.push_back({channel,
                      {running.token, std::uint32_t(i)},
                      DeliveryOutcome::transient("the channel was restarted")});
    }
  }
  outcomes(std::move(lost));
  self_->send(config_.channel(channel), attach_atom::value,
              parcel(Attach{caf::actor_cast<SchedulerActor>(self_), channel}));
}

SchedulerInfo SchedulerState::info() const {
  return {processing_, running_.size(), ready_.size(), waiting_.size()};
}

// ---- The timer
// ------------------------------------------------------------------------------------

// One timer for everything: the next due job, the next attempt to time out, the end of a stop, and
// the safety-net sweep.
void SchedulerState::arm() {
  const Steady now = steady_now();
  Steady wake = now + poll_interval_;
  if (recovered_) {
    if (const auto due = waiting_.next_wake()) {
      const auto wait = std::max(*due - config_.clock->now(), Duration{0});
      wake = std::min(wake, now + wait);
    }
  }
  if (!deadlines_.empty()) wake = std::min(wake, deadlines_.begin()->first);
  if (reports_due_) wake = std::min(wake, *reports_due_);
  if (stop_phase_ != StopPhase::kNone) wake = std::min(wake, stop_deadline_);
  arm_at(wake);
}

void SchedulerState::arm_at(Steady when) {
  if (armed_for_ && *armed_for_ <= when) return;
  armed_for_ = when;
  const auto wait = std::max(when - steady_now(), Steady::duration{0});
  self_->delayed_send(self_, wait, tick_atom::value, ++timer_generation_);
}

void SchedulerState::tick(std::uint64_t generation) {
  if (generation != timer_generation_) return;  // an earlier, now pointless timer
  armed_for_.reset();
  notice_clock();
  promote_due();
  if (reports_due_ && *reports_due_ <= steady_now()) write_reports();
  time_out_attempts();
  dispatch();
  check_drained();
  arm();
}

SchedulerActor::behavior_type scheduler(SchedulerActor::stateful_pointer<SchedulerState> self,
                                        SchedulerConfig config) {
  guard(self, SchedulerState::name, config.log);
  self->state.init(self, std::move(config));
  auto& s = self->state;
  return {
      [&s](commit_atom, const Parcel<Committed>& news) { s.committed(std::move(*news)); },
      [&s](recover_atom, const Parcel<Recovered>& found) { s.recovered(std::move(*found)); },
      [&s](lane_atom, const Parcel<LaneLoaded>& loaded) { s.lane_loaded(std::move(*loaded)); },
      [&s](due_atom, const Parcel<DueLoaded>& loaded) { s.due_loaded(std::move(*loaded)); },
      [&s](attach_atom, const Parcel<ChannelAttached>& attached) {
        s.channel_attached(std::move(*attached));
      },
      [&s](credit_atom, std::uint64_t channel, std::int64_t count) { s.credit(channel, count); },
      [&s](outcome_atom, const Parcel<std::vector<ChannelOutcome>>& outcomes) {
        s.outcomes(std::move(*outcomes));
      },
      [&s](report_atom, const Parcel<DeliveryKey>& key) { s.reported(*key); },
      [&s](extend_atom, const Parcel<ExtendCall>& call) { s.extend(std::move(*call)); },
      [&s](act_atom, const Parcel<ActCall>& call) { s.act(std::move(*call)); },
      [&s](flow_atom, const Parcel<FlowCall>& call) { s.flow(std::move(*call)); },
      [&s](start_atom, const Parcel<Duration>& poll) { s.start(*poll); },
      [&s](stop_atom, const Parcel<StopCall>& call) { s.stop(std::move(*call)); },
      [&s](info_atom, const Parcel<SchedulerInfoCall>& call) { call->reply(s.info()); },
      [&s](rebind_atom, std::uint64_t channel) { s.channel_restarted(channel); },
      [&s](tick_atom, std::uint64_t generation) { s.tick(generation); },
  };
}

}  // namespace townkrier
