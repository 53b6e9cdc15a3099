/// The audit log in the RocksDB store.

#include <utility>

#include "persistence/audit_trail.hpp"
#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_store.hpp"

namespace townkrier::persistence {
namespace {

Result<AuditEntry> entry_at(const Range& keys) {
  const auto id = id_at_end(keys.key());
  if (!id) return fail(Errc::kCorruption, "an audit key is damaged; run townkrier fsck");
  return decode_audit(*id, keys.value());
}

}  // namespace

Result<void> RocksDbStore::count_audit() {
  if (audit_rows_) return {};
  const ReadView view(*database_);
  Range keys(view, Family::kAudit, "", "");
  std::uint64_t rows = 0;
  for (keys.seek_first(); keys.valid(); keys.next()) ++rows;
  if (auto ok = keys.status(); !ok) return ok;
  audit_rows_ = rows;
  return {};
}

Result<std::uint64_t> RocksDbStore::drop_old_audit(std::uint64_t rows, rocksdb::WriteBatch& batch) {
  if (rows <= kMaxAuditEntries + kAuditSlack) return 0;
  const std::uint64_t surplus = rows - kMaxAuditEntries;
  const ReadView view(*database_);
  Range keys(view, Family::kAudit, audit_floor_, "");
  std::uint64_t dropped = 0;
  for (keys.seek_first(); keys.valid() && dropped < surplus; keys.next(), ++dropped) {
    batch.Delete(database_->family(Family::kAudit), keys.key());
    audit_floor_ = keys.key();
  }
  if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  return dropped;
}

Result<void> RocksDbStore::append_audit(std::span<const AuditEntry> entries,
                                        Durability durability) {
  const std::lock_guard lock(write_mutex_);
  if (auto ok = database_->errors().check_fatal(); !ok) return ok;
  if (auto ok = count_audit(); !ok) return ok;
  rocksdb::WriteBatch batch;
  std::string key;
  std::string value;
  for (const AuditEntry& entry : entries) {
    key.clear();
    value.clear();
    append_id(key, entry.id);
    encode(stored_form(entry), value);
    batch.Put(database_->family(Family::kAudit), key, value);
  }
  const std::uint64_t rows = *audit_rows_ + entries.size();
  const auto dropped = drop_old_audit(rows, batch);
  if (!dropped) return std::unexpected(dropped.error());
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kFsync;
  const auto status = database_->db().Write(options, &batch);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot write to the store"));
  audit_rows_ = rows - *dropped;
  return {};
}

Result<AuditPage> RocksDbStore::audit(const AuditFilter& filter) const {
  if (auto ok = check_page(filter.limit, 0); !ok) return std::unexpected(ok.error());
  const auto after = parse_audit_cursor(filter.cursor);
  if (!after) return std::unexpected(after.error());
  const ReadView view(*database_);
  std::string upper;
  if (*after) append_id(upper, **after);
  Range keys(view, Family::kAudit, "", upper);
  AuditPage page;
  std::size_t scanned = 0;
  for (keys.seek_last(); keys.valid(); keys.prev()) {
    auto entry = entry_at(keys);
    if (!entry) return std::unexpected(entry.error());
    const Uuid id = entry->id;
    if (matches(filter, *entry)) page.entries.push_back(std::move(*entry));
    if (page.entries.size() < filter.limit && ++scanned < kScanLimit) continue;
    page.next = audit_cursor(id);
    break;
  }
  if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  return page;
}

}  // namespace townkrier::persistence
