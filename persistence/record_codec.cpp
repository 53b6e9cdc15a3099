#include "persistence/record_codec.hpp"

#include <bit>
#include <utility>

#include "persistence/bytes.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::uint8_t kJobVersion = 2;
constexpr std::uint8_t kStateVersion = 2;
constexpr std::uint8_t kLogVersion = 1;
constexpr std::uint8_t kDeliveryVersion = 2;
constexpr std::uint8_t kInboxVersion = 1;
constexpr std::uint8_t kAuditVersion = 1;
constexpr std::size_t kPrivacyCount = 3;
constexpr std::size_t kStrategyCount = 3;

/// Collects which optional fields a record has; written in front of them.
class Presence {
 public:
  template <class T>
  Presence& field(const std::optional<T>& value) {
    bits_ |= std::uint64_t{value.has_value()} << count_++;
    return *this;
  }
  Presence& flag(bool value) {
    bits_ |= std::uint64_t{value} << count_++;
    return *this;
  }
  void append_to(std::string& out) const { append_varint(out, bits_); }

 private:
  std::uint64_t bits_ = 0;
  int count_ = 0;
};

/// Takes the bits in the order in which Presence got them.
class PresenceReader {
 public:
  explicit PresenceReader(ByteReader& in) : bits_(in.varint()) {}
  bool next() {
    const bool bit = bits_ & 1;
    bits_ >>= 1;
    return bit;
  }
  /// A bit beyond the known fields: written by a version we do not know.
  bool exhausted() const { return bits_ == 0; }

 private:
  std::uint64_t bits_;
};

void append_time_field(std::string& out, TimePoint time) {
  append_signed(out, time.time_since_epoch().count());
}
void append_field(std::string& out, const std::optional<TimePoint>& time) {
  if (time) append_time_field(out, *time);
}
void append_field(std::string& out, const std::optional<Duration>& duration) {
  if (duration) append_signed(out, duration->count());
}
void append_field(std::string& out, const std::optional<std::string>& text) {
  if (text) append_text(out, *text);
}

std::optional<TimePoint> time_field(ByteReader& in, bool present) {
  if (!present) return std::nullopt;
  return in.time();
}
std::optional<std::string> text_field(ByteReader& in, bool present) {
  if (!present) return std::nullopt;
  return std::string(in.text());
}
std::string text(ByteReader& in) {
  return std::string(in.text());
}
JsonText json(ByteReader& in) {
  return JsonText::trusted(text(in));
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  append_varint(out, texts.size());
  for (const auto& each : texts) append_text(out, each);
}

std::vector<std::string> texts(ByteReader& in) {
  std::vector<std::string> all;
  for (auto left = in.count(); left > 0 && in.ok(); --left) all.push_back(text(in));
  return all;
}

void append_tries(std::string& out, const std::vector<RetryLog>& tries) {
  append_varint(out, tries.size());
  for (const auto& each : tries) {
    Presence().field(each.duration).append_to(out);
    append_varint(out, each.attempt);
    append_time_field(out, each.timestamp);
    append_u8(out, static_cast<std::uint8_t>(each.status));
    append_text(out, each.error);
    append_field(out, each.duration);
  }
}

std::vector<RetryLog> tries(ByteReader& in) {
  std::vector<RetryLog> all;
  for (auto left = in.count(); left > 0 && in.ok(); --left) {
    PresenceReader has(in);
    RetryLog each;
    each.attempt = in.varint32();
    each.timestamp = in.time();
    each.status = in.enumerator<LogStatus>(kLogStatusCount);
    each.error = text(in);
    if (has.next()) each.duration = in.duration();
    if (!has.exhausted()) in.fail();
    all.push_back(std::move(each));
  }
  return all;
}

void append_delivery(std::string& out, const Delivery& delivery) {
  Presence()
      .field(delivery.sent_at)
      .field(delivery.delivered_at)
      .field(delivery.failed_at)
      .field(delivery.next_attempt_at)
      .append_to(out);
  append_text(out, delivery.channel);
  append_id(out, delivery.log_id);
  append_u8(out, static_cast<std::uint8_t>(delivery.status));
  append_varint(out, delivery.attempts);
  append_text(out, delivery.provider);
  append_text(out, delivery.message_id);
  append_text(out, delivery.error);
  append_field(out, delivery.sent_at);
  append_field(out, delivery.delivered_at);
  append_field(out, delivery.failed_at);
  append_field(out, delivery.next_attempt_at);
  append_time_field(out, delivery.updated_at);
  append_tries(out, delivery.tries);
}

Delivery delivery(ByteReader& in) {
  PresenceReader has(in);
  Delivery one;
  one.channel = text(in);
  one.log_id = in.id();
  one.status = in.enumerator<LogStatus>(kLogStatusCount);
  one.attempts = in.varint32();
  one.provider = text(in);
  one.message_id = text(in);
  one.error = text(in);
  one.sent_at = time_field(in, has.next());
  one.delivered_at = time_field(in, has.next());
  one.failed_at = time_field(in, has.next());
  one.next_attempt_at = time_field(in, has.next());
  one.updated_at = in.time();
  one.tries = tries(in);
  if (!has.exhausted()) in.fail();
  return one;
}

void append_history(std::string& out, const HistoryEntry& entry) {
  Presence().field(entry.duration).append_to(out);
  append_time_field(out, entry.timestamp);
  append_varint(out, entry.attempt);
  append_u8(out, static_cast<std::uint8_t>(entry.status));
  append_text(out, entry.message);
  append_text(out, entry.error);
  append_field(out, entry.duration);
}

HistoryEntry history(ByteReader& in) {
  PresenceReader has(in);
  HistoryEntry entry;
  entry.timestamp = in.time();
  entry.attempt = in.varint32();
  entry.status = in.enumerator<JobStatus>(kJobStatusCount);
  entry.message = text(in);
  entry.error = text(in);
  if (has.next()) entry.duration = in.duration();
  if (!has.exhausted()) in.fail();
  return entry;
}

void append_progress(std::string& out, const JobProgress& progress) {
  append_u64(out, std::bit_cast<std::uint64_t>(progress.fraction));
  append_varint(out, progress.done);
  append_varint(out, progress.total);
  append_text(out, progress.message);
  append_time_field(out, progress.updated_at);
}

JobProgress progress(ByteReader& in) {
  JobProgress progress;
  progress.fraction = std::bit_cast<double>(in.u64());
  if (!(progress.fraction >= 0.0 && progress.fraction <= 1.0)) in.fail();
  progress.done = in.varint();
  progress.total = in.varint();
  progress.message = text(in);
  progress.updated_at = in.time();
  return progress;
}

bool has_log(const JobState& state) {
  return !state.log.empty() || state.log_dropped > 0;
}

void append_job_log(std::string& out, const JobState& state) {
  append_varint(out, state.log_dropped);
  append_varint(out, state.log.size());
  for (const auto& line : state.log) {
    append_time_field(out, line.timestamp);
    append_varint(out, line.attempt);
    append_text(out, line.text);
  }
}

void read_job_log(ByteReader& in, JobState& state) {
  state.log_dropped = in.varint();
  for (auto left = in.count(); left > 0 && in.ok(); --left) {
    JobLogLine line;
    line.timestamp = in.time();
    line.attempt = in.varint32();
    line.text = text(in);
    state.log.push_back(std::move(line));
  }
}

void append_part(std::string& out, const PayloadPart& part) {
  append_varint(out, part.content_begin);
  append_varint(out, part.content_size);
  append_varint(out, part.recipient_begin);
  append_varint(out, part.recipient_size);
}

/// A part must lie within the payload.
PayloadPart part(ByteReader& in, std::size_t payload_size) {
  PayloadPart one;
  one.content_begin = in.varint32();
  one.content_size = in.varint32();
  one.recipient_begin = in.varint32();
  one.recipient_size = in.varint32();
  if (std::uint64_t{one.content_begin} + one.content_size > payload_size ||
      std::uint64_t{one.recipient_begin} + one.recipient_size > payload_size) {
    in.fail();
  }
  return one;
}

void append_plan(std::string& out, const DeliveryPlan& plan) {
  const MessagePolicy& policy = plan.policy;
  Presence().flag(policy.critical).field(policy.digest).append_to(out);
  append_u8(out, static_cast<std::uint8_t>(plan.strategy));
  append_varint(out, plan.fallbacks.size());
  for (const auto& each : plan.fallbacks) {
    Presence().field(each.after).append_to(out);
    append_text(out, each.channel);
    append_text(out, each.instead_of);
    append_field(out, each.after);
  }
  append_text(out, policy.category);
  append_text(out, policy.time_zone);
  if (!policy.digest) return;
  append_text(out, policy.digest->key);
  append_signed(out, policy.digest->window.count());
}

ChannelFallback fallback(ByteReader& in) {
  PresenceReader has(in);
  ChannelFallback one;
  one.channel = text(in);
  one.instead_of = text(in);
  if (has.next()) one.after = in.duration();
  if (!has.exhausted()) in.fail();
  return one;
}

DeliveryPlan plan(ByteReader& in) {
  PresenceReader has(in);
  DeliveryPlan one;
  one.policy.critical = has.next();
  const bool has_digest = has.next();
  one.strategy = in.enumerator<ChannelStrategy>(kStrategyCount);
  for (auto left = in.count(); left > 0 && in.ok(); --left) one.fallbacks.push_back(fallback(in));
  one.policy.category = text(in);
  one.policy.time_zone = text(in);
  if (has_digest) {
    std::string key = text(in);
    one.policy.digest = DigestOptions{std::move(key), in.duration()};
  }
  if (!has.exhausted()) in.fail();
  return one;
}

std::unexpected<Error> damaged(std::string_view record) {
  return townkrier::fail(Errc::kCorruption,
                         "a stored " + std::string(record) + " record is damaged");
}

std::unexpected<Error> unknown_version(std::string_view record, int version) {
  return townkrier::fail(Errc::kCorruption, "a stored " + std::string(record) +
                                                " record has the unknown version " +
                                                std::to_string(version));
}

/// The end of every decoder: the record must have been read to its last byte.
template <class T>
Result<T> finished(const ByteReader& in, const PresenceReader& has, T value,
                   std::string_view record) {
  if (!in.ok() || !in.at_end() || !has.exhausted()) return damaged(record);
  return value;
}

}  // namespace

namespace {

void append_envelope(std::string& out, const JobEnvelope& envelope) {
  const bool planned = !(envelope.plan == DeliveryPlan{});
  Presence().field(envelope.scheduled_for).flag(planned).append_to(out);
  append_text(out, envelope.kind);
  append_text(out, envelope.queue);
  append_u8(out, envelope.priority);
  append_varint(out, envelope.max_retries);
  append_signed(out, envelope.retry_delay.count());
  append_signed(out, envelope.timeout.count());
  append_field(out, envelope.scheduled_for);
  append_text(out, envelope.unique_key);
  append_time_field(out, envelope.created_at);
  append_texts(out, envelope.tags);
  append_text(out, envelope.metadata.text());
  append_text(out, envelope.payload.text());
  append_text(out, envelope.masked.text());
  append_varint(out, envelope.parts.size());
  for (const auto& part : envelope.parts) append_part(out, part);
  if (planned) append_plan(out, envelope.plan);
}

Result<JobEnvelope> envelope(ByteReader& in, const JobId& id) {
  PresenceReader has(in);
  JobEnvelope read;
  read.id = id;
  read.kind = text(in);
  read.queue = text(in);
  read.priority = in.u8();
  read.max_retries = in.varint32();
  read.retry_delay = in.duration();
  read.timeout = in.duration();
  read.scheduled_for = time_field(in, has.next());
  const bool planned = has.next();
  read.unique_key = text(in);
  read.created_at = in.time();
  read.tags = texts(in);
  read.metadata = json(in);
  read.payload = json(in);
  read.masked = json(in);
  for (auto left = in.count(); left > 0 && in.ok(); --left) {
    read.parts.push_back(part(in, read.payload.text().size()));
  }
  if (planned) read.plan = plan(in);
  return finished(in, has, std::move(read), "job");
}

}  // namespace

// version, size of the state, state, envelope: the state can be had without the rest.
void encode(const Job& job, std::string& out) {
  append_u8(out, kJobVersion);
  const std::size_t size_at = out.size();
  append_u32(out, 0);
  encode(job.state, out);
  std::string size;
  append_u32(size, static_cast<std::uint32_t>(out.size() - size_at - 4));
  out.replace(size_at, 4, size);
  append_envelope(out, *job.envelope);
}

namespace {

struct JobRecord {
  std::string_view state;
  ByteReader envelope;
};

Result<JobRecord> open_job(std::string_view bytes) {
  ByteReader in(bytes);
  if (const int version = in.u8(); version != kJobVersion) return unknown_version("job", version);
  const std::string_view state = in.raw(in.u32());
  if (!in.ok()) return damaged("job");
  return JobRecord{state, in};
}

}  // namespace

Result<Job> decode_job(const JobId& id, std::string_view bytes, std::string_view newer_state) {
  auto record = open_job(bytes);
  if (!record) return std::unexpected(record.error());
  auto read = envelope(record->envelope, id);
  if (!read) return std::unexpected(read.error());
  auto state = decode_state(newer_state);
  if (!state) return std::unexpected(state.error());
  return Job{std::make_shared<const JobEnvelope>(std::move(*read)), std::move(*state)};
}

Result<Job> decode_job(const JobId& id, std::string_view bytes) {
  auto record = open_job(bytes);
  if (!record) return std::unexpected(record.error());
  return decode_job(id, bytes, record->state);
}

Result<JobState> decode_job_state(std::string_view bytes) {
  auto record = open_job(bytes);
  if (!record) return std::unexpected(record.error());
  return decode_state(record->state);
}

Result<JobStatus> decode_job_status(std::string_view bytes) {
  auto record = open_job(bytes);
  if (!record) return std::unexpected(record.error());
  ByteReader in(record->state);
  if (const int version = in.u8(); version != kStateVersion) {
    return unknown_version("job state", version);
  }
  const auto status = in.enumerator<JobStatus>(kJobStatusCount);
  if (!in.ok()) return damaged("job state");
  return status;
}

void encode(const JobState& state, std::string& out) {
  append_u8(out, kStateVersion);
  append_u8(out, static_cast<std::uint8_t>(state.status));  // see decode_job_status
  Presence()
      .field(state.processed_at)
      .field(state.completed_at)
      .field(state.failed_at)
      .flag(!state.run_id.is_nil())
      .field(state.progress)
      .flag(has_log(state))
      .append_to(out);
  append_varint(out, state.attempts);
  append_varint(out, state.crashes);
  append_varint(out, state.begun);
  append_time_field(out, state.updated_at);
  append_time_field(out, state.due_at);
  append_field(out, state.processed_at);
  append_field(out, state.completed_at);
  append_field(out, state.failed_at);
  if (!state.run_id.is_nil()) append_id(out, state.run_id);
  append_text(out, state.error);
  append_text(out, state.result.text());
  append_varint(out, state.deliveries.size());
  for (const auto& each : state.deliveries) append_delivery(out, each);
  append_varint(out, state.history.size());
  for (const auto& each : state.history) append_history(out, each);
  if (state.progress) append_progress(out, *state.progress);
  if (has_log(state)) append_job_log(out, state);
}

Result<JobState> decode_state(std::string_view bytes) {
  ByteReader in(bytes);
  if (const int version = in.u8(); version != kStateVersion) {
    return unknown_version("job state", version);
  }
  JobState state;
  state.status = in.enumerator<JobStatus>(kJobStatusCount);
  PresenceReader has(in);
  state.attempts = in.varint32();
  state.crashes = in.varint32();
  state.begun = in.varint();
  state.updated_at = in.time();
  state.due_at = in.time();
  state.processed_at = time_field(in, has.next());
  state.completed_at = time_field(in, has.next());
  state.failed_at = time_field(in, has.next());
  if (has.next()) state.run_id = in.id();
  state.error = text(in);
  state.result = json(in);
  for (auto left = in.count(); left > 0 && in.ok(); --left)
    state.deliveries.push_back(delivery(in));
  for (auto left = in.count(); left > 0 && in.ok(); --left) state.history.push_back(history(in));
  if (has.next()) state.progress = progress(in);
  if (has.next()) read_job_log(in, state);
  return finished(in, has, std::move(state), "job state");
}

void encode(const NotificationLog& row, std::string& out) {
  append_u8(out, kLogVersion);
  append_text(out, row.channel);
  append_u8(out, static_cast<std::uint8_t>(row.status));
  // A job's row usually is named by its job: then the id is stored once, as 16 bytes.
  const bool named_by_job = row.job_id && row.notification_id == row.job_id->to_string();
  Presence()
      .field(row.job_id)
      .field(row.priority)
      .field(row.scheduled_for)
      .field(row.sent_at)
      .field(row.delivered_at)
      .field(row.failed_at)
      .field(row.subject)
      .field(row.content)
      .field(row.max_retries)
      .flag(named_by_job)
      .append_to(out);
  if (row.job_id) append_id(out, *row.job_id);
  if (row.priority) append_u8(out, *row.priority);
  append_field(out, row.scheduled_for);
  append_field(out, row.sent_at);
  append_field(out, row.delivered_at);
  append_field(out, row.failed_at);
  append_field(out, row.subject);
  append_field(out, row.content);
  if (row.max_retries) append_varint(out, *row.max_retries);
  if (!named_by_job) append_text(out, row.notification_id);
  append_text(out, row.recipient);
  append_u8(out, static_cast<std::uint8_t>(row.content_privacy));
  append_varint(out, row.attempts);
  append_text(out, row.error);
  append_text(out, row.metadata.text());
  append_texts(out, row.tags);
  append_time_field(out, row.created_at);
  append_time_field(out, row.updated_at);
  append_text(out, row.provider);
  append_text(out, row.message_id);
  append_tries(out, row.retry_logs);
}

Result<NotificationLog> decode_log(const LogId& id, std::string_view bytes) {
  ByteReader in(bytes);
  if (const int version = in.u8(); version != kLogVersion) return unknown_version("log", version);
  NotificationLog row;
  row.id = id;
  row.channel = text(in);
  row.status = in.enumerator<LogStatus>(kLogStatusCount);
  PresenceReader has(in);
  if (has.next()) row.job_id = in.id();
  if (has.next()) row.priority = in.u8();
  row.scheduled_for = time_field(in, has.next());
  row.sent_at = time_field(in, has.next());
  row.delivered_at = time_field(in, has.next());
  row.failed_at = time_field(in, has.next());
  row.subject = text_field(in, has.next());
  row.content = text_field(in, has.next());
  if (has.next()) row.max_retries = in.varint32();
  const bool named_by_job = has.next();
  if (named_by_job && !row.job_id) return damaged("log");
  row.notification_id = named_by_job ? row.job_id->to_string() : text(in);
  row.recipient = text(in);
  row.content_privacy = in.enumerator<ContentPrivacy>(kPrivacyCount);
  row.attempts = in.varint32();
  row.error = text(in);
  row.metadata = json(in);
  row.tags = texts(in);
  row.created_at = in.time();
  row.updated_at = in.time();
  row.provider = text(in);
  row.message_id = text(in);
  row.retry_logs = tries(in);
  return finished(in, has, std::move(row), "log");
}

void encode(const Delivery& delivery, std::string& out) {
  append_u8(out, kDeliveryVersion);
  append_delivery(out, delivery);
}

Result<Delivery> decode_delivery(std::string_view bytes) {
  ByteReader in(bytes);
  if (const int version = in.u8(); version != kDeliveryVersion) {
    return unknown_version("delivery", version);
  }
  Delivery read = delivery(in);
  if (!in.ok() || !in.at_end()) return damaged("delivery");
  return read;
}

void encode(const InboxMessage& message, std::string& out) {
  append_u8(out, kInboxVersion);
  Presence().field(message.read_at).flag(message.read).append_to(out);
  append_text(out, message.title);
  append_text(out, message.message);
  append_text(out, message.type);
  append_text(out, message.action_url);
  append_text(out, message.icon);
  append_text(out, message.data.text());
  append_field(out, message.read_at);
  append_time_field(out, message.created_at);
}

Result<InboxMessage> decode_inbox(const std::string& user_id, const LogId& id,
                                  std::string_view bytes) {
  ByteReader in(bytes);
  if (const int version = in.u8(); version != kInboxVersion) {
    return unknown_version("inbox", version);
  }
  PresenceReader has(in);
  InboxMessage message;
  message.id = id;
  message.user_id = user_id;
  message.title = text(in);
  message.message = text(in);
  message.type = text(in);
  message.action_url = text(in);
  message.icon = text(in);
  message.data = json(in);
  message.read_at = time_field(in, has.next());
  message.read = has.next();
  message.created_at = in.time();
  return finished(in, has, std::move(message), "inbox");
}

void encode(const AuditEntry& entry, std::string& out) {
  append_u8(out, kAuditVersion);
  append_time_field(out, entry.at);
  for (const auto* part :
       {&entry.actor, &entry.role, &entry.action, &entry.target, &entry.result}) {
    append_text(out, *part);
  }
  append_varint(out, entry.count);
}

Result<AuditEntry> decode_audit(const Uuid& id, std::string_view bytes) {
  ByteReader in(bytes);
  if (const int version = in.u8(); version != kAuditVersion) {
    return unknown_version("audit", version);
  }
  AuditEntry entry;
  entry.id = id;
  entry.at = in.time();
  for (auto* part : {&entry.actor, &entry.role, &entry.action, &entry.target, &entry.result}) {
    *part = text(in);
  }
  entry.count = in.varint();
  if (!in.ok() || !in.at_end()) return damaged("audit");
  return entry;
}

void encode_counts(std::span<const std::uint64_t> counts, std::string& out) {
  for (const auto count : counts) append_varint(out, count);
}

Result<void> decode_counts(std::string_view bytes, std::span<std::uint64_t> counts) {
  ByteReader in(bytes);
  // A status that is newer than the row has no count in it.
  for (auto& count : counts) count = in.at_end() ? 0 : in.varint();
  if (bytes.empty() || !in.ok() || !in.at_end()) return damaged("counter");
  return {};
}

}  // namespace townkrier::persistence
