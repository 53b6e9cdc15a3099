/// Reads of jobs from the RocksDB store.

#include <algorithm>
#include <limits>
#include <utility>

#include "persistence/rocksdb_store.hpp"

namespace townkrier::persistence {
namespace {

/// The key behind `key`: the first that is greater.
std::string after_key(std::string key) {
  key.push_back('\0');
  return key;
}

std::vector<JobId> ids_of(const std::vector<IndexPosition>& positions) {
  std::vector<JobId> ids;
  ids.reserve(positions.size());
  for (const auto& position : positions) ids.push_back(position.id);
  return ids;
}

std::unexpected<Error> bad_key() {
  return fail(Errc::kCorruption, "an index key is damaged; run townkrier fsck");
}

}  // namespace

Result<RocksDbStore::Found> RocksDbStore::find(const IndexRange& range,
                                               const std::optional<IndexPosition>& after,
                                               std::size_t limit) const {
  std::optional<HeadRead> head;
  std::string start = range.prefix;
  if (after) {
    append_position(start, after->time, after->id);
    start = after_key(std::move(start));
  } else {
    head.emplace(heads_, HeadMarks::range(static_cast<char>(range.family), range.prefix));
    start = head->floor().value_or(start);
  }
  Found found{std::make_unique<ReadView>(*database_), {}};
  Range keys(*found.view, range.family, range.prefix, range.upper);
  for (keys.seek(start); keys.valid() && found.positions.size() < limit; keys.next()) {
    const auto position = position_at_end(keys.key());
    if (!position) return bad_key();
    if (head && found.positions.empty()) head->reached(keys.key());
    found.positions.push_back(*position);
  }
  if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  if (head && found.positions.empty() && limit > 0) head->reached(range.upper);
  return found;
}

Result<std::vector<Job>> RocksDbStore::jobs_in(const IndexRange& range,
                                               const std::optional<IndexPosition>& after,
                                               std::size_t limit) const {
  auto found = find(range, after, limit);
  if (!found) return std::unexpected(found.error());
  return found->view->indexed_jobs(ids_of(found->positions), Family::kState);
}

Result<Job> RocksDbStore::get_job(const JobId& id) const {
  auto job = ReadView(*database_).job(id);
  if (!job) return std::unexpected(job.error());
  if (!*job) return fail(Errc::kNotFound, "no job has the id " + id.to_string());
  return std::move(**job);
}

Result<std::vector<Job>> RocksDbStore::get_jobs(std::span<const JobId> ids) const {
  const ReadView view(*database_);
  std::vector<Job> jobs;
  for (const auto& id : ids) {
    auto job = view.job(id);
    if (!job) return std::unexpected(job.error());
    if (*job) jobs.push_back(std::move(**job));
  }
  return jobs;
}

Result<std::vector<LaneSize>> RocksDbStore::ready_lanes() const {
  const std::shared_lock lock(ledger_mutex_);
  return ledger_.lanes();
}

Result<std::vector<Job>> RocksDbStore::ready_jobs(const LaneKey& lane,
                                                  const std::optional<IndexPosition>& after,
                                                  std::size_t limit) const {
  const std::string prefix = lane_prefix(lane);
  return jobs_in({Family::kReady, prefix, prefix_end(prefix)}, after, limit);
}

Result<std::vector<Job>> RocksDbStore::due_jobs(TimePoint until,
                                                const std::optional<IndexPosition>& after,
                                                std::size_t limit) const {
  std::string upper;
  append_time(upper, until);
  upper.append(Uuid{}.bytes.size() + 1, '\xff');  // Behind every id at that time.
  return jobs_in({Family::kDue, {}, std::move(upper)}, after, limit);
}

Result<std::vector<Job>> RocksDbStore::processing_jobs(const std::optional<JobId>& after,
                                                       std::size_t limit) const {
  const ReadView view(*database_);
  std::vector<JobId> ids;
  auto walked = walk_status(view, JobStatus::kProcessing, [&](const JobId& id) -> Result<bool> {
    if (after && id <= *after) return false;
    ids.push_back(id);
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  // Newest first, as they are found fast: the running jobs are few and young.
  std::ranges::reverse(ids);
  if (ids.size() > limit) ids.resize(limit);
  return view.indexed_jobs(ids, Family::kRunning);
}

Result<std::vector<Job>> RocksDbStore::finished_jobs(JobStatus status, TimePoint before,
                                                     std::size_t limit) const {
  if (!is_terminal(status)) {
    return fail(Errc::kInvalidArgument, "only terminal jobs are in the finished index");
  }
  std::string upper = status_prefix(status);
  append_time(upper, before);
  return jobs_in({Family::kFinished, status_prefix(status), std::move(upper)}, std::nullopt, limit);
}

Result<StoredSize> RocksDbStore::finished_size(JobStatus status) const {
  const std::shared_lock lock(ledger_mutex_);
  return ledger_.size(to_string(status));
}

Result<QueueStats> RocksDbStore::job_stats() const {
  const std::shared_lock lock(ledger_mutex_);
  return ledger_.job_stats();
}

Result<std::map<std::string, QueueStats>> RocksDbStore::job_stats_by_queue() const {
  const std::shared_lock lock(ledger_mutex_);
  return ledger_.job_stats_by_queue();
}

Result<std::optional<TimePoint>> RocksDbStore::oldest_ready(const std::string& queue) const {
  std::vector<std::string> lanes;
  {
    const std::shared_lock lock(ledger_mutex_);
    lanes = ledger_.lane_prefixes_of(queue);
  }
  std::optional<TimePoint> oldest;
  for (const auto& lane : lanes) {
    auto first = find({Family::kReady, lane, prefix_end(lane)}, std::nullopt, 1);
    if (!first) return std::unexpected(first.error());
    if (first->positions.empty()) continue;
    oldest = std::min(oldest.value_or(TimePoint::max()), first->positions.front().time);
  }
  return oldest;
}

Result<std::map<std::string, std::string>> RocksDbStore::settings() const {
  const std::shared_lock lock(ledger_mutex_);
  return settings_;
}

}  // namespace townkrier::persistence
