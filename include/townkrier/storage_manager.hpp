#pragma once

/// \file storage_manager.hpp
/// Reading and writing the notification log by hand. The engine writes its own rows itself.

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "townkrier/config.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"
#include "townkrier/store.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Where log rows go and how they are masked.
struct StorageAdapter {
  std::shared_ptr<Store> store;
  LogOptions options;
  Durability durability = Durability::kFsync;
};

/// The seed's in-memory adapter.
StorageAdapter InMemoryStorageAdapter(LogOptions options = {});

/// What may change in a row; absent members stay.
struct LogUpdate {
  std::optional<LogStatus> status;
  std::optional<TimePoint> sent_at;
  std::optional<TimePoint> delivered_at;
  std::optional<TimePoint> failed_at;
  std::optional<std::string> error;
  std::optional<std::uint32_t> attempts;
  std::optional<std::vector<RetryLog>> retry_logs;
  std::optional<JsonText> metadata;
  std::optional<std::string> message_id;
  std::optional<std::string> subject;
  std::optional<std::string> content;
  std::optional<std::string> recipient;
};

/// Thread-safe; calls block for the store (microseconds to a few milliseconds).
class StorageManager {
 public:
  /// Without a clock, the system's.
  explicit StorageManager(StorageAdapter adapter, std::shared_ptr<const Clock> clock = nullptr);

  /// Masks recipient, subject, content and errors by the row's privacy level, then stores it and
  /// returns it as stored. updated_at is set here; id and created_at, too, unless they are given.
  /// kConflict: a row with that id exists.
  Result<NotificationLog> log_notification(NotificationLog log);
  /// Masks what it changes. kNotFound; kConflict when others keep changing the row.
  Result<NotificationLog> update_log(const LogId& id, const LogUpdate& update);
  Result<NotificationLog> get_log(const LogId& id) const;
  Result<LogPage> query_logs(const LogFilter& filter) const;
  Result<StorageStats> get_stats(const StatsFilter& filter = {}) const;
  /// Deletes rows created before `older_than`, in slices; returns how many.
  Result<std::uint64_t> cleanup(TimePoint older_than);

  // The asynchronous twins run on a thread of their own. A future waits for it when it is
  // destroyed; the manager may be gone by then.
  std::future<Result<NotificationLog>> log_notification_async(NotificationLog log);
  std::future<Result<LogPage>> query_logs_async(LogFilter filter) const;
  std::future<Result<StorageStats>> get_stats_async(StatsFilter filter = {}) const;
  std::future<Result<std::uint64_t>> cleanup_async(TimePoint older_than);

  const StorageAdapter& adapter() const { return adapter_; }

 private:
  struct Writer;
  StorageAdapter adapter_;
  std::shared_ptr<Writer>
      writer_;  ///< Shared with running asynchronous calls: clock, ids, a mutex.
};

}  // namespace townkrier
