// Entries with an end: their form, and both stores' parts.
#include "persistence/timed_entries.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "persistence/bytes.hpp"
#include "persistence/key_schema.hpp"
#include "persistence/memory_store.hpp"
#include "persistence/rocksdb_store.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::uint8_t kVersion = 1;

std::unexpected<Error> none() {
  return fail(Errc::kNotFound, "there is no such entry");
}

}  // namespace

void encode(const TimedEntry& entry, std::string& out) {
  append_u8(out, kVersion);
  append_time(out, entry.until);
  out.append(entry.value);
}

Result<TimedEntry> decode_timed(std::string key, std::string_view bytes) {
  ByteReader reader(bytes);
  const bool known = reader.u8() == kVersion;
  TimedEntry entry{.key = std::move(key), .value = {}};
  entry.until = from_sortable(reader.u64());
  entry.value = reader.raw(reader.remaining());
  if (!known || !reader.ok()) return fail(Errc::kCorruption, "an entry with an end is damaged");
  return entry;
}

std::string timed_end_key(const TimedEntry& entry) {
  std::string key;
  append_time(key, entry.until);
  key.append(entry.key);
  return key;
}

TimedEntry with_job_ids(TimedEntry entry, std::span<const EnqueueOutcome> outcomes) {
  for (const auto& outcome : outcomes.subspan(entry.first_job, entry.jobs)) {
    append_id(entry.value, outcome.id);
  }
  return entry;
}

// ---- In RocksDB

Result<void> BatchWriter::add(const TimedEntry& entry, std::span<const EnqueueOutcome> outcomes) {
  auto stored = database_.get(Family::kTimed, entry.key);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) {
    const auto earlier = decode_timed(entry.key, **stored);
    if (!earlier) return std::unexpected(earlier.error());
    erase(Family::kTimedEnd, timed_end_key(*earlier));
  }
  value_.clear();
  encode(with_job_ids(entry, outcomes), value_);
  batch_.Put(database_.family(Family::kTimed), entry.key, value_);
  batch_.Put(database_.family(Family::kTimedEnd), timed_end_key(entry), {});
  return {};
}

void BatchWriter::remove_entry(const TimedEntry& entry) {
  erase(Family::kTimed, entry.key);
  erase(Family::kTimedEnd, timed_end_key(entry));
}

Result<TimedEntry> RocksDbStore::timed_entry(const std::string& key, TimePoint now) const {
  auto stored = database_->get(Family::kTimed, key);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return none();
  auto entry = decode_timed(key, **stored);
  if (entry && entry->until <= now) return none();
  return entry;
}

Result<std::uint64_t> RocksDbStore::delete_timed_entries(TimePoint now, std::size_t limit,
                                                         Durability durability) {
  const std::lock_guard lock(write_mutex_);
  writer_.clear();
  std::uint64_t deleted = 0;
  {
    const ReadView view(*database_);
    std::string upper;
    append_time(upper, now + Duration{1});
    Range keys(view, Family::kTimedEnd, {}, std::move(upper));
    for (keys.seek_first(); keys.valid() && deleted < limit; keys.next(), ++deleted) {
      ByteReader reader(keys.key());
      TimedEntry entry{.key = {}, .value = {}, .until = from_sortable(reader.u64())};
      entry.key = reader.raw(reader.remaining());
      writer_.remove_entry(entry);
    }
    if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  }
  if (deleted == 0) return 0;
  if (auto ok = write(durability, Pressure::kWait); !ok) return std::unexpected(ok.error());
  return deleted;
}

// ---- In memory

void MemoryStore::put_entry(TimedEntry entry, std::span<const EnqueueOutcome> outcomes) {
  const std::string key = entry.key;
  timed_[key] = with_job_ids(std::move(entry), outcomes);
}

Result<TimedEntry> MemoryStore::timed_entry(const std::string& key, TimePoint now) const {
  const std::shared_lock lock(mutex_);
  const auto found = timed_.find(key);
  if (found == timed_.end() || found->second.until <= now) return none();
  return TimedEntry{.key = key, .value = found->second.value, .until = found->second.until};
}

Result<std::uint64_t> MemoryStore::delete_timed_entries(TimePoint now, std::size_t limit,
                                                        Durability) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<TimePoint, std::string>> over;
  for (const auto& [key, entry] : timed_) {
    if (entry.until <= now) over.emplace_back(entry.until, key);
  }
  std::ranges::sort(over);
  if (over.size() > limit) over.resize(limit);
  for (const auto& [until, key] : over) timed_.erase(key);
  return over.size();
}

}  // namespace townkrier::persistence
