#include "persistence/ledger.hpp"

#include <utility>

#include "persistence/key_schema.hpp"

namespace townkrier::persistence {
namespace {

template <std::size_t N>
using RowList = std::vector<std::pair<std::string, Counts<N>>>;

/// Adds the differences of one table to its present values.
template <std::size_t N>
Result<RowList<N>> sum(const ByName<Counts<N>>& present, const ByName<Differences<N>>& delta,
                       std::string_view table) {
  RowList<N> rows;
  for (const auto& [name, differences] : delta) {
    if (differences == Differences<N>{}) continue;
    const auto found = present.find(name);
    Counts<N> counts = found == present.end() ? Counts<N>{} : found->second;
    for (std::size_t i = 0; i < N; ++i) {
      const std::int64_t value = static_cast<std::int64_t>(counts[i]) + differences[i];
      if (value < 0) {
        return fail(Errc::kInternal, "a write would count fewer than no " + std::string(table));
      }
      counts[i] = static_cast<std::uint64_t>(value);
    }
    rows.emplace_back(name, counts);
  }
  return rows;
}

template <std::size_t N>
void adopt_rows(ByName<Counts<N>>& present, const RowList<N>& rows) {
  for (const auto& [name, counts] : rows) {
    if (all_zero(counts)) {
      present.erase(name);
    } else {
      present.insert_or_assign(name, counts);
    }
  }
}

void add_counts(QueueStats& stats, const JobCounts& counts) {
  const auto of = [&](JobStatus status) { return counts[static_cast<std::size_t>(status)]; };
  stats.pending += of(JobStatus::kPending);
  stats.scheduled += of(JobStatus::kScheduled);
  stats.processing += of(JobStatus::kProcessing);
  stats.retrying += of(JobStatus::kRetrying);
  stats.completed += of(JobStatus::kCompleted);
  stats.failed += of(JobStatus::kFailed);
  stats.cancelled += of(JobStatus::kCancelled);
}

/// The sum of the rows that pass, in one column or in all.
template <std::size_t N, class Status>
std::uint64_t total(const ByName<Counts<N>>& rows, const std::optional<std::string>& name,
                    std::optional<Status> status) {
  std::uint64_t sum = 0;
  for (const auto& [row, counts] : rows) {
    if (name && row != *name) continue;
    for (std::size_t i = 0; i < N; ++i) {
      if (!status || i == static_cast<std::size_t>(*status)) sum += counts[i];
    }
  }
  return sum;
}

template <std::size_t N>
void compare(const ByName<Counts<N>>& stored, const ByName<Counts<N>>& found,
             std::string_view table, std::vector<std::string>& lines) {
  ByName<std::pair<Counts<N>, Counts<N>>> both;
  for (const auto& [name, counts] : stored) both[name].first = counts;
  for (const auto& [name, counts] : found) both[name].second = counts;
  for (const auto& [name, pair] : both) {
    for (std::size_t i = 0; i < N; ++i) {
      if (pair.first[i] == pair.second[i]) continue;
      lines.push_back(std::string(table) + ", status " + std::to_string(i) + ": counter says " +
                      std::to_string(pair.first[i]) + ", found " + std::to_string(pair.second[i]));
    }
  }
}

}  // namespace

void LedgerDelta::clear() {
  queues_.clear();
  lanes_.clear();
  channels_.clear();
  unread_.clear();
  sizes_.clear();
}

void LedgerDelta::add_job(std::string_view queue, JobStatus status, std::int64_t count) {
  queues_[queue][static_cast<std::size_t>(status)] += count;
}
void LedgerDelta::add_ready(std::string_view lane, std::int64_t count) {
  lanes_[lane][0] += count;
}
void LedgerDelta::add_log(std::string_view channel, LogStatus status, std::int64_t count) {
  channels_[channel][static_cast<std::size_t>(status)] += count;
}
void LedgerDelta::add_unread(std::string_view user, std::int64_t count) {
  unread_[user][0] += count;
}
void LedgerDelta::add_size(std::string_view name, std::int64_t count, std::int64_t bytes) {
  auto& size = sizes_[name];
  size[0] += count;
  size[1] += bytes;
}

Result<LedgerRows> Ledger::resolve(const LedgerDelta& delta) const {
  auto queues = sum(queues_, delta.queues_.by_name(), "jobs");
  if (!queues) return std::unexpected(queues.error());
  auto lanes = sum(lanes_, delta.lanes_.by_name(), "ready jobs");
  if (!lanes) return std::unexpected(lanes.error());
  auto channels = sum(channels_, delta.channels_.by_name(), "log rows");
  if (!channels) return std::unexpected(channels.error());
  auto unread = sum(unread_, delta.unread_.by_name(), "unread messages");
  if (!unread) return std::unexpected(unread.error());
  auto sizes = sum(sizes_, delta.sizes_.by_name(), "bytes");
  if (!sizes) return std::unexpected(sizes.error());
  return LedgerRows{std::move(*queues), std::move(*lanes), std::move(*channels), std::move(*unread),
                    std::move(*sizes)};
}

void Ledger::adopt(const LedgerRows& rows) {
  adopt_rows(queues_, rows.queues);
  adopt_rows(lanes_, rows.lanes);
  adopt_rows(channels_, rows.channels);
  adopt_rows(unread_, rows.unread);
  adopt_rows(sizes_, rows.sizes);
}

QueueStats Ledger::job_stats() const {
  QueueStats stats;
  for (const auto& [queue, counts] : queues_) add_counts(stats, counts);
  return stats;
}

std::map<std::string, QueueStats> Ledger::job_stats_by_queue() const {
  std::map<std::string, QueueStats> all;
  for (const auto& [queue, counts] : queues_) add_counts(all[queue], counts);
  return all;
}

std::uint64_t Ledger::jobs(const std::optional<std::string>& queue, JobStatusSet status) const {
  if (status.empty()) return total(queues_, queue, std::optional<JobStatus>{});
  std::uint64_t sum = 0;
  for (const JobStatus each : status.list()) sum += total(queues_, queue, std::optional(each));
  return sum;
}

std::vector<LaneSize> Ledger::lanes() const {
  std::vector<LaneSize> all;
  for (const auto& [prefix, counts] : lanes_) {
    if (auto parsed = parse_lane(prefix)) all.push_back({std::move(parsed->lane), counts[0]});
  }
  return all;
}

std::uint64_t Ledger::ready_in(std::string_view lane) const {
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? 0 : found->second[0];
}

std::vector<std::string> Ledger::lane_prefixes_of(std::string_view queue) const {
  std::string prefix;
  append_key_text(prefix, queue);
  std::vector<std::string> all;
  for (auto it = lanes_.lower_bound(prefix); it != lanes_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    all.push_back(it->first);
  }
  return all;
}

StorageStats Ledger::log_stats(const std::optional<std::string>& channel) const {
  StorageStats stats;
  for (const auto& [name, counts] : channels_) {
    if (channel && name != *channel) continue;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) count_log(stats, name, static_cast<LogStatus>(i), counts[i]);
    }
  }
  return stats;
}

std::uint64_t Ledger::logs(const std::optional<std::string>& channel,
                           std::optional<LogStatus> status) const {
  return total(channels_, channel, status);
}

std::uint64_t Ledger::unread(std::string_view user) const {
  const auto found = unread_.find(user);
  return found == unread_.end() ? 0 : found->second[0];
}

StoredSize Ledger::size(std::string_view name) const {
  const auto found = sizes_.find(name);
  return found == sizes_.end() ? StoredSize{} : StoredSize{found->second[0], found->second[1]};
}

std::vector<std::string> Ledger::differences(const Ledger& counted) const {
  std::vector<std::string> lines;
  compare(queues_, counted.queues_, "jobs of a queue", lines);
  compare(lanes_, counted.lanes_, "ready jobs of a lane", lines);
  compare(channels_, counted.channels_, "log rows of a channel", lines);
  compare(unread_, counted.unread_, "unread messages of a user", lines);
  compare(sizes_, counted.sizes_, "size of what has ended", lines);
  return lines;
}

void count_log(StorageStats& stats, const std::string& channel, LogStatus status,
               std::uint64_t count) {
  stats.total += count;
  if (status == LogStatus::kSent) stats.sent += count;
  if (status == LogStatus::kDelivered) stats.delivered += count;
  if (status == LogStatus::kFailed) stats.failed += count;
  if (status == LogStatus::kRetrying) stats.retrying += count;
  stats.by_channel[channel] += count;
  stats.by_status[std::string(to_string(status))] += count;
}

}  // namespace townkrier::persistence
