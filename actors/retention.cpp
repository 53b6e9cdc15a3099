#include "actors/retention.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace townkrier {

namespace {

constexpr std::size_t kSlice = 1000;  // deleted in one write
// Over its bytes, so many go before the size is looked at again.
constexpr std::size_t kBytesSlice = 100;

struct Slice {
  TimePoint before{};  // only what ended earlier
  std::size_t limit = 0;
};

// By size first, then by age: both take the oldest, so one slice serves either.
Slice next_slice(const RetentionLimits& limits, const StoredSize& size,
                 std::optional<TimePoint> oldest) {
  std::size_t excess = 0;
  if (limits.max_count > 0 && size.count > limits.max_count) {
    excess = std::min<std::uint64_t>(size.count - limits.max_count, kSlice);
  }
  if (limits.max_bytes > 0 && size.bytes > limits.max_bytes) {
    excess = std::max(excess, std::min<std::size_t>(size.count, kBytesSlice));
  }
  if (excess > 0) return {TimePoint::max(), excess};
  return oldest ? Slice{*oldest, kSlice} : Slice{};
}

Result<bool> sweep_jobs(Store& store, JobStatus status, const RetentionLimits& limits,
                        const RetentionRules& rules, TimePoint now) {
  auto size = store.finished_size(status);
  if (!size) return std::unexpected(size.error());
  const Duration age = limits.max_age.value_or(std::chrono::days{rules.logs.retention_days});
  const Slice slice = next_slice(limits, *size, now - age);
  auto jobs = store.finished_jobs(status, slice.before, slice.limit);
  if (!jobs) return std::unexpected(jobs.error());
  StoreBatch batch;
  for (Job& job : *jobs) {
    const JobPlace before = place_of(*job.envelope, job.state);
    batch.removals.push_back({std::move(job), before});
  }
  if (batch.empty()) return false;
  if (auto removed = store.commit(batch, rules.durability); !removed) {
    return std::unexpected(removed.error());
  }
  return batch.removals.size() == slice.limit;
}

Result<bool> sweep_inbox(Store& store, const RetentionRules& rules, TimePoint now) {
  const RetentionLimits& limits = rules.retention.inbox;
  auto size = store.inbox_size();
  if (!size) return std::unexpected(size.error());
  const auto oldest = limits.max_age ? std::optional{now - *limits.max_age} : std::nullopt;
  const Slice slice = next_slice(limits, *size, oldest);
  if (slice.limit == 0) return false;
  auto deleted = store.delete_messages(slice.before, slice.limit, rules.durability);
  if (!deleted) return std::unexpected(deleted.error());
  return *deleted == slice.limit;
}

Result<bool> sweep_what_ended(Store& store, const RetentionRules& rules, TimePoint now) {
  auto rows = store.delete_logs(now - std::chrono::days{rules.logs.retention_days}, kSlice,
                                rules.durability);
  if (!rows) return std::unexpected(rows.error());
  bool more = *rows == kSlice;
  const std::array<std::pair<JobStatus, const RetentionLimits*>, 3> ended = {
      {{JobStatus::kCompleted, &rules.retention.completed},
       {JobStatus::kFailed, &rules.retention.failed},
       {JobStatus::kCancelled, &rules.retention.cancelled}}};
  for (const auto& [status, limits] : ended) {
    auto swept = sweep_jobs(store, status, *limits, rules, now);
    if (!swept) return swept;
    more = more || *swept;
  }
  auto swept = sweep_inbox(store, rules, now);
  if (!swept) return swept;
  return more || *swept;
}

}  // namespace

Result<bool> sweep(Store& store, const RetentionRules& rules, TimePoint now) {
  auto entries = store.delete_timed_entries(now, kSlice, rules.durability);
  if (!entries) return std::unexpected(entries.error());
  const bool more = *entries == kSlice;
  if (!rules.logs.auto_cleanup) return more;
  auto swept = sweep_what_ended(store, rules, now);
  if (!swept) return swept;
  return more || *swept;
}

}  // namespace townkrier
