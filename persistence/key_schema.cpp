#include "persistence/key_schema.hpp"

namespace townkrier::persistence {

void append_log_subject(std::string& key, std::string_view notification_id) {
  // Only the canonical form may share keys with ids: "A..." and "a..." are different texts.
  if (const auto id = Uuid::parse(notification_id); id && id->to_string() == notification_id) {
    append_log_subject(key, *id);
    return;
  }
  append_u8(key, 2);
  append_key_text(key, notification_id);
}

std::vector<std::string> log_subjects(std::string_view notification_id,
                                      const std::optional<JobId>& job) {
  std::vector<std::string> subjects(1);
  append_log_subject(subjects[0], notification_id);
  if (!job) return subjects;
  std::string by_job;
  append_log_subject(by_job, *job);
  if (by_job != subjects[0]) subjects.push_back(std::move(by_job));
  return subjects;
}

void append_inbox_key(std::string& key, std::string_view user, TimePoint created, const LogId& id) {
  append_key_text(key, user);
  append_u64(key, ~sortable(created));
  append_inverted_id(key, id);
}

void append_inbox_time_key(std::string& key, const IndexPosition& at, std::string_view user) {
  append_position(key, at.time, at.id);
  key.append(user);
}

std::optional<InboxTime> parse_inbox_time(std::string_view key) {
  if (key.size() < kPositionSize) return std::nullopt;
  return InboxTime{*position_at_end(key.substr(0, kPositionSize)),
                   std::string(key.substr(kPositionSize))};
}

std::optional<Uuid> id_at_end(std::string_view key) {
  const std::size_t size = Uuid{}.bytes.size();
  if (key.size() < size) return std::nullopt;
  return ByteReader(key.substr(key.size() - size)).id();
}

std::optional<Uuid> inverted_id_at_end(std::string_view key) {
  auto id = id_at_end(key);
  if (!id) return id;
  for (auto& byte : id->bytes) byte = static_cast<std::uint8_t>(~byte);
  return id;
}

std::optional<IndexPosition> position_at_end(std::string_view key) {
  if (key.size() < kPositionSize) return std::nullopt;
  ByteReader reader(key.substr(key.size() - kPositionSize));
  IndexPosition position;
  position.time = from_sortable(reader.u64());
  position.id = reader.id();
  return position;
}

std::optional<IndexPosition> inbox_position(std::string_view key) {
  if (key.size() < kPositionSize) return std::nullopt;
  ByteReader reader(key.substr(key.size() - kPositionSize));
  IndexPosition position;
  position.time = from_sortable(~reader.u64());
  position.id = *inverted_id_at_end(key);
  return position;
}

std::optional<ParsedLane> parse_lane(std::string_view key) {
  ByteReader reader(key);
  ParsedLane parsed;
  parsed.lane.queue = reader.raw(reader.u16());
  parsed.lane.route = reader.raw(reader.u16());
  parsed.lane.priority = static_cast<Priority>(255 - reader.u8());
  if (!reader.ok()) return std::nullopt;
  parsed.size = key.size() - reader.remaining();
  return parsed;
}

std::string prefix_end(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

void append_series_key(std::string& key, SeriesStep step, TimePoint start) {
  append_u8(key, static_cast<std::uint8_t>(step));
  append_time(key, start);
}

}  // namespace townkrier::persistence
