/// What RocksDB says of itself, for monitoring.

#include <rocksdb/file_system.h>

#include "persistence/rocksdb_store.hpp"

namespace townkrier::persistence {
namespace {

struct Property {
  const char* property;
  const char* name;
  const char* help;
};

/// Summed over all column families.
constexpr Property kProperties[] = {
    {"rocksdb.cur-size-all-mem-tables", "townkrier_rocksdb_memtable_bytes", "In memtables"},
    {"rocksdb.estimate-table-readers-mem", "townkrier_rocksdb_table_reader_bytes",
     "Indexes and filters outside the block cache"},
    {"rocksdb.live-sst-files-size", "townkrier_rocksdb_sst_bytes", "In live table files"},
    {"rocksdb.estimate-pending-compaction-bytes", "townkrier_rocksdb_pending_compaction_bytes",
     "To be compacted"},
    {"rocksdb.num-running-compactions", "townkrier_rocksdb_running_compactions",
     "Compactions under way"},
};

/// Of the whole database.
constexpr Property kWhole[] = {
    {"rocksdb.block-cache-usage", "townkrier_rocksdb_block_cache_bytes", "In the block cache"},
    {"rocksdb.is-write-stopped", "townkrier_rocksdb_write_stopped", "1 while writes stand still"},
    {"rocksdb.actual-delayed-write-rate", "townkrier_rocksdb_delayed_write_rate_bytes",
     "Bytes a second that writes are slowed to; 0: they are not"},
    {"rocksdb.background-errors", "townkrier_rocksdb_background_errors",
     "Errors of flushes and compactions"},
};

Metric gauge(const Property& property, std::uint64_t value) {
  return {
      property.name, property.help, Metric::Kind::kGauge, {{{}, static_cast<double>(value)}}, {}};
}

}  // namespace

std::vector<Metric> RocksDbStore::metrics() const {
  std::vector<Metric> all;
  rocksdb::DB& db = database_->db();
  for (const Property& each : kProperties) {
    std::uint64_t value = 0;
    if (db.GetAggregatedIntProperty(each.property, &value)) all.push_back(gauge(each, value));
  }
  for (const Property& each : kWhole) {
    std::uint64_t value = 0;
    if (db.GetIntProperty(each.property, &value)) all.push_back(gauge(each, value));
  }
  std::uint64_t free_bytes = 0;
  const auto status = db.GetFileSystem()->GetFreeSpace(database_->path(), rocksdb::IOOptions{},
                                                       &free_bytes, nullptr);
  if (status.ok()) {
    all.push_back(gauge({"", "townkrier_store_free_bytes", "Free where the store is"}, free_bytes));
  }
  return all;
}

}  // namespace townkrier::persistence
