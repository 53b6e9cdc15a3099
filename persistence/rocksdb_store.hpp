#pragma once

/// \file rocksdb_store.hpp
/// The default store. Jobs come from one writer (`commit`); log rows and read marks may also be
/// written from other threads. `write_mutex_` makes all writes one after the other, each with its
/// counters; reads never take it and may run at any time.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "persistence/batch_writer.hpp"
#include "persistence/head_marks.hpp"
#include "persistence/ledger.hpp"
#include "persistence/paging.hpp"
#include "persistence/rocksdb_database.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

/// The counters and settings kept in `default`.
struct MetaContent {
  Ledger ledger;
  std::map<std::string, std::string> settings;
  LogDoubts doubts;
};
Result<MetaContent> read_meta(const ReadView& view);

class RocksDbStore final : public Store {
 public:
  /// `settings.wal_damage` is that of `options`.
  static Result<std::shared_ptr<RocksDbStore>> open(const std::string& path,
                                                    const RocksDbStoreOptions& options,
                                                    DatabaseSettings settings = {});
  RocksDbStore(std::unique_ptr<Database> database, MetaContent meta,
               std::uint64_t min_free_space_bytes);

  Result<std::vector<EnqueueOutcome>> commit(const StoreBatch& batch,
                                             Durability durability) override;
  Result<void> accepts_jobs() const override;
  Result<Job> get_job(const JobId& id) const override;
  Result<std::vector<Job>> get_jobs(std::span<const JobId> ids) const override;
  Result<JobPage> list_jobs(const JobFilter& filter) const override;
  Result<std::vector<LaneSize>> ready_lanes() const override;
  Result<std::vector<Job>> ready_jobs(const LaneKey& lane,
                                      const std::optional<IndexPosition>& after,
                                      std::size_t limit) const override;
  Result<std::vector<Job>> due_jobs(TimePoint until, const std::optional<IndexPosition>& after,
                                    std::size_t limit) const override;
  Result<std::vector<Job>> processing_jobs(const std::optional<JobId>& after,
                                           std::size_t limit) const override;
  Result<std::vector<Job>> finished_jobs(JobStatus status, TimePoint before,
                                         std::size_t limit) const override;
  Result<StoredSize> finished_size(JobStatus status) const override;
  Result<QueueStats> job_stats() const override;
  Result<std::map<std::string, QueueStats>> job_stats_by_queue() const override;
  Result<std::optional<TimePoint>> oldest_ready(const std::string& queue) const override;
  Result<std::map<std::string, std::string>> settings() const override;

  Result<void> put_logs(std::span<const LogChange> rows, Durability durability) override;
  Result<NotificationLog> get_log(const LogId& id) const override;
  Result<LogPage> query_logs(const LogFilter& filter) const override;
  Result<StorageStats> log_stats(const StatsFilter& filter) const override;
  Result<std::uint64_t> delete_logs(TimePoint older_than, std::size_t limit,
                                    Durability durability) override;

  Result<InboxPage> inbox(const std::string& user_id, std::size_t limit,
                          const std::optional<std::string>& cursor,
                          bool unread_only) const override;
  Result<std::uint64_t> mark_read(const std::string& user_id, const LogId& id, TimePoint at,
                                  Durability durability) override;
  Result<StoredSize> inbox_size() const override;
  Result<std::uint64_t> delete_messages(TimePoint older_than, std::size_t limit,
                                        Durability durability) override;

  Result<TimedEntry> timed_entry(const std::string& key, TimePoint now) const override;
  Result<std::uint64_t> delete_timed_entries(TimePoint now, std::size_t limit,
                                             Durability durability) override;

  Result<void> append_audit(std::span<const AuditEntry> entries, Durability durability) override;
  Result<AuditPage> audit(const AuditFilter& filter) const override;

  Result<void> put_series(std::span<const SeriesBucket> buckets,
                          const std::map<SeriesStep, TimePoint>& keep_from) override;
  Result<std::vector<SeriesBucket>> series(const SeriesFilter& filter) const override;

  Result<void> health() const override;
  std::vector<Metric> metrics() const override;
  Result<void> sync() override;

  const Database& database() const { return *database_; }

 private:
  /// Whether RocksDB may make the caller wait when it does not keep up.
  enum class Pressure : std::uint8_t { kWait, kRefuse };
  Result<std::vector<EnqueueOutcome>> translate(const StoreBatch& batch);
  /// Writes what `writer_` has and adopts its effects. Needs `write_mutex_`.
  Result<void> write(Durability durability, Pressure pressure);
  void adopt(const LedgerRows& rows);

  /// A part of a time-ordered index: `prefix` + time + id, below `upper`.
  struct IndexRange {
    Family family;
    std::string prefix;
    std::string upper;
  };
  /// Positions and the view they were seen in.
  struct Found {
    std::unique_ptr<ReadView> view;
    std::vector<IndexPosition> positions;
  };
  /// In order, strictly after `after`; without it, from the remembered head.
  Result<Found> find(const IndexRange& range, const std::optional<IndexPosition>& after,
                     std::size_t limit) const;
  Result<std::vector<Job>> jobs_in(const IndexRange& range,
                                   const std::optional<IndexPosition>& after,
                                   std::size_t limit) const;
  Walk<Job> walk_jobs(const ReadView& view, JobFilter::SortBy sort_by, JobStatusSet status) const;
  std::uint64_t counted(JobStatus status) const;
  /// Jobs of one status, newest first, until `visit` returns false.
  Result<void> walk_status(const ReadView& view, JobStatus status,
                           const std::function<Result<bool>(const JobId&)>& visit) const;
  Walk<NotificationLog> walk_logs(const ReadView& view, const LogFilter& filter) const;
  Result<InboxMessage> stored_message(const std::string& user_id, const LogId& id) const;
  Result<std::vector<InboxMessage>> unread_messages(const ReadView& view,
                                                    const std::string& user_id) const;

  // Both need `write_mutex_`.
  Result<void> count_audit();
  /// Puts the deletion of the oldest of that many rows into the batch; returns of how many.
  Result<std::uint64_t> drop_old_audit(std::uint64_t rows, rocksdb::WriteBatch& batch);

  // Shared by all threads.
  const std::unique_ptr<Database> database_;
  const std::uint64_t min_free_space_bytes_;
  mutable HeadMarks heads_;

  // Changed by writers holding both mutexes; read holding either.
  mutable std::shared_mutex ledger_mutex_;
  Ledger ledger_;
  std::map<std::string, std::string> settings_;

  // Guarded by write_mutex_.
  std::mutex write_mutex_;
  LogDoubts doubts_;
  BatchWriter writer_;
  std::optional<std::uint64_t> audit_rows_;  ///< Absent until the first row is written.
  std::string audit_floor_;                  ///< No row is below this key.
};

}  // namespace townkrier::persistence
