#include "persistence/batch_writer.hpp"

#include <algorithm>
#include <utility>

#include "persistence/record_codec.hpp"
#include "persistence/stored_records.hpp"
#include "persistence/stored_size.hpp"

namespace townkrier::persistence {
namespace {

/// A batch that grew beyond this gives its memory back.
constexpr std::size_t kKeptBatchBytes = 8u << 20;

}  // namespace

void WriteEffects::clear() {
  ledger.clear();
  for (auto& rows : lowest) rows.clear();
  touched.clear();
  settled.clear();
}

void BatchWriter::clear() {
  if (batch_.GetDataSize() > kKeptBatchBytes) batch_ = rocksdb::WriteBatch(1u << 20);
  batch_.Clear();
  effects_.clear();
  holders_.clear();
  messages_.clear();
  ended_.clear();
  gone_.clear();
}

rocksdb::Slice BatchWriter::id_key(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

template <class Record>
void BatchWriter::put_record(Family family, rocksdb::Slice key, const Record& record) {
  value_.clear();
  encode(record, value_);
  batch_.Put(database_.family(family), key, value_);
}

void BatchWriter::put_index(Family family, std::size_t prefix_size, std::string_view value) {
  batch_.Put(database_.family(family), key_, value);
  const std::string_view prefix = std::string_view(key_).substr(0, prefix_size);
  std::string& lowest = effects_.lowest[static_cast<std::size_t>(family)][prefix];
  if (lowest.empty() || key_ < lowest) lowest = key_;
}

std::optional<BatchWriter::PlaceKey> BatchWriter::place_key(const JobEnvelope& envelope,
                                                            const JobPlace& place) {
  key_.clear();
  Family family = Family::kFinished;
  switch (place.status) {
    case JobStatus::kProcessing:
      return std::nullopt;
    case JobStatus::kPending:
      family = Family::kReady;
      append_lane(key_, envelope.queue, place.route, envelope.priority);
      break;
    case JobStatus::kScheduled:
    case JobStatus::kRetrying:
      family = Family::kDue;
      break;
    case JobStatus::kCompleted:
    case JobStatus::kFailed:
    case JobStatus::kCancelled:
      append_status(key_, place.status);
      break;
  }
  const std::size_t prefix_size = key_.size();
  append_position(key_, place.time, envelope.id);
  return PlaceKey{family, prefix_size};
}

void BatchWriter::enter(const Job& job, const JobPlace& place) {
  const auto key = place_key(*job.envelope, place);
  if (!key) return;
  value_.clear();
  if (key->family == Family::kFinished) {
    const std::uint64_t bytes = stored_bytes(job);
    append_varint(value_, bytes);
    ended_[job.id()] = bytes;
    effects_.ledger.add_size(to_string(place.status), 1, static_cast<std::int64_t>(bytes));
  }
  put_index(key->family, key->prefix_size, value_);
  if (key->family != Family::kReady) return;
  effects_.ledger.add_ready(std::string_view(key_).substr(0, key->prefix_size), 1);
}

Result<std::uint64_t> BatchWriter::size_at(Family family, std::string_view key) {
  auto stored = database_.get(family, key);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored || (*stored)->empty()) return 0;
  return ByteReader(**stored).varint();
}

Result<void> BatchWriter::leave(const JobEnvelope& envelope, const JobPlace& place) {
  const auto key = place_key(envelope, place);
  if (!key) return {};
  if (key->family == Family::kFinished) {
    const auto ended = ended_.find(envelope.id);
    auto bytes = ended == ended_.end() ? size_at(key->family, key_) : ended->second;
    if (!bytes) return std::unexpected(bytes.error());
    effects_.ledger.add_size(to_string(place.status), -1, -static_cast<std::int64_t>(*bytes));
  }
  erase(key->family, key_);
  if (key->family == Family::kReady) {
    effects_.ledger.add_ready(std::string_view(key_).substr(0, key->prefix_size), -1);
  }
  return {};
}

void BatchWriter::put_status(const JobEnvelope& envelope, JobStatus status) {
  effects_.ledger.add_job(envelope.queue, status, 1);
  if (status == JobStatus::kProcessing) return;
  key_.clear();
  append_status_key(key_, status, envelope.id);
  batch_.Put(database_.family(Family::kStatus), key_, {});
}

void BatchWriter::erase_status(const JobEnvelope& envelope, JobStatus status) {
  effects_.ledger.add_job(envelope.queue, status, -1);
  if (status == JobStatus::kProcessing) return;
  key_.clear();
  append_status_key(key_, status, envelope.id);
  erase(Family::kStatus, key_);
}

Result<std::optional<JobId>> BatchWriter::holder_of(const std::string& unique_key) {
  if (const auto found = holders_.find(unique_key); found != holders_.end()) return found->second;
  auto stored = database_.get(Family::kUnique, unique_key);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  return id_at_end(**stored);
}

Result<void> BatchWriter::acquire(const JobEnvelope& envelope) {
  if (envelope.unique_key.empty()) return {};
  auto holder = holder_of(envelope.unique_key);
  if (!holder) return std::unexpected(holder.error());
  // A job that is retried while another one holds its key runs without it.
  if (*holder) return {};
  batch_.Put(database_.family(Family::kUnique), envelope.unique_key, id_key(envelope.id));
  holders_[envelope.unique_key] = envelope.id;
  return {};
}

Result<void> BatchWriter::release(const JobEnvelope& envelope) {
  if (envelope.unique_key.empty()) return {};
  auto holder = holder_of(envelope.unique_key);
  if (!holder) return std::unexpected(holder.error());
  if (*holder != envelope.id) return {};
  erase(Family::kUnique, envelope.unique_key);
  holders_[envelope.unique_key] = std::nullopt;
  return {};
}

Result<EnqueueOutcome> BatchWriter::add(const NewJob& added) {
  const JobEnvelope& envelope = *added.job.envelope;
  if (!envelope.unique_key.empty() && !is_terminal(added.job.status())) {
    auto holder = holder_of(envelope.unique_key);
    if (!holder) return std::unexpected(holder.error());
    if (*holder) return EnqueueOutcome{**holder, true};
    if (auto ok = acquire(envelope); !ok) return std::unexpected(ok.error());
  }
  put_job(added.job);
  if (added.job.status() == JobStatus::kProcessing) put_state(added.job);
  put_status(envelope, added.job.status());
  enter(added.job, place_of(envelope, added.job.state));
  for (const auto& row : added.logs) add_row(row, &added.job);
  return EnqueueOutcome{envelope.id, false};
}

void BatchWriter::put_job(const Job& job) {
  put_record(Family::kJobs, id_key(job.id()), job);
}

void BatchWriter::put_state(const Job& job) {
  if (job.status() == JobStatus::kProcessing) {
    put_record(Family::kRunning, running_key(job.id()), job.state);
  } else {
    put_record(Family::kState, id_key(job.id()), job.state);
  }
}

// Readers take the newest of these: a job record that has ended, `running`, `state`, the job record.
void BatchWriter::put_parts(const JobChange& change) {
  const JobId& id = change.job.id();
  const bool had_ended = is_terminal(change.before.status);
  const bool ended = is_terminal(change.job.status());
  if (had_ended || change.rewrite_envelope) put_job(change.job);
  if (had_ended) erase(Family::kState, id_key(id));
  const bool job_record_says_it = had_ended || (ended && change.rewrite_envelope);
  if (!job_record_says_it || change.job.status() == JobStatus::kProcessing) put_state(change.job);
  if (change.before.status == JobStatus::kProcessing &&
      change.job.status() != JobStatus::kProcessing) {
    erase(Family::kRunning, running_key(id));
  }
}

Result<void> BatchWriter::add(const JobChange& change) {
  const JobEnvelope& envelope = *change.job.envelope;
  const JobPlace after = place_of(envelope, change.job.state);
  put_parts(change);
  if (after != change.before) {
    if (auto ok = leave(envelope, change.before); !ok) return ok;
    enter(change.job, after);
  }
  if (after.status != change.before.status) {
    erase_status(envelope, change.before.status);
    put_status(envelope, after.status);
  }
  if (is_terminal(after.status) != is_terminal(change.before.status)) {
    auto ok = is_terminal(after.status) ? release(envelope) : acquire(envelope);
    if (!ok) return ok;
  }
  for (const auto& each : change.logs) {
    if (auto ok = add(change.job, each); !ok) return ok;
  }
  for (const auto& each : change.inbox) {
    if (auto ok = add(each); !ok) return ok;
  }
  for (const auto& each : change.children) {
    if (auto ok = add(each); !ok) return std::unexpected(ok.error());
  }
  return {};
}

Result<void> BatchWriter::add(const JobRemoval& removal) {
  const JobEnvelope& envelope = *removal.job.envelope;
  erase(Family::kJobs, id_key(envelope.id));
  erase(Family::kState, id_key(envelope.id));
  if (removal.before.status == JobStatus::kProcessing) {
    erase(Family::kRunning, running_key(envelope.id));
  }
  if (auto ok = part_from_rows(removal.job); !ok) return ok;
  if (auto ok = leave(envelope, removal.before); !ok) return ok;
  erase_status(envelope, removal.before.status);
  return is_terminal(removal.before.status) ? Result<void>{} : release(envelope);
}

Result<std::optional<LogStatus>> BatchWriter::present_status(const Job& job,
                                                             const DeliveryLog& log) {
  const LogId& id = job.state.deliveries[log.delivery].log_id;
  if (!doubts_(id, job.envelope->created_at)) return log.previous;
  if (gone_.contains(id)) return std::nullopt;
  if (!effects_.settled.insert(id).second) return log.previous;
  const bool by_hand = doubts_.touched.contains(id);
  if (by_hand) erase_touched(id);
  auto row = stored_row(id);
  if (!row) return std::unexpected(row.error());
  if (!*row) gone_.insert(id);
  if (!*row) return std::nullopt;
  return by_hand ? (*row)->status : log.previous;
}

Result<std::optional<NotificationLog>> BatchWriter::stored_row(const LogId& id) {
  auto bytes = database_.get(Family::kLogs, id_key(id).ToStringView());
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto row = decode_log(id, **bytes);
  if (!row) return std::unexpected(row.error());
  return std::move(*row);
}

void BatchWriter::erase_touched(const LogId& id) {
  key_.assign(1, MetaKey::kTouched);
  append_id(key_, id);
  erase(Family::kMeta, key_);
}

// The row stays as it is: it is read together with the delivery. One that is gone stays gone.
Result<void> BatchWriter::add(const Job& job, const DeliveryLog& log) {
  auto present = present_status(job, log);
  if (!present) return std::unexpected(present.error());
  if (!*present) return {};
  const Delivery& delivery = job.state.deliveries[log.delivery];
  count_log_move(delivery.channel, *present, delivery.status);
  return {};
}

// A row keeps its job's last word, unless somebody changed it after that, and is found by itself.
Result<void> BatchWriter::part_from_rows(const Job& job) {
  for (const Delivery& delivery : job.state.deliveries) {
    if (delivery.log_id.is_nil()) continue;
    auto row = stored_row(delivery.log_id);
    if (!row) return std::unexpected(row.error());
    if (!*row || (*row)->job_id != job.id()) continue;
    each_log_ref(**row, [&] { batch_.Put(database_.family(Family::kLogRef), key_, {}); });
    const bool by_hand = doubts_.touched.contains(delivery.log_id) &&
                         !effects_.settled.contains(delivery.log_id);
    if (!by_hand) put_record(Family::kLogState, id_key(delivery.log_id), delivery);
  }
  return {};
}

void BatchWriter::count_log_move(const std::string& channel, std::optional<LogStatus> present,
                                 LogStatus next) {
  if (present == next) return;
  if (present) effects_.ledger.add_log(channel, *present, -1);
  effects_.ledger.add_log(channel, next, 1);
}

void BatchWriter::add_row(const NotificationLog& row, const Job* job) {
  put_record(Family::kLogs, id_key(row.id), row);
  count_log_move(row.channel, std::nullopt, row.status);
  key_.clear();
  append_position(key_, row.created_at, row.id);
  put_index(Family::kLogTime, 0);
  if (job != nullptr && is_found_by_job(row, *job)) return;
  each_log_ref(row, [&] { batch_.Put(database_.family(Family::kLogRef), key_, {}); });
}

template <class Use>
void BatchWriter::each_log_ref(const NotificationLog& row, Use use) {
  key_.clear();
  append_log_subject(key_, row.notification_id);
  const std::size_t subject = key_.size();
  const bool same = row.job_id && subject == 17 && id_at_end(key_) == row.job_id;
  append_position(key_, row.created_at, row.id);
  use();
  if (!row.job_id || same) return;
  key_.clear();
  append_log_subject(key_, *row.job_id);
  append_position(key_, row.created_at, row.id);
  use();
}

void BatchWriter::add_by_hand(const NotificationLog& row, std::optional<LogStatus> present) {
  if (!present) return add_row(row, nullptr);
  put_record(Family::kLogs, id_key(row.id), row);
  erase(Family::kLogState, id_key(row.id));  // the row says it all
  count_log_move(row.channel, present, row.status);
  // The engine does not learn of it: its next write of the row has to look.
  if (!row.job_id) return;
  key_.assign(1, MetaKey::kTouched);
  append_id(key_, row.id);
  batch_.Put(database_.family(Family::kMeta), key_, {});
  effects_.touched.push_back(row.id);
}

void BatchWriter::remove_log(const NotificationLog& row) {
  erase(Family::kLogs, id_key(row.id));
  erase(Family::kLogState, id_key(row.id));
  key_.clear();
  append_position(key_, row.created_at, row.id);
  erase(Family::kLogTime, key_);
  each_log_ref(row, [&] { erase(Family::kLogRef, key_); });
  effects_.ledger.add_log(row.channel, row.status, -1);
  if (!doubts_.touched.contains(row.id)) return;
  erase_touched(row.id);
  effects_.settled.insert(row.id);
}

void BatchWriter::set_log_floor(TimePoint floor) {
  value_.clear();
  append_time(value_, floor);
  batch_.Put(database_.family(Family::kMeta), std::string(1, MetaKey::kLogFloor), value_);
}

Result<void> BatchWriter::add(const InboxMessage& message) {
  key_.clear();
  append_key_text(key_, message.user_id);
  append_id(key_, message.id);
  if (!messages_.insert(key_).second) return {};
  auto stored = database_.get(Family::kInboxId, key_);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) return {};
  value_.clear();
  append_time(value_, message.created_at);
  batch_.Put(database_.family(Family::kInboxId), key_, value_);
  key_.clear();
  append_inbox_key(key_, message.user_id, message.created_at, message.id);
  put_record(Family::kInbox, key_, message);
  if (!message.read) effects_.ledger.add_unread(message.user_id, 1);
  const std::uint64_t bytes = stored_bytes(message);
  effects_.ledger.add_size(kInboxSize, 1, static_cast<std::int64_t>(bytes));
  value_.clear();
  append_varint(value_, bytes);
  key_.clear();
  append_inbox_time_key(key_, {message.created_at, message.id}, message.user_id);
  put_index(Family::kInboxTime, 0, value_);
  return {};
}

Result<void> BatchWriter::remove_message(const InboxMessage& message) {
  key_.clear();
  append_inbox_time_key(key_, {message.created_at, message.id}, message.user_id);
  auto bytes = size_at(Family::kInboxTime, key_);
  if (!bytes) return std::unexpected(bytes.error());
  effects_.ledger.add_size(kInboxSize, -1, -static_cast<std::int64_t>(*bytes));
  erase(Family::kInboxTime, key_);
  key_.clear();
  append_inbox_key(key_, message.user_id, message.created_at, message.id);
  erase(Family::kInbox, key_);
  key_.clear();
  append_key_text(key_, message.user_id);
  append_id(key_, message.id);
  erase(Family::kInboxId, key_);
  if (!message.read) effects_.ledger.add_unread(message.user_id, -1);
  return {};
}

void BatchWriter::mark_read(InboxMessage message, TimePoint at) {
  message.read = true;
  message.read_at = at;
  key_.clear();
  append_inbox_key(key_, message.user_id, message.created_at, message.id);
  put_record(Family::kInbox, key_, message);
  effects_.ledger.add_unread(message.user_id, -1);
}

void BatchWriter::add_setting(std::string_view name, std::string_view value) {
  key_.assign(1, MetaKey::kSetting);
  key_.append(name);
  batch_.Put(database_.family(Family::kMeta), key_, value);
}

void BatchWriter::put_counts(char letter, std::string_view name,
                             std::span<const std::uint64_t> counts) {
  key_.assign(1, letter);
  key_.append(name);
  if (std::ranges::all_of(counts, [](auto count) { return count == 0; })) {
    erase(Family::kMeta, key_);
    return;
  }
  value_.clear();
  encode_counts(counts, value_);
  batch_.Put(database_.family(Family::kMeta), key_, value_);
}

void BatchWriter::put_rows(const LedgerRows& rows) {
  for (const auto& [name, counts] : rows.queues) put_counts(MetaKey::kQueue, name, counts);
  for (const auto& [name, counts] : rows.lanes) put_counts(MetaKey::kLane, name, counts);
  for (const auto& [name, counts] : rows.channels) put_counts(MetaKey::kChannel, name, counts);
  for (const auto& [name, counts] : rows.unread) put_counts(MetaKey::kUnread, name, counts);
  for (const auto& [name, counts] : rows.sizes) put_counts(MetaKey::kSize, name, counts);
}

}  // namespace townkrier::persistence
