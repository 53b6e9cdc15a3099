#pragma once

/// \file backend.hpp
/// What the HTTP interface asks of the engine: an asynchronous port. Every call returns at once and
/// its reply is called exactly once, from any thread, also when the engine stops. Thread-safe.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/audit.hpp"
#include "townkrier/activity.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/metrics.hpp"
#include "townkrier/receipts.hpp"
#include "townkrier/result.hpp"
#include "townkrier/suppression.hpp"

namespace townkrier {

template <class T>
using Reply = std::function<void(Result<T>)>;

struct EnqueuedJob {
  Job job;
  bool deduplicated = false;
};

/// Names a request that may come again. Both are digests of at most 32 bytes.
struct IdempotencyKey {
  std::string name;         ///< Of the caller and the key it gave.
  std::string fingerprint;  ///< Of what is asked for.
};
/// How long a key is remembered.
inline constexpr Duration kIdempotencyPeriod{86'400'000};

/// Which of the suppressed addresses and opt-outs. Absent members do not restrict.
struct SuppressionFilter {
  std::optional<std::string> channel_type;
  std::optional<std::string> address;   ///< In clear.
  std::optional<std::string> category;  ///< Empty: addresses that get nothing at all.
  std::size_t limit = 100;
  std::size_t offset = 0;
};
struct SuppressionPage {
  std::vector<Suppression> entries;  ///< Oldest first; addresses are masked.
  std::uint64_t total = 0;
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

/// One provider of a channel as an operator sees it. Numbers since the process started.
struct ProviderInfo {
  std::string name;
  std::string breaker;  ///< closed | open | half-open
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;   ///< Tries that did not succeed, for whatever reason.
  std::uint64_t retried = 0;  ///< Of these: transient or throttled, so another try may follow.
  std::uint64_t in_flight = 0;
  LatencySummary latency;  ///< From hand-over to answer, over the last five to ten minutes.
};
/// One channel, with its providers in order. Numbers since the process started.
struct ChannelInfo {
  std::string name;
  std::uint64_t sent = 0;    ///< Deliveries.
  std::uint64_t failed = 0;  ///< Deliveries given up.
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;  ///< Pending jobs that have something to send over it.
  int concurrency = 0;
  std::vector<ProviderInfo> providers;
  std::uint64_t retried = 0;  ///< Tries after which a delivery waits for another.
  LatencySummary latency;     ///< Of all its providers.
  /// Calls that go on although they were asked to stop a while ago, see HandlerOptions.
  std::uint64_t stuck = 0;
  std::uint64_t stuck_total = 0;  ///< Since the channel started, those that have returned too.
};

/// What to do to many jobs: those of `ids`, or those that pass `filter` (whose page is ignored).
struct BulkRequest {
  JobAction action = JobAction::kRetry;
  std::vector<JobId> ids;
  std::optional<JobFilter> filter;
  /// How many the caller saw: kConflict when more than a tenth more or fewer match now.
  std::optional<std::uint64_t> expect;
};
struct BulkCount {
  std::uint64_t jobs = 0;
  bool exact = true;  ///< False: there may be more.
};

/// One bulk action under way or over. Kept until 100 newer ones were begun or the process ends.
struct Operation {
  enum class State : std::uint8_t { kRunning, kCompleted, kCancelled, kFailed };
  Uuid id;
  JobAction action = JobAction::kRetry;
  State state = State::kRunning;
  std::uint64_t total = 0;  ///< Jobs that matched when it began.
  std::uint64_t done = 0;
  std::uint64_t skipped = 0;  ///< The action does not fit their status, or they are gone.
  std::uint64_t failed = 0;
  TimePoint started_at{};
  std::optional<TimePoint> ended_at;
  std::string error;  ///< Why it failed as a whole.
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
  /// The same once for each key: for kIdempotencyPeriod a repetition gets the jobs of the first
  /// call, as they are now and marked as deduplicated, also when they have ended. kInvalidArgument:
  /// the key was used with another fingerprint. kConflict: of its jobs some have been deleted.
  virtual void enqueue_once(IdempotencyKey key, std::vector<JobRequest> requests,
                            Reply<std::vector<EnqueuedJob>> reply) = 0;
  virtual void send_now(JobRequest request, Reply<SendReport> reply) = 0;

  virtual void get_job(const JobId& id, Reply<Job> reply) = 0;
  virtual void list_jobs(JobFilter filter, Reply<JobPage> reply) = 0;
  /// Retry, cancel, delete or run now; the reply has the job as it is afterwards (for delete: as
  /// it was). kNotFound, or kConflict naming the present status.
  virtual void act(const JobId& id, JobAction action, Reply<Job> reply) = 0;

  /// How many jobs a bulk request means.
  virtual void count_bulk(BulkRequest request, Reply<BulkCount> reply) = 0;
  /// Begins to act, slice by slice; the reply comes at once. Jobs that are created later are not
  /// meant.
  virtual void start_bulk(BulkRequest request, Reply<Operation> reply) = 0;
  virtual void get_operation(const Uuid& id, Reply<Operation> reply) = 0;  ///< kNotFound.
  /// Ends it after the jobs it has begun with.
  virtual void cancel_operation(const Uuid& id, Reply<Operation> reply) = 0;

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

  /// Answers from memory, at once. `since`: the `rev` of an earlier answer, or 0.
  virtual void live(std::uint64_t since, Reply<LiveNews> reply) = 0;
  /// In order of time; buckets in which nothing happened are left out.
  virtual void series(SeriesFilter filter, Reply<std::vector<SeriesBucket>> reply) = 0;
  /// The newest failed jobs, grouped.
  virtual void errors(Reply<ErrorSummary> reply) = 0;

  virtual void inbox(const std::string& user_id, std::size_t limit,
                     std::optional<std::string> cursor, Reply<InboxPage> reply) = 0;
  /// Nil id: all of the user's. Replies with how many were unread.
  virtual void mark_read(const std::string& user_id, const LogId& id,
                         Reply<std::uint64_t> reply) = 0;

  /// What a provider posts about messages it took: moves deliveries and log rows to delivered,
  /// bounced or complained, and suppresses addresses. Replies with how many receipts there were,
  /// known messages or not. kNotFound: receipts of that provider are not taken; kUnauthorized,
  /// kMalformed: see ReceiptReader.
  virtual void take_receipts(const std::string& provider, ReceiptRequest request,
                             Reply<std::uint64_t> reply) = 0;

  /// kUnavailable, as the two below: there is no list.
  virtual void suppressions(SuppressionFilter filter, Reply<SuppressionPage> reply) = 0;
  /// Durable, if the list is. Replies whether it is new; what is there already stays as it is.
  virtual void suppress(Suppression suppression, Reply<bool> reply) = 0;
  /// Replies whether it was there. Of `which`, type, address and category count.
  virtual void unsuppress(Suppression which, Reply<bool> reply) = 0;

  /// Durable. Ids grow from call to call.
  virtual void record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) = 0;
  virtual void audit(AuditFilter filter, Reply<AuditPage> reply) = 0;

  virtual void health(Reply<HealthReport> reply) = 0;
  /// The engine's numbers for monitoring.
  virtual void metrics(Reply<std::vector<Metric>> reply) = 0;
  /// How much of payloads and recipients answers may show.
  virtual ContentPrivacy privacy() const = 0;
};

}  // namespace townkrier
