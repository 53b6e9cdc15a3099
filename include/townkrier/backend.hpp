#pragma once

/// \file backend.hpp
/// What the HTTP interface asks of the engine: an asynchronous port. Every call returns at once and
/// its reply is called exactly once, from any thread, also when the engine stops. Thread-safe.

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/audit.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

template <class T>
using Reply = std::function<void(Result<T>)>;

struct EnqueuedJob {
  Job job;
  bool deduplicated = false;
};

/// Result of an immediate send, per channel.
struct SendResult {
  bool sent = false;
  std::string provider;
  std::string message_id;
  std::string error;
};
struct SendReport {
  enum class Status : std::uint8_t { kSuccess, kPartial, kFailed };
  Status status = Status::kFailed;
  std::map<std::string, SendResult> results;
};

/// One channel as an operator sees it, with its providers in order.
struct ProviderInfo {
  std::string name;
  std::string breaker;  ///< closed | open | half-open
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
};
struct ChannelInfo {
  std::string name;
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;
  int concurrency = 0;
  std::vector<ProviderInfo> providers;
  /// Calls that go on although they were asked to stop a while ago, see HandlerOptions.
  std::uint64_t stuck = 0;
  std::uint64_t stuck_total = 0;  ///< Since the channel started, those that have returned too.
};

struct HealthReport {
  enum class Status : std::uint8_t { kOk, kDegraded, kFailing };
  Status status = Status::kOk;
  std::map<std::string, std::string> checks;  ///< name → "ok" or what is wrong.
};

class DashboardBackend {
 public:
  virtual ~DashboardBackend() = default;

  /// Checks a request against channels, kinds and limits without storing it. Any thread, at once.
  virtual Result<void> check(const JobRequest& request) const = 0;
  /// All or nothing in one durable write; the reply comes after it is durable. One element per
  /// request. A request that does not pass `check` fails the whole call with its error, whose
  /// pointers are prefixed by the index when there is more than one.
  virtual void enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) = 0;
  virtual void send_now(JobRequest request, Reply<SendReport> reply) = 0;

  virtual void get_job(const JobId& id, Reply<Job> reply) = 0;
  virtual void list_jobs(JobFilter filter, Reply<JobPage> reply) = 0;
  /// Retry, cancel, delete or run now; the reply has the job as it is afterwards (for delete: as
  /// it was). kNotFound, or kConflict naming the present status.
  virtual void act(const JobId& id, JobAction action, Reply<Job> reply) = 0;

  virtual void job_stats(Reply<QueueStats> reply) = 0;
  virtual void log_stats(StatsFilter filter, Reply<StorageStats> reply) = 0;
  virtual void get_log(const LogId& id, Reply<NotificationLog> reply) = 0;
  virtual void query_logs(LogFilter filter, Reply<LogPage> reply) = 0;
  /// Deletes all rows created before; replies with the number.
  virtual void cleanup_logs(TimePoint older_than, Reply<std::uint64_t> reply) = 0;

  virtual void queues(Reply<std::vector<QueueInfo>> reply) = 0;
  enum class Flow : std::uint8_t { kPause, kResume };
  /// Durable. Any valid queue name may be paused before its first job.
  virtual void set_queue_flow(const std::string& queue, Flow flow, Reply<QueueInfo> reply) = 0;
  virtual void channels(Reply<std::vector<ChannelInfo>> reply) = 0;

  virtual void inbox(const std::string& user_id, std::size_t limit,
                     std::optional<std::string> cursor, Reply<InboxPage> reply) = 0;
  /// Nil id: all of the user's. Replies with how many were unread.
  virtual void mark_read(const std::string& user_id, const LogId& id,
                         Reply<std::uint64_t> reply) = 0;

  /// Durable. Ids grow from call to call.
  virtual void record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) = 0;
  virtual void audit(AuditFilter filter, Reply<AuditPage> reply) = 0;

  virtual void health(Reply<HealthReport> reply) = 0;
  /// How much of payloads and recipients answers may show.
  virtual ContentPrivacy privacy() const = 0;
};

}  // namespace townkrier
