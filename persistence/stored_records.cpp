#include "persistence/stored_records.hpp"

#include <algorithm>
#include <utility>

#include "core/log_rows.hpp"
#include "core/transitions.hpp"
#include "persistence/record_codec.hpp"

namespace townkrier::persistence {
namespace {

std::string id_key(const Uuid& id) {
  std::string key;
  append_id(key, id);
  return key;
}

/// A job record and, where that one is out of date, the state that is newer.
struct JobBytes {
  std::string record;
  std::optional<std::string> newer_state;
};

Result<std::optional<JobBytes>> job_bytes(const GetBytes& get, const JobId& id) {
  const std::string key = id_key(id);
  auto record = get(Family::kJobs, key);
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  const auto status = decode_job_status(**record);
  if (!status) return std::unexpected(status.error());
  if (is_terminal(*status)) return JobBytes{std::move(**record), std::nullopt};
  auto newer = get(Family::kRunning, running_key(id));
  if (newer && !*newer) newer = get(Family::kState, key);
  if (!newer) return std::unexpected(newer.error());
  return JobBytes{std::move(**record), std::move(*newer)};
}

Result<std::optional<JobState>> stored_state(const GetBytes& get, const JobId& id) {
  auto bytes = job_bytes(get, id);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  const auto& [record, newer] = **bytes;
  auto state = newer ? decode_state(*newer) : decode_job_state(record);
  if (!state) return std::unexpected(state.error());
  return std::move(*state);
}

/// Whether somebody changed a row by hand after the engine's last word on it.
Result<bool> changed_by_hand(const GetBytes& get, const NotificationLog& row) {
  if (row.updated_at == row.created_at && row.status == LogStatus::kScheduled) return false;
  std::string key(1, MetaKey::kTouched);
  append_id(key, row.id);
  auto touched = get(Family::kMeta, key);
  if (!touched) return std::unexpected(touched.error());
  return touched->has_value();
}

/// The delivery a row follows; nullopt: the row says it all.
Result<std::optional<Delivery>> followed_delivery(const GetBytes& get, const NotificationLog& row) {
  auto kept = get(Family::kLogState, id_key(row.id));
  if (!kept) return std::unexpected(kept.error());
  if (*kept) {
    auto delivery = decode_delivery(**kept);
    if (!delivery) return std::unexpected(delivery.error());
    return std::move(*delivery);
  }
  if (!row.job_id) return std::nullopt;
  auto by_hand = changed_by_hand(get, row);
  if (!by_hand) return std::unexpected(by_hand.error());
  if (*by_hand) return std::nullopt;
  auto state = stored_state(get, *row.job_id);
  if (!state) return std::unexpected(state.error());
  if (!*state) return std::nullopt;
  const auto found = std::ranges::find((*state)->deliveries, row.id, &Delivery::log_id);
  if (found == (*state)->deliveries.end()) return std::nullopt;
  return std::move(*found);
}

}  // namespace

Result<std::optional<Job>> stored_job(const GetBytes& get, const JobId& id) {
  auto bytes = job_bytes(get, id);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  const auto& [record, newer] = **bytes;
  auto job = newer ? decode_job(id, record, *newer) : decode_job(id, record);
  if (!job) return std::unexpected(job.error());
  return std::move(*job);
}

bool is_found_by_job(const NotificationLog& row, const Job& job) {
  return row.job_id == job.id() && row.notification_id == job.id().to_string() &&
         std::ranges::count(job.state.deliveries, row.id, &Delivery::log_id) > 0;
}

Result<std::optional<NotificationLog>> stored_log(const GetBytes& get, const LogId& id) {
  auto bytes = get(Family::kLogs, id_key(id));
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto row = decode_log(id, **bytes);
  if (!row) return std::unexpected(row.error());
  auto delivery = followed_delivery(get, *row);
  if (!delivery) return std::unexpected(delivery.error());
  if (*delivery) update_row(*row, **delivery);
  return std::move(*row);
}

}  // namespace townkrier::persistence
