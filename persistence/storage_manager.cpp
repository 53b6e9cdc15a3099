#include "townkrier/storage_manager.hpp"

#include <mutex>
#include <utility>

#include "core/masking.hpp"
#include "core/uuid_generator.hpp"

namespace townkrier {
namespace {

/// Rows deleted with one write.
constexpr std::size_t kCleanupSlice = 1000;
/// Times an update starts again because the row changed under it.
constexpr int kUpdateTries = 5;

std::string masked_recipient(const std::string& recipient, ContentPrivacy privacy) {
  return privacy == ContentPrivacy::kPublic ? recipient : mask_address_text(recipient);
}

/// kPrivate keeps nothing, not even an empty text.
std::optional<std::string> masked_content(const std::optional<std::string>& text,
                                          ContentPrivacy privacy) {
  if (!text || privacy == ContentPrivacy::kPrivate) return std::nullopt;
  return mask_text(*text, privacy);
}

std::vector<RetryLog> masked_tries(std::vector<RetryLog> tries, ContentPrivacy privacy) {
  for (auto& each : tries) each.error = mask_error(each.error, privacy);
  return tries;
}

void mask(NotificationLog& row) {
  row.recipient = masked_recipient(row.recipient, row.content_privacy);
  row.subject = masked_content(row.subject, row.content_privacy);
  row.content = masked_content(row.content, row.content_privacy);
  row.error = mask_error(row.error, row.content_privacy);
  row.retry_logs = masked_tries(std::move(row.retry_logs), row.content_privacy);
}

void apply(const LogUpdate& update, NotificationLog& row) {
  const ContentPrivacy privacy = row.content_privacy;
  if (update.status) row.status = *update.status;
  if (update.sent_at) row.sent_at = update.sent_at;
  if (update.delivered_at) row.delivered_at = update.delivered_at;
  if (update.failed_at) row.failed_at = update.failed_at;
  if (update.attempts) row.attempts = *update.attempts;
  if (update.metadata) row.metadata = *update.metadata;
  if (update.message_id) row.message_id = *update.message_id;
  if (update.error) row.error = mask_error(*update.error, privacy);
  if (update.retry_logs) row.retry_logs = masked_tries(*update.retry_logs, privacy);
  if (update.subject) row.subject = masked_content(update.subject, privacy);
  if (update.content) row.content = masked_content(update.content, privacy);
  if (update.recipient) row.recipient = masked_recipient(*update.recipient, privacy);
}

}  // namespace

struct StorageManager::Writer {
  explicit Writer(std::shared_ptr<const Clock> given)
      : clock(given ? std::move(given) : std::make_shared<SystemClock>()), ids(*clock) {}
  const std::shared_ptr<const Clock> clock;
  UuidV7Generator ids;
  /// Makes reading and writing back one step, so that two updates do not undo each other.
  std::mutex updating;
};

StorageAdapter InMemoryStorageAdapter(LogOptions options) {
  return {make_memory_store(), options, Durability::kNone};
}

StorageManager::StorageManager(StorageAdapter adapter, std::shared_ptr<const Clock> clock)
    : adapter_(std::move(adapter)), writer_(std::make_shared<Writer>(std::move(clock))) {}

Result<NotificationLog> StorageManager::log_notification(NotificationLog log) {
  const TimePoint now = writer_->clock->now();
  if (log.id.is_nil()) log.id = writer_->ids.next();
  if (log.created_at == TimePoint{}) log.created_at = now;
  log.updated_at = now;
  mask(log);
  const LogChange change{std::move(log), std::nullopt};
  auto stored = adapter_.store->put_logs({&change, 1}, adapter_.durability);
  if (!stored) return std::unexpected(stored.error());
  return change.row;
}

Result<NotificationLog> StorageManager::update_log(const LogId& id, const LogUpdate& update) {
  const std::lock_guard lock(writer_->updating);
  Result<NotificationLog> row;
  for (int tries = 0; tries < kUpdateTries; ++tries) {
    row = adapter_.store->get_log(id);
    if (!row) return row;
    const LogStatus previous = row->status;
    apply(update, *row);
    row->updated_at = writer_->clock->now();
    const LogChange change{*row, previous};
    auto stored = adapter_.store->put_logs({&change, 1}, adapter_.durability);
    if (stored) return row;
    row = std::unexpected(stored.error());
    if (stored.error().code != Errc::kConflict) return row;
  }
  return row;
}

Result<NotificationLog> StorageManager::get_log(const LogId& id) const {
  return adapter_.store->get_log(id);
}

Result<LogPage> StorageManager::query_logs(const LogFilter& filter) const {
  return adapter_.store->query_logs(filter);
}

Result<StorageStats> StorageManager::get_stats(const StatsFilter& filter) const {
  return adapter_.store->log_stats(filter);
}

Result<std::uint64_t> StorageManager::cleanup(TimePoint older_than) {
  std::uint64_t total = 0;
  for (;;) {
    auto deleted = adapter_.store->delete_logs(older_than, kCleanupSlice, adapter_.durability);
    if (!deleted) return deleted;
    total += *deleted;
    if (*deleted < kCleanupSlice) return total;
  }
}

std::future<Result<NotificationLog>> StorageManager::log_notification_async(NotificationLog log) {
  return std::async(std::launch::async, [self = *this, log = std::move(log)]() mutable {
    return self.log_notification(std::move(log));
  });
}

std::future<Result<LogPage>> StorageManager::query_logs_async(LogFilter filter) const {
  return std::async(std::launch::async,
                    [self = *this, filter = std::move(filter)] { return self.query_logs(filter); });
}

std::future<Result<StorageStats>> StorageManager::get_stats_async(StatsFilter filter) const {
  return std::async(std::launch::async,
                    [self = *this, filter = std::move(filter)] { return self.get_stats(filter); });
}

std::future<Result<std::uint64_t>> StorageManager::cleanup_async(TimePoint older_than) {
  return std::async(std::launch::async,
                    [self = *this, older_than]() mutable { return self.cleanup(older_than); });
}

}  // namespace townkrier
