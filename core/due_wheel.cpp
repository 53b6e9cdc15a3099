#include "core/due_wheel.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/ready_queue.hpp"

namespace townkrier {

namespace {

// Sorts after every job of that millisecond.
IndexPosition end_of(TimePoint time) {
  IndexPosition position{time, {}};
  position.id.bytes.fill(0xff);
  return position;
}

}  // namespace

void DueWheel::insert(Job job) {
  const IndexPosition position{job.state.due_at, job.id()};
  bytes_ += memory_of(job);
  position_of_.insert_or_assign(job.id(), position);
  jobs_.insert_or_assign(position, std::move(job));
}

void DueWheel::trim() {
  while (jobs_.size() > 1 && (jobs_.size() > limits_.max_jobs || bytes_ > limits_.max_bytes)) {
    const auto last = std::prev(jobs_.end());
    bytes_ -= std::min(bytes_, memory_of(last->second));
    position_of_.erase(last->second.id());
    jobs_.erase(last);
    covered_ = jobs_.rbegin()->first;
  }
}

void DueWheel::add(Job job) {
  if (contains(job.id())) remove(job.id());
  if (IndexPosition{job.state.due_at, job.id()} > covered_) return;
  insert(std::move(job));
  trim();
}

bool DueWheel::remove(const JobId& id) {
  const auto found = position_of_.find(id);
  if (found == position_of_.end()) return false;
  const auto at = jobs_.find(found->second);
  bytes_ -= std::min(bytes_, memory_of(at->second));
  jobs_.erase(at);
  position_of_.erase(found);
  return true;
}

void DueWheel::bring_forward(Duration by) {
  std::map<IndexPosition, Job> moved;
  for (auto& [position, job] : jobs_) {
    IndexPosition at = position;
    if (job.state.status == JobStatus::kRetrying) at.time -= by;
    position_of_[job.id()] = at;
    moved.emplace(at, std::move(job));
  }
  jobs_ = std::move(moved);
}

std::vector<Job> DueWheel::pop_due(TimePoint now, std::size_t limit) {
  std::vector<Job> due;
  while (!jobs_.empty() && due.size() < limit && jobs_.begin()->first.time <= now) {
    const auto first = jobs_.begin();
    bytes_ -= std::min(bytes_, memory_of(first->second));
    position_of_.erase(first->second.id());
    due.push_back(std::move(first->second));
    jobs_.erase(first);
  }
  return due;
}

std::optional<DueWheel::Load> DueWheel::load(TimePoint now) {
  if (loading_ || jobs_.size() > limits_.max_jobs / 2 || bytes_ > limits_.max_bytes / 2) {
    return std::nullopt;
  }
  if (covered_.time > now + limits_.horizon / 2) return std::nullopt;
  loading_ = true;
  return Load{covered_, now + limits_.horizon, limits_.max_jobs - jobs_.size()};
}

void DueWheel::loaded(const Load& request, std::vector<Job> jobs,
                      const std::function<bool(const JobId&)>& skip) {
  loading_ = false;
  covered_ = std::max(covered_, end_of(request.until));
  if (jobs.size() == request.limit && !jobs.empty()) {
    covered_ = {jobs.back().state.due_at, jobs.back().id()};
  }
  for (Job& job : jobs) {
    if (!skip(job.id()) && !contains(job.id())) insert(std::move(job));
  }
  trim();
}

std::optional<TimePoint> DueWheel::next_wake() const {
  std::optional<TimePoint> wake;
  if (!jobs_.empty()) wake = jobs_.begin()->first.time;
  if (!loading_ && jobs_.size() <= limits_.max_jobs / 2 && bytes_ <= limits_.max_bytes / 2) {
    const TimePoint look_ahead = covered_.time - limits_.horizon / 2;
    wake = wake ? std::min(*wake, look_ahead) : look_ahead;
  }
  return wake;
}

}  // namespace townkrier
