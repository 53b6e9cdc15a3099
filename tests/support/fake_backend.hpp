#pragma once

/// \file fake_backend.hpp
/// A DashboardBackend that answers at once with what a test put into it and remembers what it was
/// asked. For asynchronous tests set `hold`: it gets every get_job reply instead.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "townkrier/backend.hpp"

namespace townkrier::testing {

/// A job of kind "report" whose id ends with `number`.
inline Job make_job(std::uint8_t number, JobStatus status = JobStatus::kPending) {
  auto envelope = std::make_shared<JobEnvelope>();
  envelope->id.bytes = {0x01, 0x9b, 0x76, 0xda, 0xa8, 0x00, 0x70, 0x00, 0x80};
  envelope->id.bytes[15] = number;
  envelope->kind = "report";
  envelope->payload = JsonText::trusted(R"({"month":"may"})");
  envelope->created_at = TimePoint{Duration{1'767'225'600'000}};
  Job job;
  job.envelope = std::move(envelope);
  job.state.status = status;
  job.state.updated_at = job.envelope->created_at;
  return job;
}

class FakeBackend : public DashboardBackend {
 public:
  // Answers.
  Result<void> check_answer;
  std::optional<Error> error;  ///< Every reply fails with it.
  std::map<Uuid, Job> jobs;
  bool deduplicate = false;
  JobPage job_page;
  QueueStats queue_stats;
  StorageStats storage_stats;
  std::map<Uuid, NotificationLog> logs;
  LogPage log_page;
  std::vector<QueueInfo> queue_infos;
  std::vector<ChannelInfo> channel_infos;
  LiveNews news;
  BulkCount bulk_count;
  Operation operation;
  std::vector<SeriesBucket> buckets;
  ErrorSummary error_summary;
  InboxPage inbox_page;
  HealthReport report;
  std::vector<Metric> engine_metrics;
  SendReport send_report;
  std::uint64_t count = 0;  ///< Of cleanup_logs and mark_read.
  ContentPrivacy level = ContentPrivacy::kMasked;
  std::function<void(const JobId&, Reply<Job>)> hold;
  std::function<Result<void>(const JobRequest&)> check_rule;

  SuppressionPage suppression_page;
  AuditPage audit_page;
  std::optional<Error> audit_error;  ///< Of record_audit.

  // What it was asked.
  std::vector<AuditEntry> audited;
  std::optional<AuditFilter> audit_filter;
  std::vector<std::string> calls;
  std::vector<JobRequest> enqueued;
  std::optional<JobFilter> job_filter;
  std::optional<LogFilter> log_filter;
  std::optional<std::pair<JobId, JobAction>> action;
  std::optional<std::pair<std::string, Flow>> flow;
  std::optional<TimePoint> older_than;
  std::optional<std::pair<std::string, LogId>> marked;
  std::optional<BulkRequest> bulk;
  std::optional<std::uint64_t> since;
  std::optional<SeriesFilter> series_filter;
  std::vector<IdempotencyKey> once;
  std::optional<std::pair<std::string, ReceiptRequest>> receipts;
  std::optional<SuppressionFilter> suppression_filter;
  std::optional<Suppression> suppressed;
  std::string inbox_user;
  std::size_t inbox_limit = 0;
  std::optional<std::string> inbox_cursor;

  Result<void> check(const JobRequest& request) const override {
    return check_rule ? check_rule(request) : check_answer;
  }
  void enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) override {
    std::vector<EnqueuedJob> made;
    {
      std::lock_guard lock(mutex_);
      calls.push_back("enqueue");
      for (JobRequest& request : requests) {
        Job job = make_job(static_cast<std::uint8_t>(enqueued.size() + 1));
        auto envelope = std::make_shared<JobEnvelope>(*job.envelope);
        envelope->kind = request.kind;
        envelope->payload = request.payload;
        job.envelope = std::move(envelope);
        made.push_back({std::move(job), deduplicate});
        enqueued.push_back(std::move(request));
      }
    }
    answer(std::move(reply), std::move(made));
  }
  void enqueue_once(IdempotencyKey key, std::vector<JobRequest> requests,
                    Reply<std::vector<EnqueuedJob>> reply) override {
    once.push_back(std::move(key));
    enqueue(std::move(requests), std::move(reply));
  }
  void send_now(JobRequest request, Reply<SendReport> reply) override {
    note("send_now");
    enqueued.push_back(std::move(request));
    answer(std::move(reply), send_report);
  }
  void get_job(const JobId& id, Reply<Job> reply) override {
    if (hold) return hold(id, std::move(reply));
    note("get_job");
    find(jobs, id, std::move(reply));
  }
  void list_jobs(JobFilter filter, Reply<JobPage> reply) override {
    note("list_jobs");
    job_filter = std::move(filter);
    answer(std::move(reply), job_page);
  }
  void act(const JobId& id, JobAction what, Reply<Job> reply) override {
    note("act");
    action = {id, what};
    find(jobs, id, std::move(reply));
  }
  void count_bulk(BulkRequest request, Reply<BulkCount> reply) override {
    bulk = std::move(request);
    answer(std::move(reply), bulk_count);
  }
  void start_bulk(BulkRequest request, Reply<Operation> reply) override {
    note("start_bulk");
    bulk = std::move(request);
    answer(std::move(reply), operation);
  }
  void get_operation(const Uuid& id, Reply<Operation> reply) override {
    if (id != operation.id) return reply(fail(Errc::kNotFound, "there is nothing of that id"));
    answer(std::move(reply), operation);
  }
  void cancel_operation(const Uuid& id, Reply<Operation> reply) override {
    note("cancel_operation");
    get_operation(id, std::move(reply));
  }
  void job_stats(Reply<QueueStats> reply) override { answer(std::move(reply), queue_stats); }
  void log_stats(StatsFilter, Reply<StorageStats> reply) override {
    answer(std::move(reply), storage_stats);
  }
  void get_log(const LogId& id, Reply<NotificationLog> reply) override {
    find(logs, id, std::move(reply));
  }
  void query_logs(LogFilter filter, Reply<LogPage> reply) override {
    note("query_logs");
    log_filter = std::move(filter);
    answer(std::move(reply), log_page);
  }
  void cleanup_logs(TimePoint time, Reply<std::uint64_t> reply) override {
    older_than = time;
    answer(std::move(reply), count);
  }
  void queues(Reply<std::vector<QueueInfo>> reply) override {
    answer(std::move(reply), queue_infos);
  }
  void set_queue_flow(const std::string& queue, Flow to, Reply<QueueInfo> reply) override {
    flow = {queue, to};
    QueueInfo info;
    info.name = queue;
    info.paused = to == Flow::kPause;
    answer(std::move(reply), std::move(info));
  }
  void channels(Reply<std::vector<ChannelInfo>> reply) override {
    answer(std::move(reply), channel_infos);
  }
  void live(std::uint64_t rev, Reply<LiveNews> reply) override {
    since = rev;
    answer(std::move(reply), news);
  }
  void series(SeriesFilter filter, Reply<std::vector<SeriesBucket>> reply) override {
    series_filter = filter;
    answer(std::move(reply), buckets);
  }
  void errors(Reply<ErrorSummary> reply) override { answer(std::move(reply), error_summary); }
  void inbox(const std::string& user_id, std::size_t limit, std::optional<std::string> cursor,
             Reply<InboxPage> reply) override {
    inbox_user = user_id;
    inbox_limit = limit;
    inbox_cursor = std::move(cursor);
    answer(std::move(reply), inbox_page);
  }
  void mark_read(const std::string& user_id, const LogId& id, Reply<std::uint64_t> reply) override {
    marked = {user_id, id};
    answer(std::move(reply), count);
  }
  void take_receipts(const std::string& provider, ReceiptRequest request,
                     Reply<std::uint64_t> reply) override {
    note("take_receipts");
    receipts = {provider, std::move(request)};
    answer(std::move(reply), count);
  }
  void suppressions(SuppressionFilter filter, Reply<SuppressionPage> reply) override {
    suppression_filter = std::move(filter);
    answer(std::move(reply), suppression_page);
  }
  void suppress(Suppression suppression, Reply<bool> reply) override {
    note("suppress");
    suppressed = std::move(suppression);
    answer(std::move(reply), true);
  }
  void unsuppress(Suppression which, Reply<bool> reply) override {
    note("unsuppress");
    suppressed = std::move(which);
    answer(std::move(reply), true);
  }
  void record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) override {
    {
      std::lock_guard lock(mutex_);
      for (auto& entry : entries) audited.push_back(std::move(entry));
    }
    if (audit_error) return reply(std::unexpected(*audit_error));
    reply(std::monostate{});
  }
  void audit(AuditFilter filter, Reply<AuditPage> reply) override {
    audit_filter = std::move(filter);
    answer(std::move(reply), audit_page);
  }
  void health(Reply<HealthReport> reply) override { answer(std::move(reply), report); }
  void metrics(Reply<std::vector<Metric>> reply) override {
    answer(std::move(reply), engine_metrics);
  }
  ContentPrivacy privacy() const override { return level; }

 private:
  void note(std::string call) {
    std::lock_guard lock(mutex_);
    calls.push_back(std::move(call));
  }
  template <class T>
  void answer(Reply<T> reply, T value) {
    if (error) return reply(std::unexpected(*error));
    reply(std::move(value));
  }
  template <class T>
  void find(const std::map<Uuid, T>& values, const Uuid& id, Reply<T> reply) {
    if (error) return reply(std::unexpected(*error));
    const auto found = values.find(id);
    if (found == values.end()) return reply(fail(Errc::kNotFound, "there is nothing of that id"));
    reply(found->second);
  }

  std::mutex mutex_;
};

}  // namespace townkrier::testing
