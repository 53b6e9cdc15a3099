#include "persistence/batch_check.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "persistence/key_schema.hpp"

namespace townkrier::persistence {
namespace {

std::unexpected<Error> refuse(std::string_view what) {
  return fail(Errc::kInvalidArgument, std::string(what));
}

Result<void> check_rows(std::span<const NotificationLog> rows) {
  for (const auto& row : rows) {
    if (auto ok = check(row); !ok) return ok;
  }
  return {};
}

Result<void> check_inbox(std::span<const InboxMessage> messages) {
  for (const auto& message : messages) {
    if (message.id.is_nil()) return refuse("an inbox message has no id");
    if (message.user_id.size() > kMaxKeyText) return refuse("a user id is too long");
  }
  return {};
}

Result<void> check_job(const Job& job) {
  if (!job.envelope) return refuse("a job has no envelope");
  const JobEnvelope& envelope = *job.envelope;
  if (envelope.id.is_nil()) return refuse("a job has no id");
  if (envelope.queue.size() > kMaxKeyText) return refuse("a queue name is too long");
  if (envelope.unique_key.size() > kMaxKeyText) return refuse("a unique key is too long");
  std::size_t route_size = 0;
  for (const auto& delivery : job.state.deliveries) route_size += delivery.channel.size() + 1;
  if (route_size > kMaxKeyText) return refuse("the channels of a job are too many or too long");
  return {};
}

Result<void> check_entries(const StoreBatch& batch) {
  std::set<std::string_view> keys;
  for (const auto& entry : batch.entries) {
    if (entry.key.empty() || entry.key.size() > 255) return refuse("a key has 1 to 255 bytes");
    if (!keys.insert(entry.key).second) return refuse("a batch has two entries of one key");
    const std::size_t jobs = batch.enqueued.size();
    if (entry.first_job > jobs || entry.jobs > jobs - entry.first_job) {
      return refuse("an entry names jobs that the batch lacks");
    }
  }
  return {};
}

}  // namespace

Result<void> check(const NotificationLog& row) {
  if (row.id.is_nil()) return refuse("a log row has no id");
  if (row.notification_id.size() > kMaxKeyText) return refuse("a notification id is too long");
  return {};
}

Result<void> check_change_by_hand(const LogChange& change, const NotificationLog* stored) {
  const NotificationLog& row = change.row;
  const std::string name = "log row " + row.id.to_string();
  if (!change.previous) {
    return stored ? fail(Errc::kConflict, name + " exists already") : Result<void>{};
  }
  if (!stored) return fail(Errc::kNotFound, "no log row has the id " + row.id.to_string());
  if (stored->status != *change.previous) {
    return fail(Errc::kConflict, name + " is " + std::string(to_string(stored->status)) + " now");
  }
  if (stored->channel != row.channel || stored->created_at != row.created_at ||
      stored->job_id != row.job_id || stored->notification_id != row.notification_id) {
    return refuse("channel, created_at, job_id and notification_id of a log row cannot change");
  }
  return {};
}

Result<void> check(const StoreBatch& batch) {
  for (const auto& each : batch.enqueued) {
    if (auto ok = check_job(each.job); !ok) return ok;
    if (auto ok = check_rows(each.logs); !ok) return ok;
    for (const auto& row : each.logs) {
      if (row.job_id != each.job.id()) return refuse("a log row of a new job does not name it");
    }
  }
  for (const auto& each : batch.changes) {
    if (auto ok = check_job(each.job); !ok) return ok;
    for (const auto& log : each.logs) {
      if (log.delivery >= each.job.state.deliveries.size()) return refuse("a log without delivery");
    }
    if (auto ok = check_inbox(each.inbox); !ok) return ok;
    for (const auto& child : each.children) {
      if (auto ok = check_job(child.job); !ok) return ok;
      if (auto ok = check_rows(child.logs); !ok) return ok;
    }
    if (each.before.route.size() > kMaxKeyText) return refuse("a route is too long");
  }
  for (const auto& each : batch.removals) {
    if (auto ok = check_job(each.job); !ok) return ok;
    if (each.before.route.size() > kMaxKeyText) return refuse("a route is too long");
  }
  if (auto ok = check_entries(batch); !ok) return ok;
  return check_inbox(batch.inbox);
}

}  // namespace townkrier::persistence
