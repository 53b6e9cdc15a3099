#pragma once

/// \file record_codec.hpp
/// The values of the store as bytes. Each record begins with its version; ids and users that the
/// key has are not repeated. Encoding appends to `out`. Decoding takes any bytes: what is not a
/// whole, valid record is kCorruption. JSON texts are kept as they are and not parsed.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "townkrier/activity.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

void encode(const JobEnvelope& envelope, std::string& out);
void encode(const JobState& state, std::string& out);
void encode(const NotificationLog& row, std::string& out);
void encode(const InboxMessage& message, std::string& out);

Result<JobEnvelope> decode_envelope(const JobId& id, std::string_view bytes);
Result<JobState> decode_state(std::string_view bytes);
Result<NotificationLog> decode_log(const LogId& id, std::string_view bytes);
Result<InboxMessage> decode_inbox(const std::string& user_id, const LogId& id,
                                  std::string_view bytes);

/// How far a log row has come since it was written; kept beside it, so that the row itself is
/// written once. It is what the row takes from its job's delivery.
struct LogProgress {
  const Delivery& delivery;
  TimePoint updated_at;
};
void encode(const LogProgress& progress, std::string& out);
Result<void> apply_log_progress(std::string_view bytes, NotificationLog& row);
Result<LogStatus> decode_log_progress_status(std::string_view bytes);

/// Only the channel and status of a log row, for counting.
struct LogClass {
  std::string channel;
  LogStatus status = LogStatus::kScheduled;
};
Result<LogClass> decode_log_class(std::string_view bytes);

/// A bucket's step and start are in its key.
void encode(const SeriesBucket& bucket, std::string& out);
Result<SeriesBucket> decode_series(SeriesStep step, TimePoint start, std::string_view bytes);

/// A row of counters.
void encode_counts(std::span<const std::uint64_t> counts, std::string& out);
Result<void> decode_counts(std::string_view bytes, std::span<std::uint64_t> counts);

}  // namespace townkrier::persistence
