#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "persistence/rocksdb_database.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::size_t kMiB = 1u << 20;

/// What a family is used for decides its filters and compaction.
enum class Use : std::uint8_t { kRecords, kIndex };

Use use_of(Family family) {
  switch (family) {
    case Family::kJobs:
    case Family::kState:
    case Family::kRunning:
    case Family::kLogs:
    case Family::kLogState:
    case Family::kUnique:
    case Family::kInboxId:
    case Family::kTimed:
      return Use::kRecords;
    default:
      return Use::kIndex;
  }
}

rocksdb::ColumnFamilyOptions family_options(Use use, std::shared_ptr<rocksdb::Cache> cache,
                                            const DatabaseSettings& settings) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  if (use == Use::kRecords) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = settings.write_buffer_bytes;
  // Bursts of enqueues are refused while RocksDB stalls: leave it room to flush behind them. All
  // buffers together are bounded by db_write_buffer_size.
  options.max_write_buffer_number = 6;
  // Keys come nearly in order (ids and times grow): an insert starts where the last one with the
  // same first byte ended, instead of searching the memtable from its top.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(1));
  options.target_file_size_base = 16 * kMiB;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  if (use == Use::kIndex) {
    // Queues delete all they insert: files dense with tombstones are compacted early.
    options.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(4096, 1024));
  }
  return options;
}

}  // namespace

rocksdb::DBOptions database_options(const DatabaseSettings& settings,
                                    std::shared_ptr<BackgroundErrors> errors) {
  rocksdb::DBOptions options;
  if (settings.env != nullptr) options.env = settings.env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // RocksDB's default, point in time, would silently drop synced writes behind a flipped bit. This
  // mode accepts the torn tail of a crash and refuses to open otherwise. Never kSkipAnyCorrupted:
  // its holes would separate jobs from their indexes.
  options.wal_recovery_mode = settings.wal_damage == WalDamage::kAccept
                                  ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                  : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // Can refuse a healthy directory in 7.8 (facebook/rocksdb#10892).
  options.track_and_verify_wals_in_manifest = false;
  options.max_background_jobs = 2;
  // There is one writer; without this RocksDB ignores the insert hints.
  options.allow_concurrent_memtable_write = false;
  options.max_open_files = -1;
  // Each opening starts that many threads a family to read the files' footers. With the default of
  // 16 they are most of what opening a small store costs.
  options.max_file_opening_threads = 1;
  options.db_write_buffer_size = 64 * kMiB;
  // Bounds what a restart replays.
  options.max_total_wal_size = 64 * kMiB;
  options.max_manifest_file_size = 64 * kMiB;
  options.bytes_per_sync = kMiB;
  options.rate_limiter.reset(rocksdb::NewGenericRateLimiter(64 * kMiB));
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.listeners.push_back(std::move(errors));
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const DatabaseSettings& settings) {
  const auto cache = rocksdb::NewLRUCache(64 * kMiB);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilyCount; ++i) {
    descriptors.emplace_back(kFamilyNames[i],
                             family_options(use_of(static_cast<Family>(i)), cache, settings));
  }
  return descriptors;
}

}  // namespace townkrier::persistence
