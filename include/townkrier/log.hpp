#pragma once

/// \file log.hpp
/// The notification log: one row per job and channel, written by the engine as a delivery moves
/// on, or by an application by hand. Plain values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "townkrier/id.hpp"
#include "townkrier/json_text.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Where one delivery stands. Stored: DO NOT CHANGE THE NUMBERS.
enum class LogStatus : std::uint8_t {
  kScheduled = 0,   ///< Accepted, waiting for its turn or its time.
  kSending = 1,     ///< Handed to a provider.
  kSent = 2,        ///< The provider took it.
  kDelivered = 3,   ///< The provider's receipt says it arrived.
  kFailed = 4,      ///< Given up.
  kRetrying = 5,    ///< Failed, will be tried again.
  kCancelled = 6,   ///< Its job was cancelled before it was sent.
  kBounced = 7,     ///< A receipt says it came back.
  kComplained = 8,  ///< A receipt says the recipient objected.
  kSkipped = 9,     ///< Not sent, by decision: `error` says why.
};
inline constexpr std::size_t kLogStatusCount = 10;

std::string_view to_string(LogStatus status);
Result<LogStatus> parse_log_status(std::string_view text);

/// How much of recipient, subject, content and error texts is kept when a row is written.
enum class ContentPrivacy : std::uint8_t {
  kPublic = 0,   ///< As they are.
  kPrivate = 1,  ///< Nothing of subject and content; addresses masked.
  kMasked = 2,   ///< At most a quarter of a text, never a whole address. The default.
};

std::string_view to_string(ContentPrivacy level);
Result<ContentPrivacy> parse_content_privacy(std::string_view text);

/// One try of a delivery. `duration` is from hand-over to the answer.
struct RetryLog {
  std::uint32_t attempt = 0;
  TimePoint timestamp{};
  LogStatus status = LogStatus::kScheduled;
  std::string error;
  std::optional<Duration> duration;
  bool operator==(const RetryLog&) const = default;
};

/// What a log row shows of one delivery, masked as asked for.
struct ShownContent {
  std::string recipient;
  std::optional<std::string> subject;
  std::optional<std::string> content;
};

/// One row. `retry_logs` keeps the first and the last 50 tries.
struct NotificationLog {
  LogId id;                     ///< Set by StorageManager when nil.
  std::string notification_id;  ///< The job's id, or any name an application gives.
  std::optional<JobId> job_id;
  std::string channel;
  std::string recipient;
  LogStatus status = LogStatus::kScheduled;
  std::optional<std::uint8_t> priority;
  std::optional<TimePoint> scheduled_for;
  std::optional<TimePoint> sent_at;
  std::optional<TimePoint> delivered_at;
  std::optional<TimePoint> failed_at;
  std::optional<std::string> subject;
  std::optional<std::string> content;
  ContentPrivacy content_privacy = ContentPrivacy::kMasked;
  std::uint32_t attempts = 0;
  std::optional<std::uint32_t> max_retries;
  std::vector<RetryLog> retry_logs;
  std::string error;
  JsonText metadata;
  std::vector<std::string> tags;
  TimePoint created_at{};  ///< Set by StorageManager when zero; never changes.
  TimePoint updated_at{};
  std::string provider;
  std::string message_id;
  bool operator==(const NotificationLog&) const = default;
};

/// Which rows, in which order. Absent members do not restrict.
struct LogFilter {
  enum class SortBy : std::uint8_t { kCreatedAt, kSentAt, kDeliveredAt };
  std::optional<std::string> notification_id;
  std::optional<JobId> job_id;
  std::optional<std::string> channel;
  std::optional<LogStatus> status;
  std::optional<std::string> recipient;  ///< Case-sensitive substring of the stored (masked) form.
  std::optional<TimePoint> start_date;   ///< Inclusive, on created_at.
  std::optional<TimePoint> end_date;     ///< Inclusive, on created_at.
  std::vector<std::string> tags;         ///< Any match.
  std::size_t limit = 50;                ///< 1..500.
  std::size_t offset = 0;                ///< 0..10,000; beyond that use `cursor`.
  SortBy sort_by = SortBy::kCreatedAt;
  bool ascending = false;
  std::optional<std::string> cursor;  ///< `next` or `prev` of an earlier page.
  /// As JobFilter::time_budget.
  std::optional<Duration> time_budget = std::nullopt;
};

/// A page of rows; `total` counts all rows that match.
struct LogPage {
  std::vector<NotificationLog> logs;
  std::uint64_t total = 0;
  std::optional<std::string> next;
  std::optional<std::string> prev;  ///< None where rows are sorted by sent or delivered time.
  bool total_exact = true;          ///< False: at least `total` rows match.
  bool truncated = false;           ///< The search gave up before all rows were looked at.
};

/// Counts by current status. `sent` does not include rows that went on to `delivered`.
struct StorageStats {
  std::uint64_t total = 0;
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  std::uint64_t retrying = 0;
  std::map<std::string, std::uint64_t> by_channel;
  std::map<std::string, std::uint64_t> by_status;
  bool operator==(const StorageStats&) const = default;
};

struct StatsFilter {
  std::optional<TimePoint> start_date;
  std::optional<TimePoint> end_date;
  std::optional<std::string> channel;
};

/// One message of a user's in-app inbox.
struct InboxMessage {
  LogId id;  ///< The id of the delivery's log row, so a repeated delivery is the same message.
  std::string user_id;
  std::string title;
  std::string message;
  std::string type;
  std::string action_url;
  std::string icon;
  JsonText data;
  bool read = false;
  std::optional<TimePoint> read_at;
  TimePoint created_at{};
  bool operator==(const InboxMessage&) const = default;
};

struct InboxPage {
  std::vector<InboxMessage> messages;  ///< Newest first.
  std::uint64_t unread = 0;            ///< Of all the user's messages.
  std::optional<std::string> next;
};

}  // namespace townkrier
