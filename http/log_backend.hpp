#pragma once

/// \file http/log_backend.hpp
/// A backend whose logs are read from a StorageManager; everything else is the engine's.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "townkrier/backend.hpp"
#include "townkrier/storage_manager.hpp"

namespace townkrier::http {

/// Runs blocking calls one after the other on one thread. Thread-safe.
class CallQueue {
 public:
  using Call = std::function<void()>;

  CallQueue();
  ~CallQueue();
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;

  enum class Posted : std::uint8_t { kYes, kFull, kStopped };
  /// kFull: 1,024 calls wait already.
  Posted post(Call call);
  /// Waits for the running call, drops the others. Not from inside a call.
  void stop();

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  std::deque<Call> calls_;
  bool stopped_ = false;

  std::jthread thread_;  // Last: it uses all of the above.
};

/// Thread-safe. `storage` is borrowed until `stop`, which must be called before the last reference
/// may go: that may happen on the queue's own thread.
class LogBackend final : public DashboardBackend {
 public:
  LogBackend(StorageManager& storage, std::shared_ptr<DashboardBackend> engine);

  /// Log calls are answered kUnavailable from here on.
  void stop() { queue_.stop(); }

  void log_stats(StatsFilter filter, Reply<StorageStats> reply) override;
  void get_log(const LogId& id, Reply<NotificationLog> reply) override;
  void query_logs(LogFilter filter, Reply<LogPage> reply) override;
  void cleanup_logs(TimePoint older_than, Reply<std::uint64_t> reply) override;

  Result<void> check(const JobRequest& request) const override;
  void enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) override;
  void enqueue_once(IdempotencyKey key, std::vector<JobRequest> requests,
                    Reply<std::vector<EnqueuedJob>> reply) override;
  void send_now(JobRequest request, Reply<SendReport> reply) override;
  void get_job(const JobId& id, Reply<Job> reply) override;
  void list_jobs(JobFilter filter, Reply<JobPage> reply) override;
  void act(const JobId& id, JobAction action, Reply<Job> reply) override;
  void count_bulk(BulkRequest request, Reply<BulkCount> reply) override;
  void start_bulk(BulkRequest request, Reply<Operation> reply) override;
  void get_operation(const Uuid& id, Reply<Operation> reply) override;
  void cancel_operation(const Uuid& id, Reply<Operation> reply) override;
  void job_stats(Reply<QueueStats> reply) override;
  void queues(Reply<std::vector<QueueInfo>> reply) override;
  void set_queue_flow(const std::string& queue, Flow flow, Reply<QueueInfo> reply) override;
  void channels(Reply<std::vector<ChannelInfo>> reply) override;
  void live(std::uint64_t since, Reply<LiveNews> reply) override;
  void series(SeriesFilter filter, Reply<std::vector<SeriesBucket>> reply) override;
  void errors(Reply<ErrorSummary> reply) override;
  void inbox(const std::string& user_id, std::size_t limit, std::optional<std::string> cursor,
             Reply<InboxPage> reply) override;
  void mark_read(const std::string& user_id, const LogId& id, Reply<std::uint64_t> reply) override;
  void take_receipts(const std::string& provider, ReceiptRequest request,
                     Reply<std::uint64_t> reply) override;
  void suppressions(SuppressionFilter filter, Reply<SuppressionPage> reply) override;
  void suppress(Suppression suppression, Reply<bool> reply) override;
  void unsuppress(Suppression which, Reply<bool> reply) override;
  void record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) override;
  void audit(AuditFilter filter, Reply<AuditPage> reply) override;
  void health(Reply<HealthReport> reply) override;
  void metrics(Reply<std::vector<Metric>> reply) override;
  ContentPrivacy privacy() const override;

 private:
  template <class T, class Read>
  void call(Reply<T> reply, Read read);

  StorageManager& storage_;
  const std::shared_ptr<DashboardBackend> engine_;  // Shared with the engine's facade.
  CallQueue queue_;
};

}  // namespace townkrier::http
