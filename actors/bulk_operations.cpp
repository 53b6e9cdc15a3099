#include "actors/bulk_operations.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/uuid_generator.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kSlice = 100;
constexpr std::size_t kMaxRunning = 4;
constexpr std::size_t kMaxKept = 100;
constexpr Duration kSliceBudget{50};

}  // namespace

// One operation. Only one slice of it is under way, whose replies may come from several threads.
struct BulkOperations::Run {
  BulkRequest request;
  Engine engine;
  std::shared_ptr<const Clock> clock;
  std::mutex mutex;
  // Guarded by mutex.
  Operation operation;
  bool cancelled = false;
  std::size_t next_id = 0;  // in request.ids
  bool last = false;        // no slice after this one
  std::size_t open = 0;     // of the slice
};

Result<void> check_expected(const BulkCount& found, const std::optional<std::uint64_t>& expect) {
  if (!expect) return {};
  const std::uint64_t tenth = *expect / 10;
  const bool fewer = found.exact && found.jobs + tenth < *expect;
  if (found.jobs <= *expect + tenth && !fewer) return {};
  return fail(Errc::kConflict, std::to_string(found.jobs) + " jobs match now, " +
                                   std::to_string(*expect) + " were expected");
}

Result<Operation> BulkOperations::start(BulkRequest request, std::uint64_t total, Engine engine) {
  auto run = std::make_shared<Run>();
  run->request = std::move(request);
  run->engine = std::move(engine);
  run->clock = clock_;
  run->operation.id = random_uuid();
  run->operation.action = run->request.action;
  run->operation.total = total;
  run->operation.started_at = clock_->now();
  if (auto& filter = run->request.filter) {
    // Jobs that come while it runs are not meant.
    filter->to =
        std::min(filter->to.value_or(run->operation.started_at), run->operation.started_at);
    filter->ascending = true;
    filter->limit = kSlice;
    filter->time_budget = kSliceBudget;
  }
  const Operation begun = run->operation;
  {
    const std::lock_guard lock{mutex_};
    std::size_t running = 0;
    for (const auto& [id, one] : runs_) {
      const std::lock_guard inner{one->mutex};
      running += one->operation.state == Operation::State::kRunning;
    }
    if (running >= kMaxRunning) {
      return fail(Errc::kOverloaded, "too many operations are running; try again later");
    }
    if (order_.size() >= kMaxKept) {
      runs_.erase(order_.front());
      order_.pop_front();
    }
    runs_[begun.id] = run;
    order_.push_back(begun.id);
  }
  next_slice(run);
  return begun;
}

void BulkOperations::end(Run& run, Operation::State state, std::string error) {
  run.operation.state = state;
  run.operation.error = std::move(error);
  run.operation.ended_at = run.clock->now();
}

void BulkOperations::next_slice(const RunPtr& run) {
  std::vector<JobId> ids;
  {
    const std::lock_guard lock{run->mutex};
    if (run->operation.state != Operation::State::kRunning) return;
    if (run->cancelled) return end(*run, Operation::State::kCancelled);
    if (run->last) return end(*run, Operation::State::kCompleted);
    if (!run->request.filter) {
      const auto& all = run->request.ids;
      for (; run->next_id < all.size() && ids.size() < kSlice; ++run->next_id) {
        ids.push_back(all[run->next_id]);
      }
      run->last = run->next_id == all.size();
    }
  }
  if (!run->request.filter) return act_on(run, ids);
  run->engine.list_jobs(*run->request.filter, [run](Result<JobPage> page) {
    if (!page) {
      const std::lock_guard lock{run->mutex};
      return end(*run, Operation::State::kFailed, page.error().message);
    }
    std::vector<JobId> found;
    for (const Job& job : page->jobs) found.push_back(job.id());
    {
      const std::lock_guard lock{run->mutex};
      run->last = !page->next;
      run->request.filter->cursor = page->next;
    }
    act_on(run, found);
  });
}

void BulkOperations::act_on(const RunPtr& run, const std::vector<JobId>& ids) {
  {
    const std::lock_guard lock{run->mutex};
    run->open = ids.size();
  }
  if (ids.empty()) return next_slice(run);
  for (const JobId& id : ids) {
    run->engine.act(id, run->request.action, [run](Result<Job> job) {
      bool slice_over = false;
      {
        const std::lock_guard lock{run->mutex};
        Operation& operation = run->operation;
        const Errc code = job ? Errc::kInternal : job.error().code;
        if (job) {
          ++operation.done;
        } else if (code == Errc::kConflict || code == Errc::kNotFound) {
          ++operation.skipped;
        } else {
          ++operation.failed;
        }
        slice_over = --run->open == 0;
        if (code == Errc::kUnavailable && operation.state == Operation::State::kRunning) {
          end(*run, Operation::State::kFailed, job.error().message);
        }
      }
      if (slice_over) next_slice(run);
    });
  }
}

Result<Operation> BulkOperations::get(const Uuid& id) const {
  const std::lock_guard lock{mutex_};
  const auto found = runs_.find(id);
  if (found == runs_.end()) return fail(Errc::kNotFound, "there is no operation of that id");
  const std::lock_guard inner{found->second->mutex};
  return found->second->operation;
}

Result<Operation> BulkOperations::cancel(const Uuid& id) {
  {
    const std::lock_guard lock{mutex_};
    const auto found = runs_.find(id);
    if (found != runs_.end()) {
      const std::lock_guard inner{found->second->mutex};
      found->second->cancelled = true;
    }
  }
  return get(id);
}

}  // namespace townkrier
