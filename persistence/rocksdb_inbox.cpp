/// In-app messages in the RocksDB store.

#include <utility>

#include "persistence/cursor.hpp"
#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_store.hpp"
#include "persistence/stored_size.hpp"

namespace townkrier::persistence {
namespace {

constexpr char kInboxCursor = 'i';

std::string user_prefix(const std::string& user_id) {
  std::string prefix;
  append_key_text(prefix, user_id);
  return prefix;
}

Result<InboxMessage> message_at(const Range& keys, const std::string& user_id) {
  const auto at = inbox_position(keys.key());
  if (!at) return fail(Errc::kCorruption, "an inbox key is damaged; run townkrier fsck");
  return decode_inbox(user_id, at->id, keys.value());
}

}  // namespace

Result<InboxPage> RocksDbStore::inbox(const std::string& user_id, std::size_t limit,
                                      const std::optional<std::string>& cursor,
                                      bool unread_only) const {
  if (auto ok = check_page(limit, 0); !ok) return std::unexpected(ok.error());
  auto after = parse_cursor(kInboxCursor, cursor);
  if (!after) return std::unexpected(after.error());
  InboxPage page;
  if (user_id.size() > kMaxKeyText) return page;
  {
    const std::shared_lock lock(ledger_mutex_);
    page.unread = ledger_.unread(user_id);
  }
  const ReadView view(*database_);
  const std::string prefix = user_prefix(user_id);
  Range keys(view, Family::kInbox, prefix, prefix_end(prefix));
  keys.seek_first();
  if (*after) {
    std::string start;
    append_inbox_key(start, user_id, (*after)->time, (*after)->id);
    keys.seek(start);
    if (keys.valid() && keys.key() == start) keys.next();
  }
  for (std::size_t scanned = 0; keys.valid(); keys.next()) {
    auto message = message_at(keys, user_id);
    if (!message) return std::unexpected(message.error());
    const bool wanted = !unread_only || !message->read;
    const bool full = page.messages.size() == limit;
    if ((wanted && full) || ++scanned > kScanLimit) {
      keys.prev();
      const auto last =
          full ? IndexPosition{page.messages.back().created_at, page.messages.back().id}
               : *inbox_position(keys.key());
      page.next = make_cursor(kInboxCursor, last);
      return page;
    }
    if (wanted) page.messages.push_back(std::move(*message));
  }
  if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  return page;
}

Result<std::vector<InboxMessage>> RocksDbStore::unread_messages(const ReadView& view,
                                                                const std::string& user_id) const {
  std::vector<InboxMessage> unread;
  const std::uint64_t expected = ledger_.unread(user_id);
  const std::string prefix = user_prefix(user_id);
  Range keys(view, Family::kInbox, prefix, prefix_end(prefix));
  for (keys.seek_first(); keys.valid() && unread.size() < expected; keys.next()) {
    auto message = message_at(keys, user_id);
    if (!message) return std::unexpected(message.error());
    if (!message->read) unread.push_back(std::move(*message));
  }
  if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  return unread;
}

Result<InboxMessage> RocksDbStore::stored_message(const std::string& user_id,
                                                  const LogId& id) const {
  const auto unknown = fail(Errc::kNotFound, "no message has the id " + id.to_string());
  if (user_id.size() > kMaxKeyText) return unknown;
  std::string key = user_prefix(user_id);
  append_id(key, id);
  auto created = database_->get(Family::kInboxId, key);
  if (!created) return std::unexpected(created.error());
  if (!*created) return unknown;
  key.clear();
  append_inbox_key(key, user_id, from_sortable(ByteReader(**created).u64()), id);
  auto bytes = database_->get(Family::kInbox, key);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return fail(Errc::kCorruption, "an inbox index is damaged; run townkrier fsck");
  return decode_inbox(user_id, id, **bytes);
}

Result<std::uint64_t> RocksDbStore::mark_read(const std::string& user_id, const LogId& id,
                                              TimePoint at, Durability durability) {
  const std::lock_guard lock(write_mutex_);
  std::vector<InboxMessage> unread;
  if (id.is_nil()) {
    if (user_id.size() > kMaxKeyText) return 0;
    auto all = unread_messages(ReadView(*database_), user_id);
    if (!all) return std::unexpected(all.error());
    unread = std::move(*all);
  } else {
    auto message = stored_message(user_id, id);
    if (!message) return std::unexpected(message.error());
    if (!message->read) unread.push_back(std::move(*message));
  }
  if (unread.empty()) return 0;
  writer_.clear();
  const std::uint64_t count = unread.size();
  for (auto& message : unread) writer_.mark_read(std::move(message), at);
  if (auto ok = write(durability, Pressure::kWait); !ok) return std::unexpected(ok.error());
  return count;
}

Result<StoredSize> RocksDbStore::inbox_size() const {
  const std::shared_lock lock(ledger_mutex_);
  return ledger_.size(kInboxSize);
}

Result<std::uint64_t> RocksDbStore::delete_messages(TimePoint older_than, std::size_t limit,
                                                    Durability durability) {
  const std::lock_guard lock(write_mutex_);
  std::string upper;
  append_time(upper, older_than);
  writer_.clear();
  std::uint64_t deleted = 0;
  {
    const ReadView view(*database_);
    Range keys(view, Family::kInboxTime, {}, std::move(upper));
    for (keys.seek_first(); keys.valid() && deleted < limit; keys.next(), ++deleted) {
      const auto found = parse_inbox_time(keys.key());
      if (!found) return fail(Errc::kCorruption, "an inbox key is damaged; run townkrier fsck");
      auto message = stored_message(found->user, found->at.id);
      if (!message) return std::unexpected(message.error());
      if (auto ok = writer_.remove_message(*message); !ok) return std::unexpected(ok.error());
    }
    if (auto ok = keys.status(); !ok) return std::unexpected(ok.error());
  }
  if (deleted == 0) return 0;
  if (auto ok = write(durability, Pressure::kWait); !ok) return std::unexpected(ok.error());
  return deleted;
}

}  // namespace townkrier::persistence
