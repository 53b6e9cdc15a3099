#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "townkrier/store.hpp"

namespace townkrier::test {

/// A store whose writes fail while `fail_with` is set; reads go on.
class FaultyStore final : public Store {
 public:
  explicit FaultyStore(std::shared_ptr<Store> inner) : inner_(std::move(inner)) {}
  std::optional<Errc> fail_with;
  /// What too little free space does: no new jobs, everything else is written.
  bool takes_jobs = true;

  std::size_t commits = 0;
  std::vector<Durability> durabilities;  ///< Of the commits.
  /// Asked before each commit.
  enum class Fault { kNone, kDiskFull, kIo, kIoAfterTheWrite };
  std::function<Fault()> fault;

  Result<std::vector<EnqueueOutcome>> commit(const StoreBatch& batch, Durability d) override {
    ++commits;
    durabilities.push_back(d);
    if (fail_with) return fail(*fail_with, "injected");
    switch (fault ? fault() : Fault::kNone) {
      case Fault::kDiskFull:
        return fail(Errc::kDiskFull, "injected");
      case Fault::kIo:
        return fail(Errc::kIo, "injected");
      case Fault::kIoAfterTheWrite:
        if (auto written = inner_->commit(batch, d); !written) return written;
        return fail(Errc::kIo, "injected");
      case Fault::kNone:
        break;
    }
    return inner_->commit(batch, d);
  }
  Result<void> accepts_jobs() const override {
    if (!takes_jobs) return fail(Errc::kDiskFull, "injected");
    return inner_->accepts_jobs();
  }
  Result<Job> get_job(const JobId& id) const override { return inner_->get_job(id); }
  Result<std::vector<Job>> get_jobs(std::span<const JobId> ids) const override {
    return inner_->get_jobs(ids);
  }
  Result<JobPage> list_jobs(const JobFilter& f) const override { return inner_->list_jobs(f); }
  Result<std::vector<LaneSize>> ready_lanes() const override { return inner_->ready_lanes(); }
  Result<std::vector<Job>> ready_jobs(const LaneKey& lane,
                                      const std::optional<IndexPosition>& after,
                                      std::size_t limit) const override {
    return inner_->ready_jobs(lane, after, limit);
  }
  Result<std::vector<Job>> due_jobs(TimePoint until, const std::optional<IndexPosition>& after,
                                    std::size_t limit) const override {
    return inner_->due_jobs(until, after, limit);
  }
  Result<std::vector<Job>> processing_jobs(const std::optional<JobId>& after,
                                           std::size_t limit) const override {
    return inner_->processing_jobs(after, limit);
  }
  Result<std::vector<Job>> finished_jobs(JobStatus s, TimePoint before,
                                         std::size_t limit) const override {
    return inner_->finished_jobs(s, before, limit);
  }
  Result<QueueStats> job_stats() const override { return inner_->job_stats(); }
  Result<std::map<std::string, QueueStats>> job_stats_by_queue() const override {
    return inner_->job_stats_by_queue();
  }
  Result<std::optional<TimePoint>> oldest_ready(const std::string& queue) const override {
    return inner_->oldest_ready(queue);
  }
  Result<std::map<std::string, std::string>> settings() const override {
    return inner_->settings();
  }
  Result<void> put_logs(std::span<const LogChange> rows, Durability d) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->put_logs(rows, d);
  }
  Result<NotificationLog> get_log(const LogId& id) const override { return inner_->get_log(id); }
  Result<LogPage> query_logs(const LogFilter& f) const override { return inner_->query_logs(f); }
  Result<StorageStats> log_stats(const StatsFilter& f) const override {
    return inner_->log_stats(f);
  }
  Result<std::uint64_t> delete_logs(TimePoint t, std::size_t n, Durability d) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->delete_logs(t, n, d);
  }
  Result<InboxPage> inbox(const std::string& user, std::size_t limit,
                          const std::optional<std::string>& cursor,
                          bool unread_only) const override {
    return inner_->inbox(user, limit, cursor, unread_only);
  }
  Result<std::uint64_t> mark_read(const std::string& user, const LogId& id, TimePoint at,
                                  Durability d) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->mark_read(user, id, at, d);
  }
  Result<StoredSize> finished_size(JobStatus s) const override { return inner_->finished_size(s); }
  Result<StoredSize> inbox_size() const override { return inner_->inbox_size(); }
  Result<std::uint64_t> delete_messages(TimePoint t, std::size_t n, Durability d) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->delete_messages(t, n, d);
  }
  Result<TimedEntry> timed_entry(const std::string& key, TimePoint now) const override {
    return inner_->timed_entry(key, now);
  }
  Result<std::uint64_t> delete_timed_entries(TimePoint now, std::size_t limit,
                                             Durability d) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->delete_timed_entries(now, limit, d);
  }
  Result<void> append_audit(std::span<const AuditEntry> entries, Durability d) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->append_audit(entries, d);
  }
  Result<AuditPage> audit(const AuditFilter& filter) const override {
    return inner_->audit(filter);
  }
  Result<void> put_series(std::span<const SeriesBucket> buckets,
                          const std::map<SeriesStep, TimePoint>& keep_from) override {
    if (fail_with) return fail(*fail_with, "injected");
    return inner_->put_series(buckets, keep_from);
  }
  Result<std::vector<SeriesBucket>> series(const SeriesFilter& filter) const override {
    return inner_->series(filter);
  }
  std::vector<Metric> metrics() const override { return inner_->metrics(); }
  Result<void> health() const override { return inner_->health(); }
  Result<void> sync() override { return inner_->sync(); }

 private:
  std::shared_ptr<Store> inner_;
};

}  // namespace townkrier::test
