#pragma once

/// \file key_schema.hpp
/// Where everything is in the RocksDB store: column families, keys, and the format version.
///
/// Numbers in keys are big-endian so that bytes sort as numbers. Texts in front of other parts
/// carry a 16-bit length, so that no two (queue, route) pairs give the same key. "lane" is `queue
/// route ^priority`, "^" means inverted (highest or newest first), "time" is ms since 1970.
///
///   family     key                          value
///   default    one letter, see MetaKey      counters, settings, schema version
///   jobs       job id                       job record: envelope and the state at that time. Written
///                                           when accepted and again without the payload when ended
///   running    ^id                          state record of a running job; newer than all others
///   state      job id                       state record, newer than the job record unless that one
///                                           says that the job has ended
///   ready      lane due id                  -              pending jobs
///   due        due id                       -              scheduled and retrying jobs
///   finished   status ended id              bytes          terminal jobs, for retention
///   status     status ^id                   -              every job that is not running, for lists
///   unique     the unique key               id of the unfinished job that holds it
///   logs       log id                       log record, written once (and by hand). How far it has
///                                           come is in its job's delivery
///   log_state  log id                       that delivery, once the job is gone
///   log_time   created id                   -
///   log_ref    subject created id           -              subject: a job or notification id; the
///                                                          rows of a job's own deliveries are found
///                                                          through the job as long as it is there
///   inbox      user ^created ^id            message record
///   inbox_id   user id                      created        finds a message, spots repeats
///   inbox_time created id user              bytes          messages by age, for retention
///   audit      id                           audit record   who did what; only the newest are kept
///   series     step start                   bucket record  history for graphs
///   timed      the entry's key              timed record   small values with an end
///   timed_end  end, the entry's key         -              finds those whose time is over
///
/// Records are in record_codec.hpp and have a version of their own, their first byte.
///
/// To change the format:
///  1. A new field in a record: raise the record's version, write the new one, keep reading all
///  older
///     ones (a missing field gets its default). kSchemaVersion stays; old programs then refuse new
///     records with kCorruption, so say in the changelog that there is no way back.
///  2. A new column family, or a new key in `default`: raise kSchemaVersion, build its content in
///     a step in `Database::check_version` that can be repeated after a crash and ends by writing
///     the new version. Add a test that opens a directory of the old version.
///  3. A changed key: do it as a new column family under a new name, then drop the old one.
///  Numbers of enumerators are stored: append, never renumber.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/bytes.hpp"
#include "townkrier/job.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

inline constexpr std::uint64_t kSchemaVersion = 4;

enum class Family : std::uint8_t {
  kMeta,
  kJobs,
  kState,
  kReady,
  kDue,
  kFinished,
  kStatus,
  kUnique,
  kLogs,
  kLogState,
  kLogTime,
  kLogRef,
  kInbox,
  kInboxId,
  kRunning,
  kInboxTime,
  kAudit,
  kSeries,
  kTimed,
  kTimedEnd,
};

/// Names on disk, in the order of Family. "default" cannot have another name.
inline constexpr std::array<const char*, 20> kFamilyNames = {
    "default",   "jobs",     "state",   "ready", "due",      "finished", "status",     "unique", "logs",
    "log_state", "log_time", "log_ref", "inbox", "inbox_id", "running",  "inbox_time", "audit",  "series",
    "timed",     "timed_end"};
inline constexpr std::size_t kFamilyCount = kFamilyNames.size();

/// First letter of keys in `default`.
struct MetaKey {
  static constexpr char kVersion = 'v';  ///< alone: kSchemaVersion as 8 bytes.
  static constexpr char kSetting = 's';  ///< + name: the value.
  static constexpr char kQueue = 'q';    ///< + queue: jobs by status.
  static constexpr char kLane = 'r';     ///< + lane: ready jobs.
  static constexpr char kChannel = 'c';  ///< + channel: log rows by status.
  static constexpr char kUnread = 'u';   ///< + user: unread messages.
  static constexpr char kSize = 'z';     ///< + class: how many have ended, and their bytes.
  static constexpr char kTouched =
      't';  ///< + log id: a row the engine's idea of may be out of date.
  static constexpr char kLogFloor = 'f';  ///< alone: rows created before it may be deleted.
};

/// What a 16-bit length can say.
inline constexpr std::size_t kMaxKeyText = 0xffff;

inline void append_key_text(std::string& key, std::string_view text) {
  append_u16(key, static_cast<std::uint16_t>(text.size()));
  key.append(text);
}

/// Times before 1970 sort before those after: the sign bit is flipped.
inline std::uint64_t sortable(TimePoint time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
}
inline TimePoint from_sortable(std::uint64_t value) {
  return TimePoint{Duration{static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63))}};
}

inline void append_time(std::string& key, TimePoint time) {
  append_u64(key, sortable(time));
}

inline void append_position(std::string& key, TimePoint time, const Uuid& id) {
  append_time(key, time);
  append_id(key, id);
}

inline void append_lane(std::string& key, std::string_view queue, std::string_view route,
                        Priority priority) {
  append_key_text(key, queue);
  append_key_text(key, route);
  append_u8(key, static_cast<std::uint8_t>(255 - priority));
}

inline void append_status(std::string& key, JobStatus status) {
  append_u8(key, static_cast<std::uint8_t>(status));
}

/// Reversed, so that the newest is found by going forward: in a memtable going back costs a search
/// for each key, also for each of the many deleted ones.
inline void append_inverted_id(std::string& key, Uuid id) {
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(~byte);
  append_id(key, id);
}

/// Where a running job's state is.
inline std::string running_key(const JobId& id) {
  std::string key;
  append_inverted_id(key, id);
  return key;
}

inline void append_status_key(std::string& key, JobStatus status, const JobId& id) {
  append_status(key, status);
  append_inverted_id(key, id);
}

inline std::string lane_prefix(const LaneKey& lane) {
  std::string key;
  append_lane(key, lane.queue, lane.route, lane.priority);
  return key;
}

inline std::string status_prefix(JobStatus status) {
  return std::string(1, static_cast<char>(status));
}

/// The subject part of log_ref: ids take 17 bytes, other texts their length and three more.
void append_log_subject(std::string& key, std::string_view notification_id);
inline void append_log_subject(std::string& key, const JobId& job) {
  append_u8(key, 1);
  append_id(key, job);
}
/// The subjects a log row is found by: its notification and, where that has another name, its job.
std::vector<std::string> log_subjects(std::string_view notification_id,
                                      const std::optional<JobId>& job);

/// `user ^created ^id`, of which the first part is the prefix of all of a user's messages.
void append_inbox_key(std::string& key, std::string_view user, TimePoint created, const LogId& id);

/// `created id user`, by age.
void append_inbox_time_key(std::string& key, const IndexPosition& at, std::string_view user);
struct InboxTime {
  IndexPosition at;
  std::string user;
};
std::optional<InboxTime> parse_inbox_time(std::string_view key);
void append_series_key(std::string& key, SeriesStep step, TimePoint start);

/// Size of `time id` at the end of index keys.
inline constexpr std::size_t kPositionSize = 24;

/// The parts at the end of an index key; nullopt for a key that is too short.
std::optional<Uuid> id_at_end(std::string_view key);
std::optional<IndexPosition> position_at_end(std::string_view key);
/// The id of a key made with append_inverted_id.
std::optional<Uuid> inverted_id_at_end(std::string_view key);
/// The same of an inbox key.
std::optional<IndexPosition> inbox_position(std::string_view key);
/// The lane of a `MetaKey::kLane` or ready key, and how many bytes it took.
struct ParsedLane {
  LaneKey lane;
  std::size_t size = 0;
};
std::optional<ParsedLane> parse_lane(std::string_view key);

/// The first key after all keys that start with `prefix`; empty: there is no such key.
std::string prefix_end(std::string prefix);

}  // namespace townkrier::persistence
