#include "server/demo.hpp"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "server/demo_parts.hpp"
#include "townkrier/backend.hpp"

namespace townkrier::server {
namespace {

constexpr Duration kTick = 250ms;
constexpr std::uint64_t kMaxWaiting = 60;
constexpr std::uint64_t kMaxKeptJobs = 5000;
constexpr std::string_view kStorage = "./townkrier-demo-data";

/// Runs the ticks. Errors are logged and do not end the demo.
class Traffic {
 public:
  Traffic(QueueManager& queue, Log& log) : queue_(queue), log_(log) {}

  void run(const std::stop_token& stop) {
    hold_newsletter();
    for (std::uint64_t n = 0; demo_pause(stop, kTick); ++n) {
      if (!has_room()) continue;
      if (auto jobs = demo_jobs_of_tick(n); !jobs.empty()) {
        check(queue_.enqueue_many(std::move(jobs)));
      }
      if (n % 40 == 3) cancel_one(n);
      if (n % 40 == 20) forget_oldest();
    }
  }

 private:
  template <class T>
  bool check(const Result<T>& result) {
    if (result) return true;
    // While the engine stops every call is refused; that is no news.
    if (result.error().code != Errc::kUnavailable) {
      log_.warning("event=demo_job_refused error=" + log_value(result.error().message));
    }
    return false;
  }

  bool has_room() {
    const auto stats = queue_.get_stats();
    return check(stats) && stats->pending + stats->retrying < kMaxWaiting;
  }

  /// A newsletter that an operator stopped. What waits of an earlier run stays.
  void hold_newsletter() {
    if (!check(queue_.pause_queue(kDemoPausedQueue))) return;
    const auto waiting = queue_.get_jobs(
        {.status = JobStatus::kPending, .queue = std::string(kDemoPausedQueue), .limit = 1});
    if (!check(waiting) || waiting->total > 0) return;
    const auto jobs = queue_.enqueue_many(demo_newsletter());
    if (check(jobs)) note("queue.pause", kDemoPausedQueue, jobs->front().job.id());
  }

  void cancel_one(std::uint64_t n) {
    const auto jobs = queue_.enqueue_many({demo_reminder(n)});
    if (!check(jobs)) return;
    const JobId id = jobs->front().job.id();
    if (check(queue_.cancel_job(id))) note("job.cancel", id.to_string(), id);
  }

  /// What the demo's operator did, as the dashboard's audit page lists it. Under the id of a job
  /// just made, which sorts where the row belongs.
  void note(std::string action, std::string target, const Uuid& id) {
    const auto backend = queue_.backend();
    if (!check(backend)) return;
    AuditEntry entry{.id = id,
                     .at = SystemClock().now(),
                     .actor = "demo",
                     .role = "operator",
                     .action = std::move(action),
                     .target = std::move(target),
                     .result = "ok"};
    (*backend)->record_audit({std::move(entry)}, [](const Result<std::monostate>&) {});
  }

  void forget_oldest() {
    const auto oldest = queue_.get_jobs({.limit = 100, .ascending = true});
    if (!check(oldest) || oldest->total <= kMaxKeptJobs) return;
    for (const Job& job : oldest->jobs) {
      if (is_terminal(job.status())) check(queue_.delete_job(job.id()));
    }
  }

  QueueManager& queue_;
  Log& log_;
};

}  // namespace

void use_demo_storage(ServerConfig& config) {
  if (!config.is_set("storage.path")) config.storage.path = kStorage;
  if (!config.is_set("logs.retention_days")) config.logs.retention_days = 1;
  // Everybody in it is invented.
  if (!config.is_set("logs.content_privacy")) config.logs.content_privacy = ContentPrivacy::kPublic;
}

DemoTraffic::DemoTraffic(QueueManager& queue, Log& log)
    : thread_([&queue, &log](const std::stop_token& stop) { Traffic(queue, log).run(stop); }) {}

}  // namespace townkrier::server
