#pragma once

/// \file queue_manager.hpp
/// The engine: durable jobs, retries, schedules. Owns the actors that do the work.

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "townkrier/backend.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/config.hpp"
#include "townkrier/events.hpp"
#include "townkrier/job.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/result.hpp"
#include "townkrier/storage_manager.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// Where jobs are kept and the defaults they get.
struct QueueAdapter {
  std::shared_ptr<Store> store;
  QueueOptions options;
  LogOptions logs;
  Durability durability = Durability::kFsync;
  RetentionOptions retention = {};
};

/// The seed's in-memory adapter: nothing survives the process.
QueueAdapter InMemoryQueueAdapter(QueueOptions options = {});

/// Lines of the engine's own log: structured key=value, never a recipient, a body or a secret.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel, std::string_view line)>;

/// Optional parts of a QueueManager. Everything borrowed must outlive it.
struct QueueManagerConfig {
  std::shared_ptr<const Clock> clock;  ///< Default: SystemClock.
  LogSink log;  ///< Default: warnings and errors to stderr. Called from any thread.
  /// Called once when the store failed for good and the engine has stopped: the process should
  /// exit non-zero and be restarted. Default: a line on stderr, then std::abort-free _exit(1).
  std::function<void(const Error&)> on_fatal;
};

/// One accepted job.
using EnqueueResult = EnqueuedJob;

/// Thread-safe. Blocking calls wait for the durable write (`enqueue`) or for an actor's answer, at
/// most 30 s, then kTimeout; each has an asynchronous twin. Calls from inside a job handler are
/// fine.
class QueueManager {
 public:
  /// Nothing is started yet. `notifications` may be null (jobs of own kinds only) and
  /// must outlive this. Wrong options or channels are reported by every later call.
  explicit QueueManager(QueueAdapter adapter, NotificationManager* notifications = nullptr,
                        QueueManagerConfig config = {});
  QueueManager(QueueAdapter adapter, NotificationManager& notifications,
               QueueManagerConfig config = {});
  /// Stops processing (drains as configured) and everything else.
  ~QueueManager();
  QueueManager(const QueueManager&) = delete;
  QueueManager& operator=(const QueueManager&) = delete;

  /// Runs `handler` for jobs of `kind` ([a-z0-9_.-], not "notification"). Only before the first
  /// other call: the engine starts with that (kConflict afterwards).
  Result<void> register_handler(std::string kind, JobHandler handler, HandlerOptions options = {});

  /// Sends at once, without a job or a log row.
  Result<SendReport> send_now(const Notification& notification, const Recipient& recipient);

  /// Accepts a notification; durable when it returns.
  Result<Job> enqueue(const Notification& notification, const Recipient& recipient,
                      JobOptions options = {});
  /// Accepts a job of a registered kind.
  Result<Job> enqueue(std::string kind, JsonText payload, JobOptions options = {});
  /// Accepts all or none in one durable write.
  Result<std::vector<EnqueueResult>> enqueue_many(std::vector<JobRequest> requests);
  std::future<Result<Job>> enqueue_async(std::string kind, JsonText payload,
                                         JobOptions options = {});
  std::future<Result<Job>> enqueue_async(const Notification& notification,
                                         const Recipient& recipient, JobOptions options = {});
  /// `reply` is called once, from an engine thread: keep it short.
  void enqueue_many_async(std::vector<JobRequest> requests,
                          Reply<std::vector<EnqueueResult>> reply);

  Result<Job> get_job(const JobId& id);
  Result<JobPage> get_jobs(const JobFilter& filter = {});
  Result<Job> retry_job(const JobId& id);
  Result<Job> cancel_job(const JobId& id);
  Result<Job> delete_job(const JobId& id);
  Result<Job> run_job_now(const JobId& id);
  Result<QueueStats> get_stats();
  Result<QueueInfo> pause_queue(const std::string& queue);
  Result<QueueInfo> resume_queue(const std::string& queue);

  std::future<Result<Job>> get_job_async(const JobId& id);
  std::future<Result<JobPage>> get_jobs_async(JobFilter filter = {});
  std::future<Result<Job>> act_async(const JobId& id, JobAction action);
  std::future<Result<QueueStats>> get_stats_async();

  /// Tells `sink` what happens to deliveries from now on, until it returns false.
  Result<void> subscribe(DeliveryEventSink sink);
  Result<void> subscribe(DeliveryHooks hooks) { return subscribe(hooks_sink(std::move(hooks))); }

  /// Also writes the engine's log rows to `storage` when that is another store than the queue's.
  void log_to(StorageManager& storage);

  struct ProcessingOptions {
    std::optional<Duration> poll_interval;  ///< Overrides QueueOptions::poll_interval.
  };
  /// Begins to run jobs. Started already: no effect.
  Result<void> start_processing(ProcessingOptions options);
  Result<void> start_processing() { return start_processing(ProcessingOptions{}); }
  /// No new attempts; waits up to `drain_timeout` for running ones; what is unfinished is handed
  /// back, not charged as an attempt. May be started again.
  void stop_processing();

  /// The engine as the HTTP interface sees it; an error when options or channels are wrong. After
  /// this object is gone every call on it answers kUnavailable.
  Result<std::shared_ptr<DashboardBackend>> backend() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace townkrier
