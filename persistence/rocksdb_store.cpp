#include "persistence/rocksdb_store.hpp"

#include <utility>

#include <rocksdb/file_system.h>

#include "core/mutant.hpp"
#include "persistence/batch_check.hpp"
#include "persistence/record_codec.hpp"

namespace townkrier {

Result<std::shared_ptr<Store>> open_rocksdb_store(const std::string& path,
                                                  const RocksDbStoreOptions& options) {
  return persistence::RocksDbStore::open(path, options);
}

}  // namespace townkrier

namespace townkrier::persistence {
namespace {

/// Puts one row of `default` where it belongs; false: it makes no sense.
bool take_meta(char letter, std::string_view name, std::string_view value, LedgerRows& rows,
               MetaContent& meta) {
  const auto take = [&](auto& table) {
    typename std::decay_t<decltype(table)>::value_type row{std::string(name), {}};
    if (!decode_counts(value, row.second)) return false;
    table.push_back(std::move(row));
    return true;
  };
  switch (letter) {
    case MetaKey::kVersion:
      return true;
    case MetaKey::kSetting:
      meta.settings.emplace(name, value);
      return true;
    case MetaKey::kQueue:
      return take(rows.queues);
    case MetaKey::kLane:
      return parse_lane(name).has_value() && take(rows.lanes);
    case MetaKey::kChannel:
      return take(rows.channels);
    case MetaKey::kUnread:
      return take(rows.unread);
    case MetaKey::kSize:
      return take(rows.sizes);
    case MetaKey::kTouched: {
      const auto id = id_at_end(name);
      if (id) meta.doubts.touched.insert(*id);
      return id.has_value();
    }
    case MetaKey::kLogFloor: {
      ByteReader reader(value);
      meta.doubts.floor = from_sortable(reader.u64());
      return reader.ok();
    }
    default:
      return false;
  }
}

}  // namespace

Result<MetaContent> read_meta(const ReadView& view) {
  MetaContent meta;
  LedgerRows rows;
  Range all(view, Family::kMeta, "", "");
  for (all.seek_first(); all.valid(); all.next()) {
    const std::string_view key = all.key();
    if (key.empty() || !take_meta(key.front(), key.substr(1), all.value(), rows, meta)) {
      return fail(Errc::kCorruption, "the stored counters are damaged");
    }
  }
  if (auto ok = all.status(); !ok) return std::unexpected(ok.error());
  meta.ledger.adopt(rows);
  return meta;
}

Result<std::shared_ptr<RocksDbStore>> RocksDbStore::open(const std::string& path,
                                                         const RocksDbStoreOptions& options,
                                                         DatabaseSettings settings) {
  settings.wal_damage = options.wal_damage;
  auto database = Database::open(path, Database::Mode::kReadWrite, settings);
  if (!database) return std::unexpected(database.error());
  auto meta = read_meta(ReadView(**database));
  if (!meta) return std::unexpected(meta.error());
  return std::make_shared<RocksDbStore>(std::move(*database), std::move(*meta),
                                        options.min_free_space_bytes);
}

RocksDbStore::RocksDbStore(std::unique_ptr<Database> database, MetaContent meta,
                           std::uint64_t min_free_space_bytes)
    : database_(std::move(database)),
      min_free_space_bytes_(min_free_space_bytes),
      ledger_(std::move(meta.ledger)),
      settings_(std::move(meta.settings)),
      doubts_(std::move(meta.doubts)),
      writer_(*database_, doubts_) {}

Result<std::vector<EnqueueOutcome>> RocksDbStore::commit(const StoreBatch& batch,
                                                         Durability durability) {
  if (auto ok = check(batch); !ok) return std::unexpected(ok.error());
  const bool only_enqueues =
      !batch.enqueued.empty() && batch.changes.empty() && batch.removals.empty();
  if (!batch.enqueued.empty()) {
    if (auto ok = accepts_jobs(); !ok) return std::unexpected(ok.error());
  }
  const std::lock_guard lock(write_mutex_);
  writer_.clear();
  auto outcomes = translate(batch);
  if (!outcomes) return outcomes;
  const auto pressure = only_enqueues ? Pressure::kRefuse : Pressure::kWait;
  if (auto written = write(durability, pressure); !written) {
    return std::unexpected(written.error());
  }
  if (!batch.settings.empty()) {
    const std::lock_guard ledger_lock(ledger_mutex_);
    for (const auto& [name, value] : batch.settings) settings_[name] = value;
  }
  return outcomes;
}

Result<std::vector<EnqueueOutcome>> RocksDbStore::translate(const StoreBatch& batch) {
  std::vector<EnqueueOutcome> outcomes;
  outcomes.reserve(batch.enqueued.size());
  for (const auto& each : batch.enqueued) {
    auto outcome = writer_.add(each);
    if (!outcome) return std::unexpected(outcome.error());
    outcomes.push_back(*outcome);
  }
  const auto add_all = [&](const auto& list) -> Result<void> {
    for (const auto& each : list) {
      if (auto ok = writer_.add(each); !ok) return ok;
    }
    return {};
  };
  if (auto ok = add_all(batch.changes); !ok) return std::unexpected(ok.error());
  if (auto ok = add_all(batch.removals); !ok) return std::unexpected(ok.error());
  if (auto ok = add_all(batch.inbox); !ok) return std::unexpected(ok.error());
  for (const auto& entry : batch.entries) {
    if (auto ok = writer_.add(entry, outcomes); !ok) return std::unexpected(ok.error());
  }
  for (const auto& [name, value] : batch.settings) writer_.add_setting(name, value);
  return outcomes;
}

Result<void> RocksDbStore::write(Durability durability, Pressure pressure) {
  if (auto ok = database_->errors().check_fatal(); !ok) return ok;
  auto rows = ledger_.resolve(writer_.effects().ledger);
  if (!rows) return std::unexpected(rows.error());
  writer_.put_rows(*rows);
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kFsync && !mutated(Mutant::kNoFsync);
  options.no_slowdown = pressure == Pressure::kRefuse;
  // kNone keeps the log, too: without it a crash would tear jobs from their indexes.
  const auto status = database_->db().Write(options, &writer_.batch());
  if (!status.ok()) return std::unexpected(to_error(status, "cannot write to the store"));
  adopt(*rows);
  return {};
}

void RocksDbStore::adopt(const LedgerRows& rows) {
  const WriteEffects& effects = writer_.effects();
  for (std::size_t i = 0; i < kFamilyCount; ++i) {
    for (const auto& [prefix, key] : effects.lowest[i].by_name()) {
      const bool lane = static_cast<Family>(i) == Family::kReady;
      heads_.inserted(HeadMarks::range(static_cast<char>(i), prefix), key,
                      lane && ledger_.ready_in(prefix) == 0);
    }
  }
  for (const auto& id : effects.settled) doubts_.touched.erase(id);
  doubts_.touched.insert(effects.touched.begin(), effects.touched.end());
  const std::lock_guard lock(ledger_mutex_);
  ledger_.adopt(rows);
}

Result<void> RocksDbStore::accepts_jobs() const {
  if (min_free_space_bytes_ == 0) return {};
  std::uint64_t free_bytes = 0;
  const auto status = database_->db().GetFileSystem()->GetFreeSpace(
      database_->path(), rocksdb::IOOptions{}, &free_bytes, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot see the free space"));
  if (free_bytes >= min_free_space_bytes_) return {};
  return fail(Errc::kDiskFull, "only " + std::to_string(free_bytes >> 20) + " MiB are free in " +
                                   database_->path() +
                                   "; no new jobs are taken below storage.min_free_space, " +
                                   std::to_string(min_free_space_bytes_ >> 20) + " MiB");
}

Result<void> RocksDbStore::health() const {
  if (auto ok = database_->errors().check(); !ok) return ok;
  return accepts_jobs();
}

Result<void> RocksDbStore::sync() {
  const std::lock_guard lock(write_mutex_);
  if (auto ok = database_->errors().check_fatal(); !ok) return ok;
  const auto status = database_->db().FlushWAL(true);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot sync the store"));
  return {};
}

}  // namespace townkrier::persistence
