/// Log rows in the RocksDB store.

#include <algorithm>
#include <functional>
#include <utility>

#include "persistence/batch_check.hpp"
#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_store.hpp"
#include "persistence/stored_records.hpp"

namespace townkrier::persistence {
namespace {

/// Start and end of the part of an index that a filter allows: `prefix` + created + id.
struct TimeBounds {
  std::string lower;
  std::string upper;
};

TimeBounds bounds(const std::string& prefix, const std::optional<TimePoint>& from,
                  const std::optional<TimePoint>& to) {
  TimeBounds bounds{prefix, prefix_end(prefix)};
  if (from) append_time(bounds.lower, *from);
  if (to) {
    bounds.upper = prefix;
    append_time(bounds.upper, *to);
    bounds.upper.append(Uuid{}.bytes.size() + 1, '\xff');
  }
  return bounds;
}

using PositionVisit = std::function<Result<bool>(const IndexPosition&)>;

/// Calls `visit` with each position of a range in one direction, strictly after `after`.
Result<void> walk_range(Range& keys, const std::string& prefix, bool ascending,
                        const std::optional<IndexPosition>& after, const PositionVisit& visit) {
  std::string start = prefix;
  if (after) append_position(start, after->time, after->id);
  if (ascending) {
    after ? keys.seek(start) : keys.seek_first();
  } else {
    after ? keys.seek_back(start) : keys.seek_last();
  }
  if (after && keys.valid() && keys.key() == start) ascending ? keys.next() : keys.prev();
  while (keys.valid()) {
    const auto at = position_at_end(keys.key());
    if (!at) return fail(Errc::kCorruption, "a log index key is damaged; run townkrier fsck");
    Result<bool> go_on = visit(*at);
    if (!go_on) return std::unexpected(go_on.error());
    if (!*go_on) return {};
    ascending ? keys.next() : keys.prev();
  }
  return keys.status();
}

/// The rows of a job that are found through it, within the filter, in the direction of the walk.
Result<std::vector<IndexPosition>> rows_of_job(const ReadView& view, const LogFilter& filter,
                                               bool ascending,
                                               const std::optional<IndexPosition>& after) {
  std::vector<IndexPosition> rows;
  const Result<JobId> id = filter.job_id ? *filter.job_id : JobId::parse(*filter.notification_id);
  // Another spelling is another name.
  if (!id || (!filter.job_id && id->to_string() != *filter.notification_id)) return rows;
  auto job = view.job(*id);
  if (!job) return std::unexpected(job.error());
  if (!*job) return rows;
  for (const Delivery& delivery : (*job)->state.deliveries) {
    auto row = view.log(delivery.log_id);
    if (!row) return std::unexpected(row.error());
    if (!*row || !is_found_by_job(**row, **job)) continue;
    const IndexPosition at{(*row)->created_at, delivery.log_id};
    const bool in_time = (!filter.start_date || at.time >= *filter.start_date) &&
                         (!filter.end_date || at.time <= *filter.end_date);
    const bool ahead = !after || (ascending ? at > *after : at < *after);
    if (in_time && ahead) rows.push_back(at);
  }
  std::ranges::sort(rows);
  if (!ascending) std::ranges::reverse(rows);
  return rows;
}

/// Puts `rows` in between what is walked.
class Merged {
 public:
  Merged(std::vector<IndexPosition> rows, bool ascending, const PositionVisit& visit)
      : rows_(std::move(rows)), ascending_(ascending), visit_(visit) {}

  Result<bool> operator()(const IndexPosition& at) {
    while (next_ < rows_.size() && (ascending_ ? rows_[next_] < at : rows_[next_] > at)) {
      auto go_on = visit_(rows_[next_++]);
      if (!go_on || !*go_on) return stop(go_on);
    }
    if (next_ < rows_.size() && rows_[next_] == at) ++next_;
    auto go_on = visit_(at);
    return go_on && *go_on ? go_on : stop(go_on);
  }
  Result<void> rest() {
    while (next_ < rows_.size()) {
      auto go_on = visit_(rows_[next_++]);
      if (!go_on) return std::unexpected(go_on.error());
      if (!*go_on) return {};
    }
    return {};
  }

 private:
  Result<bool> stop(Result<bool> answer) {
    next_ = rows_.size();
    return answer;
  }

  const std::vector<IndexPosition> rows_;
  const bool ascending_;
  const PositionVisit& visit_;
  std::size_t next_ = 0;
};

}  // namespace

Result<void> RocksDbStore::put_logs(std::span<const LogChange> rows, Durability durability) {
  const std::lock_guard lock(write_mutex_);
  writer_.clear();
  std::unordered_set<LogId> seen;
  const GetBytes newest = [this](Family family, std::string_view key) {
    return database_->get(family, key);
  };
  for (const auto& change : rows) {
    if (auto ok = check(change.row); !ok) return ok;
    if (!seen.insert(change.row.id).second) {
      return fail(Errc::kConflict, "log row " + change.row.id.to_string() + " is written twice");
    }
    auto stored = persistence::stored_log(newest, change.row.id);
    if (!stored) return std::unexpected(stored.error());
    if (auto ok = check_change_by_hand(change, *stored ? &**stored : nullptr); !ok) return ok;
    writer_.add_by_hand(change.row, change.previous);
  }
  return rows.empty() ? Result<void>{} : write(durability, Pressure::kWait);
}

Result<NotificationLog> RocksDbStore::get_log(const LogId& id) const {
  auto row = ReadView(*database_).log(id);
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Errc::kNotFound, "no log row has the id " + id.to_string());
  return std::move(**row);
}

Walk<NotificationLog> RocksDbStore::walk_logs(const ReadView& view, const LogFilter& filter) const {
  return [&view, &filter](const std::optional<IndexPosition>& after, Order order,
                          const Visit<NotificationLog>& visit) -> Result<void> {
    std::string prefix;
    if (filter.job_id) {
      append_log_subject(prefix, *filter.job_id);
    } else if (filter.notification_id) {
      append_log_subject(prefix, *filter.notification_id);
    }
    auto [lower, upper] = bounds(prefix, filter.start_date, filter.end_date);
    Range keys(view, prefix.empty() ? Family::kLogTime : Family::kLogRef, std::move(lower),
               std::move(upper));
    const bool ascending = order == Order::kAscending;
    const PositionVisit show = [&](const IndexPosition& at) {
      return visit(at, [&] { return view.indexed_log(at.id); });
    };
    if (prefix.empty()) return walk_range(keys, prefix, ascending, after, show);
    auto rows = rows_of_job(view, filter, ascending, after);
    if (!rows) return std::unexpected(rows.error());
    Merged merged(std::move(*rows), ascending, show);
    auto walked = walk_range(keys, prefix, ascending, after, std::ref(merged));
    return walked ? merged.rest() : walked;
  };
}

Result<LogPage> RocksDbStore::query_logs(const LogFilter& filter) const {
  if (filter.notification_id && filter.notification_id->size() > kMaxKeyText) return LogPage{};
  std::optional<std::uint64_t> total;
  if (is_counted(filter)) {
    const std::shared_lock lock(ledger_mutex_);
    total = ledger_.logs(filter.channel, filter.status);
  }
  const ReadView view(*database_);
  return page_logs(filter, walk_logs(view, filter), total);
}

Result<StorageStats> RocksDbStore::log_stats(const StatsFilter& filter) const {
  if (!filter.start_date && !filter.end_date) {
    const std::shared_lock lock(ledger_mutex_);
    return ledger_.log_stats(filter.channel);
  }
  const ReadView view(*database_);
  auto [lower, upper] = bounds({}, filter.start_date, filter.end_date);
  Range keys(view, Family::kLogTime, std::move(lower), std::move(upper));
  StorageStats stats;
  auto walked = walk_range(keys, {}, true, std::nullopt, [&](const auto& at) -> Result<bool> {
    auto row = view.log(at.id);
    if (!row) return std::unexpected(row.error());
    if (!*row) return true;
    if (!filter.channel || (*row)->channel == *filter.channel) {
      count_log(stats, (*row)->channel, (*row)->status, 1);
    }
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  return stats;
}

Result<std::uint64_t> RocksDbStore::delete_logs(TimePoint older_than, std::size_t limit,
                                                Durability durability) {
  const std::lock_guard lock(write_mutex_);
  std::string upper;
  append_time(upper, older_than);
  auto found = find({Family::kLogTime, {}, std::move(upper)}, std::nullopt, limit);
  if (!found) return std::unexpected(found.error());
  if (found->positions.empty()) return 0;
  writer_.clear();
  for (const auto& at : found->positions) {
    auto row = found->view->indexed_log(at.id);
    if (!row) return std::unexpected(row.error());
    writer_.remove_log(*row);
  }
  const TimePoint floor = std::max(doubts_.floor, older_than);
  writer_.set_log_floor(floor);
  if (auto ok = write(durability, Pressure::kWait); !ok) return std::unexpected(ok.error());
  doubts_.floor = floor;
  return found->positions.size();
}

}  // namespace townkrier::persistence
