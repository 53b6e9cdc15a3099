#pragma once

/// \file store.hpp
/// The persistence ports. A store is synchronous: batches in, batches out, errors as values.
/// Jobs are written by one thread (the store actor); log rows and read marks may also be written by
/// others at the same time. Reads may come from any thread at any time.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "townkrier/audit.hpp"
#include "townkrier/activity.hpp"
#include "townkrier/config.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/metrics.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// A log row to write by hand, with the status it has now (absent: a new row), so that counters can
/// follow.
struct LogChange {
  NotificationLog row;
  std::optional<LogStatus> previous;
};

/// The one index place a job has, computed by `place_of` from envelope and state.
/// pending → ready index (queue, route, priority, due, id); scheduled and retrying → due index
/// (due, id); processing → processing index (id); terminal → finished index (status, time, id).
struct JobPlace {
  JobStatus status = JobStatus::kPending;
  TimePoint time{};   ///< due_at, or the time it ended when terminal.
  std::string route;  ///< Only for pending.
  bool operator==(const JobPlace&) const = default;
};

/// The channels a job waits for, joined by ',' in order of its deliveries: what its next attempt
/// will use. Jobs of one queue, route and priority are in FIFO order of (due_at, id).
std::string route_of(const JobEnvelope& envelope, const JobState& state);
JobPlace place_of(const JobEnvelope& envelope, const JobState& state);

/// A new job. If its unique_key is held by an unfinished job, nothing is stored for it. The key is
/// free again when the job becomes terminal or is removed; a job that leaves a terminal status
/// takes its key back if nobody else holds it, else it runs without.
struct NewJob {
  Job job;
  std::vector<NotificationLog> logs;  ///< New rows of its deliveries, with its id as job_id.
};

/// The log row of a job's delivery moves with it: what the row says of status, tries, provider and
/// times is what `Job::state.deliveries[delivery]` says since its `updated_at`. A row that was
/// deleted stays deleted; one that was changed by hand stays so until the delivery moves.
struct DeliveryLog {
  std::uint32_t delivery = 0;
  LogStatus previous = LogStatus::kScheduled;  ///< Its status before the change.
};

/// A job's next state. `before` is its present place; the caller knows it, the store does not look.
struct JobChange {
  Job job;  ///< The state after the change.
  JobPlace before;
  bool rewrite_envelope = false;  ///< The envelope changed too (payload removed).
  std::vector<DeliveryLog> logs;
  std::vector<InboxMessage> inbox;
  /// New jobs of this one, stored if and only if the change is; whatever space is left. One whose
  /// unique key is held by an unfinished job is left out.
  std::vector<NewJob> children = {};
};

struct JobRemoval {
  Job job;
  JobPlace before;
};

/// A small value with an end, found by its key.
struct TimedEntry {
  std::string key;  ///< 1..255 bytes; of one batch, each once.
  std::string value;
  TimePoint until{};  ///< Not found from then on.
  /// In a batch: the ids that these elements of its `enqueued` got, 16 bytes each, are added to the
  /// value.
  std::size_t first_job = 0;
  std::size_t jobs = 0;
};

/// One atomic write.
struct StoreBatch {
  std::vector<NewJob> enqueued;
  std::vector<JobChange> changes;
  std::vector<JobRemoval> removals;
  std::vector<InboxMessage> inbox;  ///< One that is there already (user and id) stays as it is.
  std::map<std::string, std::string> settings;  ///< Small values that survive restarts.
  std::vector<TimedEntry> entries = {};         ///< What is there under the key is replaced.
  bool empty() const {
    return enqueued.empty() && changes.empty() && removals.empty() && inbox.empty() &&
           settings.empty() && entries.empty();
  }
};

/// Per element of `enqueued`: its id, or the id of the unfinished job that holds the key.
struct EnqueueOutcome {
  JobId id;
  bool deduplicated = false;
};

/// A position in a lane of the ready index or in the due index.
struct IndexPosition {
  TimePoint time{};
  JobId id;
  auto operator<=>(const IndexPosition&) const = default;
};

/// Ready jobs of one queue, route and priority.
struct LaneKey {
  std::string queue;
  std::string route;
  Priority priority = 0;
  auto operator<=>(const LaneKey&) const = default;
};

struct LaneSize {
  LaneKey lane;
  std::uint64_t jobs = 0;
};

/// How much of something is stored; bytes are those of its records.
struct StoredSize {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  bool operator==(const StoredSize&) const = default;
};

/// Jobs.
class JobStore {
 public:
  virtual ~JobStore() = default;

  /// All or nothing. On an error nothing of it is visible now; with kIo it may reappear after a
  /// restart (the caller must treat the outcome as unknown). kDiskFull: see `accepts_jobs`, or the
  /// disk is full for good; nothing was written. Only one thread calls it.
  virtual Result<std::vector<EnqueueOutcome>> commit(const StoreBatch& batch,
                                                     Durability durability) = 0;

  /// Whether new jobs are taken now. kDiskFull when too little space is free: a commit with new
  /// jobs is refused then, while everything else is still written. A system call; any thread.
  virtual Result<void> accepts_jobs() const { return {}; }

  virtual Result<Job> get_job(const JobId& id) const = 0;  ///< kNotFound.
  /// Ids without a job are left out.
  virtual Result<std::vector<Job>> get_jobs(std::span<const JobId> ids) const = 0;
  /// Exact `total` for filters on status, queue or both and for none; for others the number found
  /// within a bounded scan.
  virtual Result<JobPage> list_jobs(const JobFilter& filter) const = 0;

  /// Lanes that are not empty, with their sizes. Called at start.
  virtual Result<std::vector<LaneSize>> ready_lanes() const = 0;
  /// In order, strictly after `after`.
  virtual Result<std::vector<Job>> ready_jobs(const LaneKey& lane,
                                              const std::optional<IndexPosition>& after,
                                              std::size_t limit) const = 0;
  /// Scheduled and retrying jobs with due_at ≤ until, in order, strictly after `after`.
  virtual Result<std::vector<Job>> due_jobs(TimePoint until,
                                            const std::optional<IndexPosition>& after,
                                            std::size_t limit) const = 0;
  /// By id, strictly after `after`.
  virtual Result<std::vector<Job>> processing_jobs(const std::optional<JobId>& after,
                                                   std::size_t limit) const = 0;
  /// Terminal jobs of that status that ended before `before`, oldest first.
  virtual Result<std::vector<Job>> finished_jobs(JobStatus status, TimePoint before,
                                                 std::size_t limit) const = 0;

  /// How many jobs ended as that status and how large they are. Counted, not scanned.
  virtual Result<StoredSize> finished_size(JobStatus status) const = 0;

  virtual Result<QueueStats> job_stats() const = 0;
  virtual Result<std::map<std::string, QueueStats>> job_stats_by_queue() const = 0;
  /// due_at of the oldest pending job of a queue.
  virtual Result<std::optional<TimePoint>> oldest_ready(const std::string& queue) const = 0;
  virtual Result<std::map<std::string, std::string>> settings() const = 0;
};

/// Notification logs.
class LogStore {
 public:
  virtual ~LogStore() = default;
  /// Writes rows by hand, all or none; any thread. `previous` must be what is stored: kConflict
  /// when a new row exists already or another status is stored by now, kNotFound when there is no
  /// row. id, notification_id, job_id, channel and created_at of a row never change
  /// (kInvalidArgument).
  virtual Result<void> put_logs(std::span<const LogChange> rows, Durability durability) = 0;
  virtual Result<NotificationLog> get_log(const LogId& id) const = 0;  ///< kNotFound.
  virtual Result<LogPage> query_logs(const LogFilter& filter) const = 0;
  virtual Result<StorageStats> log_stats(const StatsFilter& filter) const = 0;
  /// Deletes at most `limit` rows created before `older_than`, oldest first; returns how many.
  virtual Result<std::uint64_t> delete_logs(TimePoint older_than, std::size_t limit,
                                            Durability durability) = 0;
};

/// In-app messages.
class InboxStore {
 public:
  virtual ~InboxStore() = default;
  virtual Result<InboxPage> inbox(const std::string& user_id, std::size_t limit,
                                  const std::optional<std::string>& cursor,
                                  bool unread_only) const = 0;
  /// Nil id: all of the user's. Returns how many were unread; kNotFound for an unknown id.
  virtual Result<std::uint64_t> mark_read(const std::string& user_id, const LogId& id, TimePoint at,
                                          Durability durability) = 0;
  /// Of all users. Counted, not scanned.
  virtual Result<StoredSize> inbox_size() const = 0;
  /// Deletes at most `limit` messages created before `older_than`, oldest first; returns how many.
  virtual Result<std::uint64_t> delete_messages(TimePoint older_than, std::size_t limit,
                                                Durability durability) = 0;
};

/// Small values with an end, which come with a commit.
class TimedStore {
 public:
  virtual ~TimedStore() = default;
  /// kNotFound: there is none, or its time is over at `now`.
  virtual Result<TimedEntry> timed_entry(const std::string& key, TimePoint now) const = 0;
  /// Deletes at most `limit` entries whose time is over, by time; returns how many.
  virtual Result<std::uint64_t> delete_timed_entries(TimePoint now, std::size_t limit,
                                                     Durability durability) = 0;
};

/// Who did what.
class AuditStore {
 public:
  virtual ~AuditStore() = default;
  /// Adds rows, whose ids grow; any thread. Beyond `kMaxAuditEntries` the oldest go.
  virtual Result<void> append_audit(std::span<const AuditEntry> entries, Durability durability) = 0;
  virtual Result<AuditPage> audit(const AuditFilter& filter) const = 0;
};

/// History for graphs.
class SeriesStore {
 public:
  virtual ~SeriesStore() = default;
  /// Writes buckets over what is stored for their step and start, and drops those that start
  /// before `keep_from[step]`. Not synced: what a crash takes is the last moments of a graph. Any
  /// thread.
  virtual Result<void> put_series(std::span<const SeriesBucket> buckets,
                                  const std::map<SeriesStep, TimePoint>& keep_from) = 0;
  /// In order of time.
  virtual Result<std::vector<SeriesBucket>> series(const SeriesFilter& filter) const = 0;
};

/// What the engine needs; both bundled stores are one.
class Store : public JobStore,
              public LogStore,
              public InboxStore,
              public TimedStore,
              public AuditStore,
              public SeriesStore {
 public:
  /// Cheap check that writes would work now (not failed, enough disk); used by /health.
  virtual Result<void> health() const = 0;
  /// The store's own numbers for monitoring; none by default. Any thread.
  virtual std::vector<Metric> metrics() const { return {}; }
  /// Makes everything written so far durable. Called at the end of an ordered stop.
  virtual Result<void> sync() = 0;
};

/// Keeps everything in memory; for tests and for the seed's InMemory adapters.
std::shared_ptr<Store> make_memory_store();

/// What to do when the write-ahead log is damaged elsewhere than in the last, torn write of a
/// crash.
enum class WalDamage : std::uint8_t {
  kRefuse,  ///< Do not open: kCorruption. The default.
  /// Keep everything up to the damage and give up what was written after it. For one start, by
  /// decision of an operator who keeps a copy of the directory.
  kAccept,
};

/// How a RocksDB store is opened.
struct RocksDbStoreOptions {
  /// Below this much free space no new jobs are taken (`accepts_jobs`); 0 = no floor.
  std::uint64_t min_free_space_bytes = StorageOptions{}.min_free_space_bytes;
  WalDamage wal_damage = WalDamage::kRefuse;
};

/// Opens or creates a RocksDB store in `path` (directory mode 0700). Errors: kIo (cannot create,
/// locked by another process), kCorruption (with what to do), kInvalidConfig.
Result<std::shared_ptr<Store>> open_rocksdb_store(const std::string& path,
                                                  const RocksDbStoreOptions& options = {});

}  // namespace townkrier
