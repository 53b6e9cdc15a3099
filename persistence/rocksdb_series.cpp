/// History for graphs in the RocksDB store.

#include <utility>

#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_store.hpp"

namespace townkrier::persistence {
namespace {

std::string series_key(SeriesStep step, TimePoint start) {
  std::string key;
  append_series_key(key, step, start);
  return key;
}

TimePoint start_in(std::string_view key) {
  ByteReader reader(key.substr(1));
  return from_sortable(reader.u64());
}

}  // namespace

Result<void> RocksDbStore::put_series(std::span<const SeriesBucket> buckets,
                                      const std::map<SeriesStep, TimePoint>& keep_from) {
  if (auto ok = database_->errors().check_fatal(); !ok) return ok;
  rocksdb::WriteBatch batch;
  auto* const family = database_->family(Family::kSeries);
  for (const SeriesBucket& bucket : buckets) {
    std::string value;
    encode(bucket, value);
    batch.Put(family, series_key(bucket.step, bucket.start), value);
  }
  const ReadView view(*database_);
  for (const auto& [step, oldest] : keep_from) {
    Range old(view, Family::kSeries, std::string(1, static_cast<char>(step)),
              series_key(step, oldest));
    for (old.seek_first(); old.valid(); old.next()) batch.Delete(family, rocksdb::Slice(old.key()));
    if (auto ok = old.status(); !ok) return ok;
  }
  if (batch.Count() == 0) return {};
  const std::lock_guard lock(write_mutex_);
  const auto status = database_->db().Write(rocksdb::WriteOptions{}, &batch);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot write to the store"));
  return {};
}

Result<std::vector<SeriesBucket>> RocksDbStore::series(const SeriesFilter& filter) const {
  std::vector<SeriesBucket> buckets;
  if (filter.to <= filter.from) return buckets;
  const ReadView view(*database_);
  Range keys(view, Family::kSeries, series_key(filter.step, filter.from),
             series_key(filter.step, filter.to));
  for (keys.seek_first(); keys.valid(); keys.next()) {
    auto bucket = decode_series(filter.step, start_in(keys.key()), keys.value());
    if (!bucket) return std::unexpected(bucket.error());
    buckets.push_back(std::move(*bucket));
  }
  if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  return buckets;
}

}  // namespace townkrier::persistence
