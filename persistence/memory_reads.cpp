/// Reads of the memory store, and its log rows and messages.

#include <algorithm>
#include <mutex>
#include <utility>

#include "persistence/audit_trail.hpp"
#include "persistence/batch_check.hpp"
#include "persistence/cursor.hpp"
#include "persistence/memory_store.hpp"
#include "persistence/stored_size.hpp"

namespace townkrier::persistence {
namespace {

constexpr char kInboxCursor = 'i';

/// Calls `visit` for the elements of an ordered container in one direction, strictly after `after`.
template <class Container, class Key, class Visitor>
Result<void> walk(const Container& rows, const std::optional<Key>& after, bool ascending,
                  Visitor visit) {
  const auto go = [&](auto it, auto end) -> Result<void> {
    for (; it != end; ++it) {
      Result<bool> go_on = visit(*it);
      if (!go_on) return std::unexpected(go_on.error());
      if (!*go_on) break;
    }
    return {};
  };
  if (ascending) return go(after ? rows.upper_bound(*after) : rows.begin(), rows.end());
  return go(std::make_reverse_iterator(after ? rows.lower_bound(*after) : rows.end()), rows.rend());
}

std::unexpected<Error> unknown(std::string_view what, const Uuid& id) {
  return fail(Errc::kNotFound, "no " + std::string(what) + " has the id " + id.to_string());
}

}  // namespace

Result<Job> MemoryStore::get_job(const JobId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return unknown("job", id);
  return found->second;
}

Result<std::vector<Job>> MemoryStore::get_jobs(std::span<const JobId> ids) const {
  const std::shared_lock lock(mutex_);
  std::vector<Job> jobs;
  for (const auto& id : ids) {
    if (const auto found = jobs_.find(id); found != jobs_.end()) jobs.push_back(found->second);
  }
  return jobs;
}

Result<JobPage> MemoryStore::list_jobs(const JobFilter& filter) const {
  const auto status = listed_statuses(filter);
  if (!status) return std::unexpected(status.error());
  const std::shared_lock lock(mutex_);
  std::optional<std::uint64_t> total;
  if (is_counted(filter)) total = ledger_.jobs(filter.queue, *status);
  const Walk<Job> rows = [&](const auto& after, Order order, const auto& visit) -> Result<void> {
    const bool ascending = order == Order::kAscending;
    const auto show = [&](const IndexPosition& at) {
      return visit(at, [&]() -> Result<Job> { return jobs_.at(at.id); });
    };
    if (filter.sort_by == JobFilter::SortBy::kDueAt) return walk(due_, after, ascending, show);
    if (filter.sort_by == JobFilter::SortBy::kFinishedAt) {
      Index all;
      for (const JobStatus each : status->list()) {
        const Index& some = finished_[static_cast<std::size_t>(each)];
        all.insert(some.begin(), some.end());
      }
      return walk(all, after, ascending, show);
    }
    const auto start = after ? std::optional(after->id) : std::nullopt;
    return walk(jobs_, start, ascending, [&](const auto& job) -> Result<bool> {
      if (!status->empty() && !status->contains(job.second.status())) return true;
      return show({{}, job.first});
    });
  };
  return page_jobs(filter, rows, total);
}

Result<std::vector<LaneSize>> MemoryStore::ready_lanes() const {
  const std::shared_lock lock(mutex_);
  return ledger_.lanes();
}

std::vector<Job> MemoryStore::jobs_at(const Index& index, const std::optional<IndexPosition>& after,
                                      TimePoint before, std::size_t limit) const {
  std::vector<Job> jobs;
  auto it = after ? index.upper_bound(*after) : index.begin();
  for (; it != index.end() && it->time < before && jobs.size() < limit; ++it) {
    jobs.push_back(jobs_.at(it->id));
  }
  return jobs;
}

Result<std::vector<Job>> MemoryStore::ready_jobs(const LaneKey& lane,
                                                 const std::optional<IndexPosition>& after,
                                                 std::size_t limit) const {
  const std::shared_lock lock(mutex_);
  const auto found = ready_.find(lane);
  if (found == ready_.end()) return std::vector<Job>{};
  return jobs_at(found->second, after, TimePoint::max(), limit);
}

Result<std::vector<Job>> MemoryStore::due_jobs(TimePoint until,
                                               const std::optional<IndexPosition>& after,
                                               std::size_t limit) const {
  const std::shared_lock lock(mutex_);
  const TimePoint before = until == TimePoint::max() ? until : until + Duration{1};
  return jobs_at(due_, after, before, limit);
}

Result<std::vector<Job>> MemoryStore::processing_jobs(const std::optional<JobId>& after,
                                                      std::size_t limit) const {
  const std::shared_lock lock(mutex_);
  const auto& ids = by_status_[static_cast<std::size_t>(JobStatus::kProcessing)];
  std::vector<Job> jobs;
  for (auto it = after ? ids.upper_bound(*after) : ids.begin();
       it != ids.end() && jobs.size() < limit; ++it) {
    jobs.push_back(jobs_.at(*it));
  }
  return jobs;
}

Result<std::vector<Job>> MemoryStore::finished_jobs(JobStatus status, TimePoint before,
                                                    std::size_t limit) const {
  if (!is_terminal(status)) {
    return fail(Errc::kInvalidArgument, "only terminal jobs are in the finished index");
  }
  const std::shared_lock lock(mutex_);
  return jobs_at(finished_[static_cast<std::size_t>(status)], std::nullopt, before, limit);
}

Result<StoredSize> MemoryStore::finished_size(JobStatus status) const {
  const std::shared_lock lock(mutex_);
  return ledger_.size(to_string(status));
}

Result<QueueStats> MemoryStore::job_stats() const {
  const std::shared_lock lock(mutex_);
  return ledger_.job_stats();
}

Result<std::map<std::string, QueueStats>> MemoryStore::job_stats_by_queue() const {
  const std::shared_lock lock(mutex_);
  return ledger_.job_stats_by_queue();
}

Result<std::optional<TimePoint>> MemoryStore::oldest_ready(const std::string& queue) const {
  const std::shared_lock lock(mutex_);
  std::optional<TimePoint> oldest;
  for (auto it = ready_.lower_bound(LaneKey{queue, {}, 0});
       it != ready_.end() && it->first.queue == queue; ++it) {
    const TimePoint first = it->second.begin()->time;
    oldest = std::min(oldest.value_or(first), first);
  }
  return oldest;
}

Result<std::map<std::string, std::string>> MemoryStore::settings() const {
  const std::shared_lock lock(mutex_);
  return settings_;
}

Result<void> MemoryStore::put_logs(std::span<const LogChange> rows, Durability) {
  const std::lock_guard lock(mutex_);
  Plan plan;
  for (const auto& change : rows) {
    if (auto ok = check(change.row); !ok) return ok;
    const auto found = logs_.find(change.row.id);
    const auto* stored = found == logs_.end() ? nullptr : &found->second;
    if (auto ok = check_change_by_hand(change, stored); !ok) return ok;
    if (plan.log_statuses.contains(change.row.id)) {
      return fail(Errc::kConflict, "log row " + change.row.id.to_string() + " is written twice");
    }
    if (auto ok = plan_log(plan, change.row, change.previous); !ok) return ok;
  }
  auto counters = ledger_.resolve(plan.delta);
  if (!counters) return std::unexpected(counters.error());
  ledger_.adopt(*counters);
  for (const auto& change : rows) put_log(change.row);
  return {};
}

Result<NotificationLog> MemoryStore::get_log(const LogId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = logs_.find(id);
  if (found == logs_.end()) return unknown("log row", id);
  return found->second;
}

Result<LogPage> MemoryStore::query_logs(const LogFilter& filter) const {
  const std::shared_lock lock(mutex_);
  std::optional<std::uint64_t> total;
  if (is_counted(filter)) total = ledger_.logs(filter.channel, filter.status);
  const Walk<NotificationLog> rows = [&](const auto& after, Order order, const auto& visit) {
    return walk(log_time_, after, order == Order::kAscending, [&](const IndexPosition& at) {
      return visit(at, [&]() -> Result<NotificationLog> { return logs_.at(at.id); });
    });
  };
  return page_logs(filter, rows, total);
}

Result<StorageStats> MemoryStore::log_stats(const StatsFilter& filter) const {
  const std::shared_lock lock(mutex_);
  if (!filter.start_date && !filter.end_date) return ledger_.log_stats(filter.channel);
  LogFilter wanted;
  wanted.channel = filter.channel;
  wanted.start_date = filter.start_date;
  wanted.end_date = filter.end_date;
  StorageStats stats;
  for (const auto& [id, row] : logs_) {
    if (matches(wanted, row)) count_log(stats, row.channel, row.status, 1);
  }
  return stats;
}

Result<std::uint64_t> MemoryStore::delete_logs(TimePoint older_than, std::size_t limit,
                                               Durability) {
  const std::lock_guard lock(mutex_);
  std::uint64_t deleted = 0;
  LedgerDelta delta;
  while (deleted < limit && !log_time_.empty() && log_time_.begin()->time < older_than) {
    const auto row = logs_.find(log_time_.begin()->id);
    delta.add_log(row->second.channel, row->second.status, -1);
    logs_.erase(row);
    log_time_.erase(log_time_.begin());
    ++deleted;
  }
  if (auto rows = ledger_.resolve(delta)) ledger_.adopt(*rows);
  return deleted;
}

Result<InboxPage> MemoryStore::inbox(const std::string& user_id, std::size_t limit,
                                     const std::optional<std::string>& cursor,
                                     bool unread_only) const {
  if (auto ok = check_page(limit, 0); !ok) return std::unexpected(ok.error());
  auto after = parse_cursor(kInboxCursor, cursor);
  if (!after) return std::unexpected(after.error());
  const std::shared_lock lock(mutex_);
  InboxPage page;
  page.unread = ledger_.unread(user_id);
  const auto of_user = inbox_.find(user_id);
  if (of_user == inbox_.end()) return page;
  const auto& messages = of_user->second;
  for (auto it = *after ? messages.upper_bound(**after) : messages.begin(); it != messages.end();
       ++it) {
    if (unread_only && it->second.read) continue;
    if (page.messages.size() == limit) {
      const auto& last = page.messages.back();
      page.next = make_cursor(kInboxCursor, {last.created_at, last.id});
      break;
    }
    page.messages.push_back(it->second);
  }
  return page;
}

Result<std::uint64_t> MemoryStore::mark_read(const std::string& user_id, const LogId& id,
                                             TimePoint at, Durability) {
  const std::lock_guard lock(mutex_);
  std::uint64_t marked = 0;
  bool known = id.is_nil();
  LedgerDelta delta;
  if (const auto of_user = inbox_.find(user_id); of_user != inbox_.end()) {
    for (auto& [position, message] : of_user->second) {
      if (!id.is_nil() && message.id != id) continue;
      known = true;
      if (message.read) continue;
      message.read = true;
      message.read_at = at;
      ++marked;
    }
  }
  if (!known) return unknown("message", id);
  if (marked > 0) delta.add_unread(user_id, -static_cast<std::int64_t>(marked));
  if (auto rows = ledger_.resolve(delta)) ledger_.adopt(*rows);
  return marked;
}

Result<StoredSize> MemoryStore::inbox_size() const {
  const std::shared_lock lock(mutex_);
  return ledger_.size(kInboxSize);
}

Result<std::uint64_t> MemoryStore::delete_messages(TimePoint older_than, std::size_t limit,
                                                   Durability) {
  const std::lock_guard lock(mutex_);
  std::uint64_t deleted = 0;
  LedgerDelta delta;
  while (deleted < limit && !message_time_.empty() &&
         message_time_.begin()->first.time < older_than) {
    const auto& [at, user] = *message_time_.begin();
    const auto of_user = inbox_.find(user);
    const auto message = of_user->second.find(at);
    const auto bytes = static_cast<std::int64_t>(stored_bytes(message->second));
    delta.add_size(kInboxSize, -1, -bytes);
    if (!message->second.read) delta.add_unread(user, -1);
    message_ids_.erase({user, at.id});
    of_user->second.erase(message);
    if (of_user->second.empty()) inbox_.erase(of_user);
    message_time_.erase(message_time_.begin());
    ++deleted;
  }
  if (auto rows = ledger_.resolve(delta)) ledger_.adopt(*rows);
  return deleted;
}

Result<void> MemoryStore::append_audit(std::span<const AuditEntry> entries, Durability) {
  const std::lock_guard lock(mutex_);
  for (const AuditEntry& entry : entries) audit_[entry.id] = stored_form(entry);
  if (audit_.size() <= kMaxAuditEntries + kAuditSlack) return {};
  while (audit_.size() > kMaxAuditEntries) audit_.erase(audit_.begin());
  return {};
}

Result<AuditPage> MemoryStore::audit(const AuditFilter& filter) const {
  if (auto ok = check_page(filter.limit, 0); !ok) return std::unexpected(ok.error());
  const auto after = parse_audit_cursor(filter.cursor);
  if (!after) return std::unexpected(after.error());
  const std::shared_lock lock(mutex_);
  AuditPage page;
  auto it = *after ? audit_.lower_bound(**after) : audit_.end();
  while (it != audit_.begin()) {
    --it;
    if (matches(filter, it->second)) page.entries.push_back(it->second);
    if (page.entries.size() < filter.limit) continue;
    page.next = audit_cursor(it->first);
    break;
  }
  return page;
}

Result<void> MemoryStore::put_series(std::span<const SeriesBucket> buckets,
                                     const std::map<SeriesStep, TimePoint>& keep_from) {
  const std::lock_guard lock(mutex_);
  for (const SeriesBucket& bucket : buckets) {
    series_.insert_or_assign({bucket.step, bucket.start}, bucket);
  }
  std::erase_if(series_, [&](const auto& each) {
    const auto oldest = keep_from.find(each.first.first);
    return oldest != keep_from.end() && each.first.second < oldest->second;
  });
  return {};
}

Result<std::vector<SeriesBucket>> MemoryStore::series(const SeriesFilter& filter) const {
  const std::shared_lock lock(mutex_);
  std::vector<SeriesBucket> buckets;
  for (auto it = series_.lower_bound({filter.step, filter.from});
       it != series_.end() && it->first < std::pair{filter.step, filter.to}; ++it) {
    buckets.push_back(it->second);
  }
  return buckets;
}

}  // namespace townkrier::persistence
