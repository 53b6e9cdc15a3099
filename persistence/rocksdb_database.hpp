#pragma once

/// \file rocksdb_database.hpp
/// An open RocksDB with our column families: opening, snapshots and ranges. Owned by one store;
/// reads are thread-safe. RocksDB aborts when it is closed before its iterators, snapshots and
/// handles, so each of them is an object here that goes first.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include "persistence/key_schema.hpp"
#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_status.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// How a database is opened, beside its path. Only tests set more than `wal_damage`.
struct DatabaseSettings {
  WalDamage wal_damage = WalDamage::kRefuse;
  rocksdb::Env* env = nullptr;  ///< Borrowed, must outlive the database; null: the system's.
  std::size_t write_buffer_bytes = 16u << 20;  ///< Of one family, until it is flushed.
  std::shared_ptr<rocksdb::Logger> info_log;   ///< Null: LOG in the directory.
};

/// Syncs the write-ahead log when RocksDB is about to begin the next one. Without it a power loss
/// could take the unsynced end of one log and leave the beginning of the next: a hole, which
/// neither recovery mode notices when it falls between two records, and which separates jobs from
/// their indexes.
class LogOrder final : public rocksdb::EventListener {
 public:
  /// Null: no longer. While no write is going on.
  void attach(rocksdb::DB* db) { db_ = db; }
  /// Called before the first write to the new log. A failure is a background error.
  void OnMemTableSealed(const rocksdb::MemTableInfo&) override {
    if (auto* db = db_.load()) db->SyncWAL().PermitUncheckedError();
  }

 private:
  std::atomic<rocksdb::DB*> db_ = nullptr;
};

class Database {
 public:
  /// kReadOnly takes no lock and changes nothing; the directory must exist. It sees one moment,
  /// also while another process writes.
  enum class Mode : std::uint8_t { kReadWrite, kReadOnly };

  /// Opens or creates (directory mode 0700). The errors are those of `open_rocksdb_store`.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode,
                                                const DatabaseSettings& settings = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  const BackgroundErrors& errors() const { return *errors_; }
  const std::string& path() const { return path_; }

  /// The newest value; nullopt when there is none.
  Result<std::optional<std::string>> get(Family family, std::string_view key) const;

 private:
  Database(std::string path, const DatabaseSettings& settings)
      : path_(std::move(path)), settings_(settings) {}
  Result<void> check_families(Mode mode) const;
  rocksdb::Status open_db(Mode mode);
  rocksdb::Status open_steady();
  void close();
  bool opens_without_wal_tail() const;
  bool holds_version() const;
  Error open_error(const rocksdb::Status& status) const;
  Result<void> check_version(Mode mode);
  Result<void> write_version();

  const std::string path_;
  const DatabaseSettings settings_;
  /// Shared with RocksDB, whose threads call it.
  std::shared_ptr<BackgroundErrors> errors_ = std::make_shared<BackgroundErrors>();
  std::shared_ptr<LogOrder> log_order_ = std::make_shared<LogOrder>();
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

/// Everything as it is at one moment. Hold it for seconds at most: it pins files.
class ReadView {
 public:
  explicit ReadView(const Database& database)
      : database_(database), snapshot_(database.db().GetSnapshot()) {}
  ~ReadView() { database_.db().ReleaseSnapshot(snapshot_); }
  ReadView(const ReadView&) = delete;
  ReadView& operator=(const ReadView&) = delete;

  const Database& database() const { return database_; }
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
  }

  Result<std::optional<std::string>> get(Family family, std::string_view key) const;
  Result<std::optional<Job>> job(const JobId& id) const;
  /// A missing job is kCorruption: an index said that it exists.
  Result<Job> indexed_job(const JobId& id) const;
  /// All of them running (`newer` is kRunning) or none (kState).
  Result<std::vector<Job>> indexed_jobs(std::span<const JobId> ids, Family newer) const;
  Result<std::optional<NotificationLog>> log(const LogId& id) const;
  Result<NotificationLog> indexed_log(const LogId& id) const;

 private:
  /// A few of `indexed_jobs`, read together.
  Result<void> add_jobs(std::span<const JobId> ids, Family newer, std::vector<Job>& jobs) const;

  const Database& database_;
  const rocksdb::Snapshot* snapshot_;
};

/// Keys of one family in [lower, upper); an empty upper has no bound. Must not outlive its view.
class Range {
 public:
  Range(const ReadView& view, Family family, std::string lower, std::string upper);
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

  void seek_first() { iterator_->Seek(lower_); }
  void seek_last() { iterator_->SeekToLast(); }
  /// The first key at or after `key`, or the last at or before it.
  void seek(std::string_view key) { iterator_->Seek(rocksdb::Slice(key)); }
  void seek_back(std::string_view key) { iterator_->SeekForPrev(rocksdb::Slice(key)); }
  bool valid() const { return iterator_->Valid(); }
  void next() { iterator_->Next(); }
  void prev() { iterator_->Prev(); }
  std::string_view key() const { return iterator_->key().ToStringView(); }
  std::string_view value() const { return iterator_->value().ToStringView(); }
  /// Whether the range ended because it was over.
  Result<void> status() const;

 private:
  const std::string lower_;
  const std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

/// Options, see rocksdb_options.cpp for the reasons.
rocksdb::DBOptions database_options(const DatabaseSettings& settings,
                                    std::shared_ptr<BackgroundErrors> errors);
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const DatabaseSettings& settings);

}  // namespace townkrier::persistence
