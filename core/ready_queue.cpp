#include "core/ready_queue.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace townkrier {

namespace {

constexpr std::array<Priority, 4> kSteps = {JobPriority::kLow, JobPriority::kNormal,
                                            JobPriority::kHigh, JobPriority::kCritical};

IndexPosition position_of(const Job& job) {
  return {job.state.due_at, job.id()};
}

LaneKey lane_key_of(const Job& job) {
  return {job.envelope->queue, route_of(*job.envelope, job.state), job.envelope->priority};
}

}  // namespace

Priority aged_priority(Priority priority, Duration waited, Duration ageing) {
  if (ageing <= Duration{0} || waited < ageing) return priority;
  auto steps = waited / ageing;
  for (Priority step : kSteps) {
    if (step <= priority) continue;
    priority = step;
    if (--steps == 0) break;
  }
  return priority;
}

std::size_t memory_of(const Job& job) {
  return sizeof(Job) + sizeof(JobEnvelope) + job.envelope->payload.text().size() +
         job.envelope->metadata.text().size() + job.state.deliveries.size() * sizeof(Delivery) +
         job.state.history.size() * sizeof(HistoryEntry);
}

ReadyQueue::Lane& ReadyQueue::lane_at(const LaneKey& key) {
  return queues_[key.queue][key.route][key.priority];
}

void ReadyQueue::know(const LaneKey& lane) {
  lane_at(lane).more = true;
}

void ReadyQueue::insert(const LaneKey& key, Lane& lane, Job job) {
  const IndexPosition position = position_of(job);
  lane_of_.insert_or_assign(job.id(), Where{key, position});
  lane.bytes += memory_of(job);
  lane.window.insert_or_assign(position, std::move(job));
}

Job ReadyQueue::extract(Lane& lane, std::map<IndexPosition, Job>::iterator at) {
  Job job = std::move(at->second);
  lane.window.erase(at);
  lane.bytes -= std::min(lane.bytes, memory_of(job));
  lane_of_.erase(job.id());
  return job;
}

// Queue names come from callers: what is empty must not stay.
void ReadyQueue::forget_empty_lanes(std::map<std::string, Routes>::iterator queue) {
  for (auto route = queue->second.begin(); route != queue->second.end();) {
    std::erase_if(route->second, [](const auto& entry) {
      const Lane& lane = entry.second;
      return lane.window.empty() && !lane.more && !lane.loading;
    });
    route = route->second.empty() ? queue->second.erase(route) : std::next(route);
  }
  if (queue->second.empty()) queues_.erase(queue);
}

void ReadyQueue::trim(Lane& lane) {
  while (lane.window.size() > 1 &&
         (lane.window.size() > limits_.window_jobs || lane.bytes > limits_.window_bytes)) {
    const auto last = std::prev(lane.window.end());
    lane.bytes -= std::min(lane.bytes, memory_of(last->second));
    lane_of_.erase(last->second.id());
    lane.window.erase(last);
    lane.more = true;
  }
}

void ReadyQueue::add(Job job) {
  const LaneKey key = lane_key_of(job);
  if (contains(job.id())) remove(job.id());
  Lane& lane = lane_at(key);
  if (lane.more && (lane.window.empty() || position_of(job) > lane.window.rbegin()->first)) {
    return;  // behind the window: the store has it
  }
  insert(key, lane, std::move(job));
  trim(lane);
}

bool ReadyQueue::remove(const JobId& id) {
  const auto found = lane_of_.find(id);
  if (found == lane_of_.end()) return false;
  const Where where = found->second;
  Lane& lane = lane_at(where.lane);
  extract(lane, lane.window.find(where.position));
  return true;
}

std::optional<Job> ReadyQueue::take(const std::string& queue, TimePoint now,
                                    const std::function<bool(const std::string&)>& runnable) {
  const auto routes = queues_.find(queue);
  if (routes == queues_.end()) return std::nullopt;
  LaneKey best_key;
  Lane* best = nullptr;
  Priority best_priority = 0;
  for (auto& [route, lanes] : routes->second) {
    bool checked = false;
    for (auto& [priority, lane] : lanes) {
      if (lane.window.empty()) continue;
      if (!checked && !runnable(route)) break;
      checked = true;
      const IndexPosition& head = lane.window.begin()->first;
      const Priority aged = aged_priority(priority, now - head.time, ageing_);
      if (best != nullptr &&
          (aged < best_priority || (aged == best_priority && head > best->window.begin()->first))) {
        continue;
      }
      best = &lane;
      best_priority = aged;
      best_key = {queue, route, priority};
    }
  }
  if (best == nullptr) {
    forget_empty_lanes(routes);
    return std::nullopt;
  }
  return extract(*best, best->window.begin());
}

std::vector<ReadyQueue::Refill> ReadyQueue::refills() {
  std::vector<Refill> wanted;
  for (auto& [queue, routes] : queues_) {
    for (auto& [route, lanes] : routes) {
      for (auto& [priority, lane] : lanes) {
        if (!lane.more || lane.loading || lane.window.size() >= limits_.low_mark) continue;
        if (lane.bytes > limits_.window_bytes / 2) continue;
        lane.loading = true;
        Refill refill{
            {queue, route, priority}, std::nullopt, limits_.window_jobs - lane.window.size()};
        if (!lane.window.empty()) refill.after = lane.window.rbegin()->first;
        wanted.push_back(std::move(refill));
      }
    }
  }
  return wanted;
}

void ReadyQueue::refilled(const Refill& request, std::vector<Job> jobs,
                          const std::function<bool(const JobId&)>& skip) {
  Lane& lane = lane_at(request.lane);
  lane.loading = false;
  if (jobs.size() < request.limit) lane.more = false;
  for (Job& job : jobs) {
    if (!skip(job.id()) && !contains(job.id())) insert(request.lane, lane, std::move(job));
  }
  trim(lane);
}

std::vector<std::string> ReadyQueue::queues() const {
  std::vector<std::string> names;
  for (const auto& [name, routes] : queues_) names.push_back(name);
  return names;
}

}  // namespace townkrier
