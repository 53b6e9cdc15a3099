#pragma once

/// \file maintenance.hpp
/// What an operator does with a RocksDB store beside running it: back it up, restore it, look into
/// it. Calls block for as long as the disk takes. Nothing here shows an unmasked recipient or
/// content.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/fsck.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"
#include "townkrier/store.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// One backup in a backup directory.
struct BackupInfo {
  std::uint32_t id = 0;  ///< 1, 2, ... in the order of making.
  TimePoint created_at{};
  std::uint64_t size_bytes = 0;  ///< Of its files; files may be shared with other backups.
  std::uint32_t files = 0;
};

struct BackupOptions {
  /// How many backups the directory keeps, the newest; 0 = all. Older ones go after the new one is
  /// verified.
  std::uint32_t keep = 0;
  std::uint64_t max_bytes_per_second = 0;  ///< Of copying; 0 = no limit.
};

/// Adds a backup of a store that is in use to `backup_directory` (made with mode 0700; unchanged
/// files are shared between backups). It has everything that was committed before the call, and of
/// what is committed meanwhile a part from the beginning. The store's checksums are checked before,
/// the copy's after. Any thread; one backup at a time and directory. Errors: kInvalidArgument (not
/// a RocksDB store), kConflict (another backup is being made there), kDiskFull, kIo, kCorruption.
Result<BackupInfo> backup_store(const Store& store, const std::string& backup_directory,
                                const BackupOptions& options = {});
/// The same of a store that nobody has open; kNotFound without one, kIo when a server has it.
Result<BackupInfo> backup_store(const std::string& path, const std::string& backup_directory,
                                const BackupOptions& options = {});

/// Oldest first. kNotFound when the directory holds none.
Result<std::vector<BackupInfo>> list_backups(const std::string& backup_directory);

struct RestoreReport {
  BackupInfo backup;
  CheckReport check;  ///< Without findings.
};

/// Verifies a backup (the newest without `id`), copies it, checks the copy as `examine_store` does
/// and only then puts it at `path`, which must not exist or be an empty directory. Meanwhile the
/// copy is beside it, at `path` + ".restoring". Errors: kConflict (`path` is in use), kNotFound,
/// kCorruption (the backup is damaged or has findings), kDiskFull, kIo.
Result<RestoreReport> restore_store(const std::string& backup_directory, const std::string& path,
                                    std::optional<std::uint32_t> id = std::nullopt);

struct QueueSummary {
  bool paused = false;
  QueueStats jobs;
  std::optional<TimePoint> oldest_ready;  ///< Since when its oldest pending job has been due.
};

struct StoreSummary {
  std::uint64_t format_version = 0;
  std::uint64_t size_bytes = 0;  ///< All files.
  QueueStats jobs;
  std::map<std::string, QueueSummary> queues;
  std::optional<TimePoint> next_due;  ///< Of scheduled and retrying jobs.
  StorageStats logs;
  std::map<std::string, std::string> settings;
};

/// Looks into a store as it was when it was opened, without a lock: a server may be running on it.
/// Thread-safe.
class StoreInspector {
 public:
  /// kNotFound, kIo, kCorruption, kInvalidConfig (another version's).
  static Result<StoreInspector> open(const std::string& path);

  Result<StoreSummary> summary() const;
  /// In the shape of the HTTP interface, with contents, addresses, error texts, metadata and
  /// results masked, whatever the store's privacy is.
  Result<nlohmann::json> job(const JobId& id) const;
  /// {"jobs":[...],"total":n,"next":cursor?}
  Result<nlohmann::json> jobs(const JobFilter& filter) const;
  /// {"logs":[...],"total":n,"next":cursor?}
  Result<nlohmann::json> logs(const LogFilter& filter) const;

 private:
  struct Impl;
  explicit StoreInspector(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;  ///< Shared between copies; never changes.
};

}  // namespace townkrier
