#pragma once

/// \file batch_writer.hpp
/// Turns changes of jobs, logs and messages into one RocksDB write batch: records, index entries
/// and the differences of the counters. Used by one writer at a time; buffers are reused between
/// batches.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <rocksdb/write_batch.h>

#include "persistence/key_schema.hpp"
#include "persistence/ledger.hpp"
#include "persistence/rocksdb_database.hpp"
#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

/// Log rows for which a caller's `previous` is not trusted, because somebody else than the engine
/// may have changed or deleted them. They are looked up when they are written; all others are not.
struct LogDoubts {
  TimePoint floor = TimePoint::min();  ///< Rows created before it may have been deleted.
  std::unordered_set<LogId> touched;   ///< Rows changed by hand.
  bool operator()(const LogId& id, TimePoint created_at) const {
    return created_at < floor || (!touched.empty() && touched.contains(id));
  }
};

/// What follows from a write once it succeeded.
struct WriteEffects {
  LedgerDelta ledger;
  /// Per family: the lowest key inserted into each range (by key prefix).
  std::array<NamedRows<std::string>, kFamilyCount> lowest;
  std::vector<LogId> touched;         ///< To be doubted from now on.
  std::unordered_set<LogId> settled;  ///< Known for sure by this batch; no longer to be doubted.
  void clear();
};

class BatchWriter {
 public:
  /// `doubts` is read only while a batch is put together.
  BatchWriter(const Database& database, const LogDoubts& doubts)
      : database_(database), doubts_(doubts) {}

  /// Begins a new batch.
  void clear();

  Result<EnqueueOutcome> add(const NewJob& added);
  Result<void> add(const JobChange& change);
  Result<void> add(const JobRemoval& removal);
  /// A message that is there already stays as it is.
  Result<void> add(const InboxMessage& message);
  /// `outcomes`: of the batch's enqueued jobs.
  Result<void> add(const TimedEntry& entry, std::span<const EnqueueOutcome> outcomes);
  void remove_entry(const TimedEntry& entry);
  void add_setting(std::string_view name, std::string_view value);

  /// A change by hand of a row that is known to have the status `present` (absent: a new row).
  void add_by_hand(const NotificationLog& row, std::optional<LogStatus> present);
  void remove_log(const NotificationLog& row);
  void set_log_floor(TimePoint floor);
  void mark_read(InboxMessage message, TimePoint at);
  Result<void> remove_message(const InboxMessage& message);
  void put_rows(const LedgerRows& rows);

  rocksdb::WriteBatch& batch() { return batch_; }
  const WriteEffects& effects() const { return effects_; }

 private:
  /// Starts `key_` with the given id; the result is valid until the next key.
  rocksdb::Slice id_key(const Uuid& id);
  template <class Record>
  void put_record(Family family, rocksdb::Slice key, const Record& record);
  void put_index(Family family, std::size_t prefix_size, std::string_view value = {});
  void erase(Family family, rocksdb::Slice key) { batch_.Delete(database_.family(family), key); }

  /// Makes `key_` the key of a place; returns its family and prefix size. Processing jobs have no
  /// other place than their entry in `status`.
  struct PlaceKey {
    Family family;
    std::size_t prefix_size;
  };
  std::optional<PlaceKey> place_key(const JobEnvelope& envelope, const JobPlace& place);
  void enter(const Job& job, const JobPlace& place);
  Result<void> leave(const JobEnvelope& envelope, const JobPlace& place);
  /// What an index entry says of the size of what it stands for; 0: nothing.
  Result<std::uint64_t> size_at(Family family, std::string_view key);
  void put_status(const JobEnvelope& envelope, JobStatus status);
  void erase_status(const JobEnvelope& envelope, JobStatus status);

  Result<std::optional<JobId>> holder_of(const std::string& unique_key);
  Result<void> acquire(const JobEnvelope& envelope);
  Result<void> release(const JobEnvelope& envelope);

  /// Envelope and state together.
  void put_job(const Job& job);
  void put_state(const Job& job);
  void put_parts(const JobChange& change);
  /// The log row moves with its delivery.
  Result<void> add(const Job& job, const DeliveryLog& log);
  /// The log rows outlive their job.
  Result<void> part_from_rows(const Job& job);
  /// The row's status as stored; nullopt: there is no row any more.
  Result<std::optional<LogStatus>> present_status(const Job& job, const DeliveryLog& log);
  void count_log_move(const std::string& channel, std::optional<LogStatus> present, LogStatus next);
  /// A new row; `job`: the job it is added with.
  void add_row(const NotificationLog& row, const Job* job);
  Result<std::optional<NotificationLog>> stored_row(const LogId& id);
  void erase_touched(const LogId& id);
  /// Calls `use` with the key of each log_ref entry of a row, in `key_`.
  template <class Use>
  void each_log_ref(const NotificationLog& row, Use use);
  void put_counts(char letter, std::string_view name, std::span<const std::uint64_t> counts);

  const Database& database_;
  const LogDoubts& doubts_;
  rocksdb::WriteBatch batch_{1u << 20};
  WriteEffects effects_;
  /// Holders of unique keys as this batch leaves them; nullopt: nobody.
  std::unordered_map<std::string, std::optional<JobId>> holders_;
  std::unordered_map<JobId, std::uint64_t> ended_;  ///< Sizes of the jobs this batch ends.
  std::unordered_set<LogId> gone_;                  ///< Log rows this batch found to be deleted.
  std::unordered_set<std::string> messages_;        ///< inbox_id keys put by this batch.
  std::string key_;
  std::string value_;
};

}  // namespace townkrier::persistence
