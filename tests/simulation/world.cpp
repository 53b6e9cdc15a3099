#include "tests/simulation/world.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace townkrier::test {

namespace {

constexpr int kSteps = 300;
constexpr std::array<const char*, 3> kChannels = {"email", "sms", "hook"};
constexpr std::array<const char*, 2> kQueues = {"default", "slow"};

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 1099511628211ull;  // FNV-1a, by words
}

std::uint64_t number_of(const Uuid& id) {
  std::uint64_t number = 0;
  for (int i = 8; i < 16; ++i) number = number << 8 | id.bytes[i];
  return number;
}

std::string name_of(const JobId& id) {
  return "job " + std::to_string(number_of(id));
}

}  // namespace

class World::SimulatedProvider final : public Provider {
 public:
  SimulatedProvider(World& world, std::string channel) : world_(world), channel_(channel) {}
  std::string_view name() const override { return channel_; }
  std::string_view channel_type() const override { return channel_; }
  void send(DeliveryRequest request, DeliveryDone done) override {
    world_.handed(channel_, std::move(request), std::move(done));
  }

 private:
  World& world_;
  std::string channel_;
};

World::World(std::uint64_t seed) : random_(seed) {
  faulty_ = std::make_shared<FaultyStore>(store_);
  faulty_->fault = [this] { return next_fault(); };
  store_ = faulty_;
  next_id_ = [this] {
    Uuid id;
    ++ids_given_;
    for (int i = 0; i < 8; ++i) id.bytes[15 - i] = std::uint8_t(ids_given_ >> (8 * i));
    id.bytes[0] = 1;
    return id;
  };
  log_ = [this](LogLevel, std::string_view line) { tell("log " + std::string(line)); };
  options_.jitter = 0.1;
  options_.ageing = one_in(2) ? 0ms : 5s;
  options_.retry_delay = 500ms;
  options_.max_retry_delay = 10s;
  options_.max_retries = 2;
  options_.timeout = 3s;
  options_.max_crashes = 100;
  options_.queues["slow"].concurrency = 2;
  if (one_in(2)) ready_limits_ = {8, 1u << 20, 4};
  if (one_in(2)) due_limits_ = {8, 1u << 20, 2s};
  for (const char* name : {"email", "sms", "hook", "@work", "@child"}) {
    channel(name).concurrency = int(1 + random(6));
    configs_[name].breaker = {int(3 + random(5)), 2s};
    if (one_in(4)) configs_[name].rate = 20.0;
    other_providers_[name] = std::make_shared<SimulatedProvider>(*this, name);
  }
}

// No provider may be answered by what is left of the actors.
World::~World() {
  dead_ = true;
  end_everybody();
  system_.reset();
}

void World::note(std::uint64_t value) {
  report_.trace = mix(mix(report_.trace, std::uint64_t(now_.count())), value);
}

void World::tell(const std::string& line) const {
  static const bool tracing = std::getenv("TORTURE_TRACE") != nullptr;
  if (tracing) std::printf("%lld ms: %s\n", static_cast<long long>(now_.count()), line.c_str());
}

void World::find(std::string finding) {
  if (report_.findings.size() < 20) {
    report_.findings.push_back("at " + std::to_string(now_.count()) + " ms: " + std::move(finding));
  }
}

RunReport World::live() {
  launch();
  for (int i = 0; i < kSteps && report_.findings.empty(); ++i) step();
  if (report_.findings.empty()) {
    calm_down();
    check_jobs();
    check_children();
    check_counters();
  }
  report_.acknowledged = acknowledged_.size();
  return report_;
}

// ---- What happens -------------------------------------------------------------------------------

void World::step() {
  if (one_in(2)) enqueue_some();
  if (one_in(6)) operate();
  if (one_in(12)) disturb();
  // Sometimes nothing has been worked off when the next thing happens.
  if (one_in(4)) {
    for (std::uint64_t i = random(12); i > 0; --i) scheduler_of(*system_).try_run_once();
  } else {
    run();
  }
  if (one_in(60)) crash_and_restart();
  const Duration by{1 + std::int64_t(random(400))};
  for (Duration left = by; left > 0ms;) {
    const Duration part = std::min<Duration>(left, 20ms);
    advance(part, part);
    now_ += part;
    left -= part;
    answer_due();
    restart_if_failed();
  }
}

void World::enqueue_some() {
  Spec spec;
  spec.options.queue = kQueues[random(kQueues.size())];
  spec.options.priority = Priority(random(30));
  if (one_in(3)) spec.options.delay = Duration{std::int64_t(random(20'000))};
  if (one_in(8)) spec.options.unique_key = "key" + std::to_string(random(3));
  if (one_in(4)) spec.options.max_retries = 0;
  if (one_in(3)) {
    spec.kind = "work";
    spec.via = {"@work"};
  } else {
    spec.via = {kChannels[random(kChannels.size())]};
    const char* other = kChannels[random(kChannels.size())];
    if (one_in(3) && other != spec.via[0]) spec.via.emplace_back(other);
  }
  EnqueueCall call;
  call.jobs.push_back(make_job(spec));
  call.reply = ReplyOnce<std::vector<EnqueuedJob>>{[this](auto result) {
    if (dead_ || !result) return;
    for (const EnqueuedJob& one : *result) {
      if (!one.deduplicated) acknowledged_.push_back(one.job.id());
    }
  }};
  caf::anon_send(directory_->store(), enqueue_atom::value, parcel(std::move(call)));
}

void World::operate() {
  if (one_in(4)) {
    const auto flow = one_in(2) ? DashboardBackend::Flow::kPause : DashboardBackend::Flow::kResume;
    FlowCall call{kQueues[random(kQueues.size())], flow, ReplyOnce<bool>{[](Result<bool>) {}}};
    caf::anon_send(directory_->scheduler(), flow_atom::value, parcel(std::move(call)));
    return;
  }
  if (acknowledged_.empty()) return;
  const JobId id = acknowledged_[random(acknowledged_.size())];
  const auto action = JobAction(random(4));
  tell("operate " + name_of(id) + ": " + std::string(to_string(action)));
  // Nobody may hear of what a dying process has done.
  if (action == JobAction::kDelete) deleted_.insert(id);
  ActCall call{id, action, ReplyOnce<Job>{[](const Result<Job>&) {}}};
  caf::anon_send(directory_->scheduler(), act_atom::value, parcel(std::move(call)));
}

void World::disturb() {
  switch (random(5)) {
    case 0:
      jump_clock();
      break;
    case 1:
      tell("disk full");
      disk_full_ = int(1 + random(4));
      break;
    case 2:
      tell("kill scheduler");
      caf::anon_send_exit(directory_->scheduler(), caf::exit_reason::unknown);
      break;
    case 3:
      kill_channel(random(configs_.size()));
      break;
    default:
      caf::anon_send_exit(directory_->with([](auto& h) { return h.janitor; }),
                          caf::exit_reason::unknown);
  }
}

// What it was sending is lost with it, and answers that are not written yet are too.
void World::kill_channel(std::size_t number) {
  const std::string name = std::next(configs_.begin(), std::ptrdiff_t(number))->first;
  for (const auto& one : handovers_) one->orphaned |= one->channel == name;
  for (auto& [key, sent] : sent_) {
    if (key.second != name) continue;
    const auto job = store_->get_job(key.first);
    const bool written = !job || std::ranges::any_of(job->state.deliveries, [&](const auto& d) {
      return d.channel == name && d.status == LogStatus::kSent;
    });
    if (!written) sent.process = 0;
  }
  tell("kill channel " + name);
  caf::anon_send_exit(directory_->channel(number), caf::exit_reason::unknown);
}

void World::jump_clock() {
  constexpr std::array<Duration, 6> kJumps = {1s, -1s, 1h, -1h, 24h, -24h};
  const Duration by = kJumps[random(kJumps.size())];
  tell("clock jumps by " + std::to_string(by.count()) + " ms");
  clock_->advance(by);
}

FaultyStore::Fault World::next_fault() {
  using enum FaultyStore::Fault;
  if (dead_) return kIo;
  if (calm_) return kNone;
  if (disk_full_ > 0) {
    --disk_full_;
    return kDiskFull;
  }
  if (!one_in(400)) return kNone;
  return one_in(2) ? kIo : kIoAfterTheWrite;
}

// The process is gone at once: nothing is written any more, nobody hears of anything.
void World::crash_and_restart() {
  note(1);
  tell("crash");
  ++report_.crashes;
  dead_ = true;
  end_everybody();
  dead_ = false;
  ++process_;
  fatal_.clear();
  launch();
}

void World::restart_if_failed() {
  if (!fatal_.empty()) crash_and_restart();
}

// ---- Providers ----------------------------------------------------------------------------------

bool World::is_live(const Handover& one) const {
  return !one.answered && !one.orphaned && one.process == process_ &&
         !one.request.stop.stop_requested();
}

void World::handed(const std::string& channel, DeliveryRequest request, DeliveryDone done) {
  if (dead_) return;
  note(number_of(request.job_id));
  const JobId job = request.job_id;
  tell("handed " + name_of(job) + " to " + channel + ", attempt " +
       std::to_string(request.attempt));
  for (const auto& other : handovers_) {
    if (other->job == job && other->channel == channel && is_live(*other)) {
      find(name_of(job) + " has two live attempts on " + channel);
    }
  }
  if (const auto sent = sent_.find({job, channel}); sent != sent_.end()) {
    if (sent->second.process == process_)
      find(name_of(job) + " is sent again on " + channel + " by the process that was told");
    ++report_.repeated;
  }
  std::erase_if(handovers_,
                [&](const auto& one) { return !is_live(*one) && one->children.empty(); });
  auto one = std::make_shared<Handover>(
      Handover{job, channel, std::move(request), std::move(done), process_, false, false, {}});
  handovers_.push_back(one);
  if (channel == "@work") speak(*one);
  if (!calm_ && one_in(15)) return;  // never answers
  const bool at_once = calm_ || one_in(3);
  const Duration wait{at_once ? 0 : std::int64_t(random(one_in(6) ? 8000 : 1500))};
  answers_.emplace(now_ + wait, std::move(one));
}

void World::speak(Handover& one) {
  AttemptPort& port = *one.request.port;
  if (one_in(2)) (void)port.report({double(random(100)) / 100, 0, 0, "some", {}});
  if (one_in(2)) (void)port.log("a line");
  if (one_in(4)) port.extend(Duration{1 + std::int64_t(random(9000))}, [](Result<void>) {});
  JobRequest child;
  child.kind = "child";
  for (std::uint64_t i = 1 + random(2); i > 0; --i) {
    if (const auto made = port.enqueue(child)) one.children.push_back(*made);
  }
}

DeliveryOutcome World::outcome(const Handover& one) {
  if (calm_) return DeliveryOutcome::sent("m");
  switch (random(12)) {
    case 0:
    case 1:
      return DeliveryOutcome::transient("down");
    case 2:
      return DeliveryOutcome::permanent("no such address");
    case 3:
      return DeliveryOutcome::throttled(Duration{std::int64_t(random(3000))});
    case 4:
      if (one.channel != "@work") break;
      return one_in(2) ? DeliveryOutcome::snoozed(Duration{std::int64_t(random(5000))})
                       : DeliveryOutcome::discarded("not wanted");
    default:
      break;
  }
  return DeliveryOutcome::sent("m");
}

void World::answer(Handover& one) {
  const DeliveryOutcome said = outcome(one);
  note(number_of(one.job) << 8 | std::uint64_t(said.kind));
  tell("answer " + name_of(one.job) + " on " + one.channel + ": " + std::to_string(int(said.kind)) +
       (is_live(one) ? "" : " (late)"));
  if (is_live(one) && said.kind == DeliveryOutcome::Kind::kSent) {
    Sent& sent = sent_[{one.job, one.channel}];
    ++sent.times;
    sent.process = process_;
  }
  const DeliveryDone done = one.done;
  one.answered = true;
  done(said);
  if (one_in(10)) done(DeliveryOutcome::transient("twice"));
}

void World::answer_due() {
  while (!answers_.empty() && answers_.begin()->first <= now_) {
    const auto one = answers_.begin()->second;
    answers_.erase(answers_.begin());
    answer(*one);
    if (!calm_ && one_in(40)) {
      crash_and_restart();  // between the provider's answer and our write
      return;
    }
    run();
  }
}

// ---- The end ------------------------------------------------------------------------------------

// Nothing is disturbed any more, and every time that jobs wait for has come: all must end.
void World::calm_down() {
  calm_ = true;
  disk_full_ = 0;
  crash_and_restart();
  for (const char* queue : kQueues) flow(queue, DashboardBackend::Flow::kResume);
  clock_->advance(24h * 365);
  const auto open = [&] {
    const QueueStats stats = *store_->job_stats();
    return stats.pending + stats.processing + stats.retrying + stats.scheduled;
  };
  for (int i = 0; i < 6000 && open() > 0; ++i) {
    advance(20ms, 20ms);
    now_ += 20ms;
    answer_due();
    restart_if_failed();
  }
  if (open() == 0) return;
  for (const auto status :
       {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kRetrying, JobStatus::kScheduled}) {
    JobFilter filter;
    filter.status = status;
    const JobPage left = *store_->list_jobs(filter);
    for (const Job& job : left.jobs) {
      find(name_of(job.id()) + " does not end: it is " + std::string(to_string(status)));
    }
  }
}

void World::check_jobs() {
  for (const JobId& id : acknowledged_) {
    const auto job = store_->get_job(id);
    if (!job && deleted_.contains(id)) continue;
    if (!job) {
      ++report_.lost;
      find(name_of(id) + " was acknowledged and is lost");
      continue;
    }
    for (const Delivery& delivery : job->state.deliveries) {
      const bool said = sent_.contains({id, delivery.channel});
      const bool sent = delivery.status == LogStatus::kSent;
      if (sent && !said) find(name_of(id) + " says sent on " + delivery.channel + ", nobody did");
    }
  }
}

// The children of one completion exist, all of them; those of other attempts do not.
void World::check_children() {
  std::map<JobId, int> complete;
  for (const auto& one : handovers_) {
    if (one->children.empty()) continue;
    const auto made = std::ranges::count_if(
        one->children, [&](const JobId& id) { return bool(store_->get_job(id)); });
    if (made == 0) continue;
    if (made != std::ssize(one->children)) find(name_of(one->job) + " has a part of its children");
    ++complete[one->job];
  }
  for (const JobId& id : acknowledged_) {
    const auto job = store_->get_job(id);
    if (!job || job->envelope->kind != "work") continue;
    const int expected = job->status() == JobStatus::kCompleted ? 1 : 0;
    if (complete[id] != expected) {
      find(name_of(id) + " has the children of " + std::to_string(complete[id]) +
           " attempts and is " + std::string(to_string(job->status())));
    }
  }
}

void World::check_counters() {
  QueueStats counted;
  JobFilter filter;
  filter.limit = 500;
  do {
    const auto page = store_->list_jobs(filter);
    for (const Job& job : page->jobs) {
      counted.completed += job.status() == JobStatus::kCompleted;
      counted.failed += job.status() == JobStatus::kFailed;
      counted.cancelled += job.status() == JobStatus::kCancelled;
    }
    filter.cursor = page->next;
  } while (filter.cursor);
  if (counted != *store_->job_stats()) find("the counters differ from what is stored");
}

}  // namespace townkrier::test
