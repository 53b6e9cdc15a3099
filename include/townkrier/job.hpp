#pragma once

/// \file job.hpp
/// Jobs as the engine keeps them: an immutable envelope and a small mutable state. Plain values;
/// an envelope is shared between threads as `shared_ptr<const JobEnvelope>` and never changes.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/delivery_plan.hpp"
#include "townkrier/id.hpp"
#include "townkrier/json_text.hpp"
#include "townkrier/log.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Stored: DO NOT CHANGE THE NUMBERS.
enum class JobStatus : std::uint8_t {
  kPending = 0,     ///< Ready to run.
  kScheduled = 1,   ///< Waits for its time.
  kProcessing = 2,  ///< An attempt is running.
  kRetrying = 3,    ///< Failed, waits for its next attempt.
  kCompleted = 4,
  kFailed = 5,
  kCancelled = 6,
};
inline constexpr std::size_t kJobStatusCount = 7;

std::string_view to_string(JobStatus status);
Result<JobStatus> parse_job_status(std::string_view text);

/// True for completed, failed and cancelled.
bool is_terminal(JobStatus status);

/// 0..255, higher runs first. The seed's four names are constants.
using Priority = std::uint8_t;
struct JobPriority {
  static constexpr Priority kLow = 1;
  static constexpr Priority kNormal = 5;
  static constexpr Priority kHigh = 10;
  static constexpr Priority kCritical = 20;
};

/// The kind of job that delivers a notification over its channels.
inline constexpr std::string_view kNotificationKind = "notification";

/// What the caller may say about a job; what is absent comes from the adapter's options.
struct JobOptions {
  std::string queue = "default";  ///< 1..64 characters of [A-Za-z0-9_.-].
  Priority priority = JobPriority::kNormal;
  std::optional<std::uint32_t> max_retries;  ///< Retries after the first attempt, 0..1000.
  std::optional<Duration> retry_delay;       ///< Before retry 1; 1 ms..30 days. Doubles each time.
  std::optional<Duration> timeout;           ///< Of one attempt; 1 ms..7 days.
  std::optional<TimePoint> scheduled_for;    ///< Not before; a time in the past means now.
  std::optional<Duration> delay;             ///< The same, from now on; 0..3650 days. Not both.
  std::string unique_key;                    ///< At most 200 bytes; empty = none.
  JsonText metadata;                         ///< An object, at most 16 KiB.
  std::vector<std::string> tags;             ///< At most 20, each 1..64 bytes.
};

/// Where the parts of one delivery are in a notification's payload text, so that a delivery need
/// not parse it.
struct PayloadPart {
  std::uint32_t content_begin = 0;
  std::uint32_t content_size = 0;
  std::uint32_t recipient_begin = 0;
  std::uint32_t recipient_size = 0;
  bool operator==(const PayloadPart&) const = default;
};

/// A request to enqueue, checked for form but not yet against channels and defaults.
struct JobRequest {
  std::string kind{kNotificationKind};
  JsonText payload;  ///< {"notification":..,"recipient":..} or the payload of another kind.
  JobOptions options;
};

/// What never changes after enqueue, but for the payload that is removed on completion.
struct JobEnvelope {
  JobId id;
  std::string kind{kNotificationKind};
  std::string queue = "default";
  Priority priority = JobPriority::kNormal;
  /// For a notification `{"notification":{...},"recipient":{...}}`, rendered; removed when the job
  /// completes, if there is a `masked` one.
  JsonText payload;
  JsonText masked;  ///< The payload as it may be shown and kept; empty for the payload as it is.
  std::vector<PayloadPart> parts;  ///< Into `payload`, by delivery; none without a payload.
  std::uint32_t max_retries = 3;
  Duration retry_delay{1000};
  Duration timeout{30000};
  std::optional<TimePoint> scheduled_for;
  std::string unique_key;
  JsonText metadata;
  std::vector<std::string> tags;
  TimePoint created_at{};
  DeliveryPlan plan = {};  ///< Of a notification.
  bool operator==(const JobEnvelope&) const = default;
};

/// A delivery that waits for another one has this as its next time.
inline constexpr TimePoint kHeld = TimePoint::max();

/// One delivery of a job: a notification has one per channel of `via`; a job of another kind has a
/// single one whose channel is '@' + kind, which is not shown outside.
struct Delivery {
  std::string channel;
  LogId log_id;  ///< Its log row, and the idempotency key given to the provider on every try.
  LogStatus status = LogStatus::kScheduled;
  std::uint32_t attempts = 0;  ///< Tries that count against the retry budget.
  std::string provider;
  std::string message_id;
  std::string error;  ///< Masked.
  std::optional<TimePoint> sent_at;
  std::optional<TimePoint> delivered_at;
  std::optional<TimePoint> failed_at;
  /// Not before; `kHeld`: not until another delivery has ended (fallback, all or nothing).
  std::optional<TimePoint> next_attempt_at;
  std::vector<RetryLog> tries;  ///< First 1 and last 50.
  TimePoint updated_at{};       ///< When it last began or ended a try or was settled; unset: never.
  bool operator==(const Delivery&) const = default;
};

/// One line of a job's history (the seed's `logs`). At most the first and the last 50 are kept.
struct HistoryEntry {
  TimePoint timestamp{};
  std::uint32_t attempt = 0;
  JobStatus status = JobStatus::kPending;
  std::string message;
  std::string error;
  std::optional<Duration> duration;
  bool operator==(const HistoryEntry&) const = default;
};

/// How far a running attempt says it is. Another attempt begins without one.
struct JobProgress {
  double fraction = 0;      ///< 0..1.
  std::uint64_t done = 0;   ///< Of `total`, when it is counted.
  std::uint64_t total = 0;  ///< 0 = not counted.
  std::string message;      ///< Masked; at most 200 bytes.
  TimePoint updated_at{};
  bool operator==(const JobProgress&) const = default;
};

/// One line that a handler wrote about its job. The newest kMaxJobLogLines lines are kept, and
/// fewer when they hold more than kMaxJobLogBytes.
struct JobLogLine {
  TimePoint timestamp{};
  std::uint32_t attempt = 0;
  std::string text;  ///< Masked; at most kMaxJobLogLine bytes.
  bool operator==(const JobLogLine&) const = default;
};
inline constexpr std::size_t kMaxJobLogLine = 1024;
inline constexpr std::size_t kMaxJobLogLines = 200;
inline constexpr std::size_t kMaxJobLogBytes = 16u << 10;

/// What moves.
struct JobState {
  JobStatus status = JobStatus::kPending;
  std::uint32_t attempts = 0;  ///< Attempts begun, less those handed back by a stop or a crash.
  std::uint32_t crashes = 0;   ///< Attempts during which the process died.
  std::uint64_t begun = 0;     ///< Every attempt ever begun; the number in its token.
  TimePoint updated_at{};
  TimePoint due_at{};  ///< Order among ready jobs; the time waited for when not ready.
  std::optional<TimePoint> processed_at;
  std::optional<TimePoint> completed_at;
  std::optional<TimePoint> failed_at;
  std::string error;
  JsonText result;
  std::vector<Delivery> deliveries;
  std::vector<HistoryEntry> history;
  Uuid run_id;  ///< The process run that began the last attempt.
  std::optional<JobProgress> progress = std::nullopt;
  std::vector<JobLogLine> log = {};
  std::uint64_t log_dropped = 0;  ///< Lines that were too many, or are older than those kept.
  bool operator==(const JobState&) const = default;
};

/// A job: never null `envelope` once it came out of the library.
struct Job {
  std::shared_ptr<const JobEnvelope> envelope;
  JobState state;

  const JobId& id() const { return envelope->id; }
  JobStatus status() const { return state.status; }
};

/// Some of the statuses; empty where a filter does not restrict.
class JobStatusSet {
 public:
  constexpr JobStatusSet() = default;
  constexpr JobStatusSet(JobStatus one) { add(one); }  // One status is a set, too.
  constexpr JobStatusSet(std::initializer_list<JobStatus> some) {
    for (const JobStatus each : some) add(each);
  }
  constexpr void add(JobStatus one) { bits_ |= bit(one); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool contains(JobStatus one) const { return (bits_ & bit(one)) != 0; }
  /// In the order of the enumerators.
  std::vector<JobStatus> list() const {
    std::vector<JobStatus> all;
    for (std::size_t i = 0; i < kJobStatusCount; ++i) {
      if (contains(static_cast<JobStatus>(i))) all.push_back(static_cast<JobStatus>(i));
    }
    return all;
  }
  constexpr bool operator==(const JobStatusSet&) const = default;

 private:
  static constexpr std::uint8_t bit(JobStatus one) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(one));
  }
  std::uint8_t bits_ = 0;
};

/// Which jobs, in which order. Absent members do not restrict.
struct JobFilter {
  /// Orders that have an index.
  enum class SortBy : std::uint8_t {
    kCreatedAt,   ///< All jobs.
    kFinishedAt,  ///< Only jobs that ended: no other status may be asked for.
    kDueAt,       ///< Only scheduled and retrying ones, by the time they wait for.
  };
  JobStatusSet status;
  std::optional<std::string> queue;
  std::optional<std::string> kind;
  std::optional<std::string> channel;
  std::optional<Priority> priority;
  std::optional<std::string> tag;
  std::optional<std::string> text;    ///< `q`: id prefix, unique key, or substring of the error.
  std::optional<TimePoint> from;      ///< Inclusive, on created_at.
  std::optional<TimePoint> to;        ///< Inclusive, on created_at.
  std::size_t limit = 50;             ///< 1..500.
  std::size_t offset = 0;             ///< 0..10,000; beyond that use `cursor`.
  bool ascending = false;             ///< Newest (or latest) first by default.
  std::optional<std::string> cursor;  ///< `next` or `prev` of an earlier page.
  SortBy sort_by = SortBy::kCreatedAt;
  /// Give up looking for further matches after this long; absent: after 50,000 rows.
  std::optional<Duration> time_budget = std::nullopt;
};

struct JobPage {
  std::vector<Job> jobs;
  std::uint64_t total = 0;
  std::optional<std::string> next;
  std::optional<std::string> prev;
  bool total_exact = true;  ///< False: at least `total` jobs match.
  bool truncated = false;   ///< The search gave up before the page was full; `next` goes on.
};

/// Jobs by status.
struct QueueStats {
  std::uint64_t pending = 0;
  std::uint64_t processing = 0;
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t retrying = 0;
  std::uint64_t scheduled = 0;
  std::uint64_t cancelled = 0;
  bool operator==(const QueueStats&) const = default;
};

/// One queue as an operator sees it.
struct QueueInfo {
  std::string name;
  bool paused = false;
  QueueStats stats;
  std::optional<Duration> oldest_age;  ///< Since the oldest pending job became due.
  int concurrency = 0;                 ///< Attempts at the same time on each channel.
  double rate = 0;                     ///< Jobs that ended, a second, over the last ten seconds.
};

/// A job's status changed (or it was accepted); told to subscribers after the change is durable.
struct JobEvent {
  JobId job;
  std::string kind;
  std::string queue;
  JobStatus status = JobStatus::kPending;
  std::uint32_t attempts = 0;
};

/// What an operator may ask of one job.
enum class JobAction : std::uint8_t { kRetry, kCancel, kDelete, kRunNow };
std::string_view to_string(JobAction action);

}  // namespace townkrier
