#include "http/log_backend.hpp"

#include <utility>

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxWaiting = 1024;

}  // namespace

CallQueue::CallQueue() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

CallQueue::~CallQueue() {
  stop();
}

CallQueue::Posted CallQueue::post(Call call) {
  std::lock_guard lock(mutex_);
  if (stopped_) return Posted::kStopped;
  if (calls_.size() >= kMaxWaiting) return Posted::kFull;
  calls_.push_back(std::move(call));
  wake_.notify_one();
  return Posted::kYes;
}

void CallQueue::stop() {
  if (!thread_.joinable()) return;
  std::deque<Call> dropped;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(calls_);
  }
  thread_.request_stop();
  thread_.join();
  // `dropped` goes here, outside the lock: the exchanges in it answer for themselves.
}

void CallQueue::run(const std::stop_token& stop) {
  for (;;) {
    Call call;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return !calls_.empty(); })) return;
      call = std::move(calls_.front());
      calls_.pop_front();
    }
    call();
  }
}

LogBackend::LogBackend(StorageManager& storage, std::shared_ptr<DashboardBackend> engine)
    : storage_(storage), engine_(std::move(engine)) {}

template <class T, class Read>
void LogBackend::call(Reply<T> reply, Read read) {
  switch (queue_.post([reply, read = std::move(read)] { reply(read()); })) {
    case CallQueue::Posted::kYes:
      return;
    case CallQueue::Posted::kFull:
      return reply(fail(Errc::kOverloaded, "too many log queries are waiting"));
    case CallQueue::Posted::kStopped:
      return reply(fail(Errc::kUnavailable, "the dashboard is stopping"));
  }
}

void LogBackend::log_stats(StatsFilter filter, Reply<StorageStats> reply) {
  call(std::move(reply), [this, filter = std::move(filter)] { return storage_.get_stats(filter); });
}

void LogBackend::get_log(const LogId& id, Reply<NotificationLog> reply) {
  call(std::move(reply), [this, id] { return storage_.get_log(id); });
}

void LogBackend::query_logs(LogFilter filter, Reply<LogPage> reply) {
  call(std::move(reply),
       [this, filter = std::move(filter)] { return storage_.query_logs(filter); });
}

void LogBackend::cleanup_logs(TimePoint older_than, Reply<std::uint64_t> reply) {
  call(std::move(reply), [this, older_than] { return storage_.cleanup(older_than); });
}

// Everything else is the engine's.

Result<void> LogBackend::check(const JobRequest& request) const {
  return engine_->check(request);
}

void LogBackend::enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) {
  engine_->enqueue(std::move(requests), std::move(reply));
}

void LogBackend::enqueue_once(IdempotencyKey key, std::vector<JobRequest> requests,
                              Reply<std::vector<EnqueuedJob>> reply) {
  engine_->enqueue_once(std::move(key), std::move(requests), std::move(reply));
}

void LogBackend::send_now(JobRequest request, Reply<SendReport> reply) {
  engine_->send_now(std::move(request), std::move(reply));
}

void LogBackend::get_job(const JobId& id, Reply<Job> reply) {
  engine_->get_job(id, std::move(reply));
}

void LogBackend::list_jobs(JobFilter filter, Reply<JobPage> reply) {
  engine_->list_jobs(std::move(filter), std::move(reply));
}

void LogBackend::act(const JobId& id, JobAction action, Reply<Job> reply) {
  engine_->act(id, action, std::move(reply));
}

void LogBackend::count_bulk(BulkRequest request, Reply<BulkCount> reply) {
  engine_->count_bulk(std::move(request), std::move(reply));
}

void LogBackend::start_bulk(BulkRequest request, Reply<Operation> reply) {
  engine_->start_bulk(std::move(request), std::move(reply));
}

void LogBackend::get_operation(const Uuid& id, Reply<Operation> reply) {
  engine_->get_operation(id, std::move(reply));
}

void LogBackend::cancel_operation(const Uuid& id, Reply<Operation> reply) {
  engine_->cancel_operation(id, std::move(reply));
}

void LogBackend::job_stats(Reply<QueueStats> reply) {
  engine_->job_stats(std::move(reply));
}

void LogBackend::queues(Reply<std::vector<QueueInfo>> reply) {
  engine_->queues(std::move(reply));
}

void LogBackend::set_queue_flow(const std::string& queue, Flow flow, Reply<QueueInfo> reply) {
  engine_->set_queue_flow(queue, flow, std::move(reply));
}

void LogBackend::channels(Reply<std::vector<ChannelInfo>> reply) {
  engine_->channels(std::move(reply));
}

void LogBackend::live(std::uint64_t since, Reply<LiveNews> reply) {
  engine_->live(since, std::move(reply));
}

void LogBackend::series(SeriesFilter filter, Reply<std::vector<SeriesBucket>> reply) {
  engine_->series(filter, std::move(reply));
}

void LogBackend::errors(Reply<ErrorSummary> reply) {
  engine_->errors(std::move(reply));
}

void LogBackend::inbox(const std::string& user_id, std::size_t limit,
                       std::optional<std::string> cursor, Reply<InboxPage> reply) {
  engine_->inbox(user_id, limit, std::move(cursor), std::move(reply));
}

void LogBackend::mark_read(const std::string& user_id, const LogId& id,
                           Reply<std::uint64_t> reply) {
  engine_->mark_read(user_id, id, std::move(reply));
}

void LogBackend::take_receipts(const std::string& provider, ReceiptRequest request,
                               Reply<std::uint64_t> reply) {
  engine_->take_receipts(provider, std::move(request), std::move(reply));
}

void LogBackend::suppressions(SuppressionFilter filter, Reply<SuppressionPage> reply) {
  engine_->suppressions(std::move(filter), std::move(reply));
}

void LogBackend::suppress(Suppression suppression, Reply<bool> reply) {
  engine_->suppress(std::move(suppression), std::move(reply));
}

void LogBackend::unsuppress(Suppression which, Reply<bool> reply) {
  engine_->unsuppress(std::move(which), std::move(reply));
}

void LogBackend::record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) {
  engine_->record_audit(std::move(entries), std::move(reply));
}

void LogBackend::audit(AuditFilter filter, Reply<AuditPage> reply) {
  engine_->audit(std::move(filter), std::move(reply));
}

void LogBackend::health(Reply<HealthReport> reply) {
  engine_->health(std::move(reply));
}

void LogBackend::metrics(Reply<std::vector<Metric>> reply) {
  engine_->metrics(std::move(reply));
}

ContentPrivacy LogBackend::privacy() const {
  return engine_->privacy();
}

}  // namespace townkrier::http
