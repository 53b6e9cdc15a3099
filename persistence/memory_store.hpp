#pragma once

/// \file memory_store.hpp
/// A store in memory, for tests and throw-away data. Unlike the RocksDB store it looks at what it
/// has before it writes: a wrong `before` or `previous` is kInternal, so tests notice. Thread-safe:
/// one mutex, shared by readers.

#include <map>
#include <set>
#include <shared_mutex>
#include <unordered_map>

#include "persistence/ledger.hpp"
#include "persistence/paging.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

class MemoryStore final : public Store {
 public:
  Result<std::vector<EnqueueOutcome>> commit(const StoreBatch& batch,
                                             Durability durability) override;
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

  Result<void> health() const override { return {}; }
  Result<void> sync() override { return {}; }

 private:
  using Index = std::set<IndexPosition>;

  /// The counter differences of a batch that fits to what is stored, and what became of its jobs.
  struct Plan {
    LedgerDelta delta;
    std::vector<EnqueueOutcome> outcomes;
    std::unordered_map<JobId, std::optional<JobPlace>> places;
    std::unordered_map<std::string, std::optional<JobId>> holders;
    std::unordered_map<LogId, LogStatus> log_statuses;
    std::set<std::pair<std::string, LogId>> messages;
    std::set<JobId> left_out;                        // children whose unique key is held
    std::unordered_map<JobId, std::uint64_t> sizes;  // of ended jobs; 0: no longer
  };
  // Planning changes nothing, so a batch that is refused leaves no trace.
  Result<Plan> plan(const StoreBatch& batch) const;
  Result<EnqueueOutcome> plan_new(Plan& plan, const NewJob& added) const;
  Result<void> plan_change(Plan& plan, const JobChange& change) const;
  void plan_size(Plan& plan, const Job& job, const std::optional<JobPlace>& before,
                 const std::optional<JobPlace>& after) const;
  Result<void> plan_removal(Plan& plan, const JobRemoval& removal) const;
  Result<void> plan_log(Plan& plan, const NotificationLog& row,
                        std::optional<LogStatus> previous) const;
  void plan_log_move(Plan& plan, const Job& job, const DeliveryLog& log) const;
  std::optional<LogStatus> log_status_in(const Plan& plan, const LogId& id) const;
  void plan_inbox(Plan& plan, std::span<const InboxMessage> messages) const;
  Result<void> expect_place(const Plan& plan, const Job& job, const JobPlace& before) const;
  std::optional<JobPlace> place_in(const Plan& plan, const JobId& id) const;
  std::optional<JobId> holder_in(const Plan& plan, const std::string& unique_key) const;

  void apply(const StoreBatch& batch, const Plan& plan);
  void put_new(const NewJob& added);
  void put_job(const Job& job);
  void drop_job(const JobId& id);
  void put_log(const NotificationLog& row);
  void put_inbox(const InboxMessage& message);
  void put_entry(TimedEntry entry, std::span<const EnqueueOutcome> outcomes);
  /// The index a place is in; nullptr for processing.
  Index* index_of(const JobEnvelope& envelope, const JobPlace& place);

  std::vector<Job> jobs_at(const Index& index, const std::optional<IndexPosition>& after,
                           TimePoint before, std::size_t limit) const;

  mutable std::shared_mutex mutex_;
  std::map<JobId, Job> jobs_;
  std::map<LaneKey, Index> ready_;
  Index due_;
  std::array<Index, kJobStatusCount> finished_;
  std::array<std::set<JobId>, kJobStatusCount> by_status_;
  std::unordered_map<std::string, JobId> holders_;
  std::map<LogId, NotificationLog> logs_;
  Index log_time_;
  /// By user, newest first.
  std::map<std::string, std::map<IndexPosition, InboxMessage, std::greater<>>> inbox_;
  std::set<std::pair<std::string, LogId>> message_ids_;
  std::set<std::pair<IndexPosition, std::string>> message_time_;
  std::unordered_map<JobId, std::uint64_t> finished_bytes_;
  std::map<Uuid, AuditEntry> audit_;
  std::map<std::string, std::string> settings_;
  std::map<std::string, TimedEntry> timed_;
  std::map<std::pair<SeriesStep, TimePoint>, SeriesBucket> series_;
  Ledger ledger_;
};

}  // namespace townkrier::persistence
