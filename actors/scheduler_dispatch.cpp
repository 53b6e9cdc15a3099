// SchedulerState: choosing what runs next and handing it over.

#include <algorithm>
#include <utility>

#include "actors/guarded.hpp"
#include "actors/scheduler_actor.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kMaxBegins = 1024;  // attempts begun in one write

constexpr std::size_t kNoChannel = std::size_t(-1);

}  // namespace

std::size_t SchedulerState::channel_number(const std::string& channel) const {
  const auto found = std::ranges::find(config_.channels, channel);
  if (found == config_.channels.end()) return kNoChannel;
  return std::size_t(found - config_.channels.begin());
}

// The channels of a route that are configured. A route with none is never runnable: its jobs wait
// until the channel is configured again.
const std::vector<std::size_t>& SchedulerState::channels_of(const std::string& route) {
  const auto known = routes_.find(route);
  if (known != routes_.end()) return known->second;
  std::vector<std::size_t> numbers;
  for (std::size_t start = 0; start <= route.size();) {
    const std::size_t end = std::min(route.find(',', start), route.size());
    const std::size_t number = channel_number(route.substr(start, end - start));
    if (number != kNoChannel) numbers.push_back(number);
    start = end + 1;
  }
  if (numbers.empty()) {
    config_.log(LogLevel::kWarning,
                actor_line(name, "no_channel",
                           "jobs for '" + route + "' wait: no such channel or kind is configured"));
  }
  return routes_.emplace(route, std::move(numbers)).first->second;
}

bool SchedulerState::has_room(const std::string& queue, std::size_t channel) {
  if (channels_[channel].credits <= 0) return false;
  const auto limits = config_.options.queues.find(queue);
  const int most = limits == config_.options.queues.end() ? QueueLimits{}.concurrency
                                                          : limits->second.concurrency;
  return in_queue_[{queue, channel}] < most;
}

bool SchedulerState::is_runnable(const std::string& queue, const std::string& route) {
  return std::ranges::any_of(channels_of(route),
                             [&](std::size_t channel) { return has_room(queue, channel); });
}

bool SchedulerState::ready_to_dispatch() const {
  return processing_ && recovered_;
}

void SchedulerState::dispatch() {
  if (recovered_) request_loads();
  if (!ready_to_dispatch()) return;
  ApplyCall call;
  const TimePoint now = config_.clock->now();
  auto queues = ready_.queues();
  // Another queue is first each time, so that no queue has the first call on a shared channel.
  if (!queues.empty()) {
    std::ranges::rotate(queues, queues.begin() + std::ptrdiff_t(turn_++ % queues.size()));
  }
  for (const std::string& queue : queues) {
    if (paused_.contains(queue)) continue;
    while (call.begins.size() < kMaxBegins) {
      auto job = ready_.take(queue, now,
                             [&](const std::string& route) { return is_runnable(queue, route); });
      if (!job) break;
      call.begins.push_back(begin(std::move(*job)));
    }
  }
  if (call.begins.empty()) return;
  request_loads();
  send_apply(std::move(call));
}

// Counts the attempt and reserves what it needs. It is handed over once the store has it.
JobChange SchedulerState::begin(Job job) {
  const TimePoint now = config_.clock->now();
  const JobPlace before = place_of(*job.envelope, job.state);
  Running running;
  for (std::size_t i : open_deliveries(job.state)) {
    const std::size_t channel = channel_number(job.state.deliveries[i].channel);
    if (channel == kNoChannel || !has_room(job.envelope->queue, channel)) continue;
    --channels_[channel].credits;
    ++in_queue_[{job.envelope->queue, channel}];
    running.chosen.push_back(i);
  }
  std::vector<LogStatus> earlier;
  for (std::size_t i : running.chosen) earlier.push_back(job.state.deliveries[i].status);
  running.token = begin_attempt(job.state, running.chosen, config_.run_id, now);
  running.token.job = job.id();
  running.open = running.chosen.size();
  std::vector<DeliveryLog> logs;
  if (job.envelope->kind == kNotificationKind) {
    for (std::size_t n = 0; n < running.chosen.size(); ++n) {
      logs.push_back({std::uint32_t(running.chosen[n]), earlier[n]});
    }
  }
  running_.insert_or_assign(job.id(), std::move(running));
  return {std::move(job), before, false, std::move(logs), {}};
}

void SchedulerState::request_loads() {
  for (auto& refill : ready_.refills()) {
    self_->send(config_.store, load_atom::value, parcel(std::move(refill)));
  }
  if (auto load = waiting_.load(config_.clock->now())) {
    self_->send(config_.store, load_atom::value, parcel(std::move(*load)));
  }
}

// Begins are on disk: their deliveries go to the channels.
void SchedulerState::started(std::vector<Job> begun) {
  std::map<std::size_t, std::vector<Order>> orders;
  for (Job& job : begun) {
    const auto at = running_.find(job.id());
    if (at == running_.end()) continue;
    Running& running = at->second;
    running.job = std::make_shared<Job>(std::move(job));
    running.deadline = steady_now() + running.job->envelope->timeout;
    deadlines_.insert({running.deadline, running.job->id()});
    hand_over(running, orders);
  }
  for (auto& [channel, batch] : orders) {
    self_->send(config_.channel(channel), deliver_atom::value, parcel(std::move(batch)));
  }
}

void SchedulerState::hand_over(Running& running,
                               std::map<std::size_t, std::vector<Order>>& orders) {
  for (std::size_t i : running.chosen) {
    const Delivery& delivery = running.job->state.deliveries[i];
    if (running.job->envelope->kind != kNotificationKind) {
      running.mailbox =
          std::make_shared<AttemptMailbox>(DeliveryKey{running.token, std::uint32_t(i)},
                                           delivery.attempts, config_.clock, config_.make_job);
      running.mailbox->tell(caf::actor_cast<SchedulerActor>(self_));
    }
    orders[channel_number(delivery.channel)].push_back({{running.token, std::uint32_t(i)},
                                                        running.job->envelope,
                                                        delivery.channel,
                                                        delivery.log_id,
                                                        delivery.attempts,
                                                        running.mailbox});
  }
}

}  // namespace townkrier
