#pragma once

/// \file record_codec.hpp
/// The values of the store as bytes. Each record begins with its version; ids and users that the
/// key has are not repeated. Encoding appends to `out`. Decoding takes any bytes: what is not a
/// whole, valid record is kCorruption. JSON texts are kept as they are and not parsed.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "townkrier/audit.hpp"
#include "townkrier/activity.hpp"
#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// A job as it was when it was accepted or when its envelope was written again. A newer state may
/// be stored by itself.
void encode(const Job& job, std::string& out);
void encode(const JobState& state, std::string& out);
void encode(const NotificationLog& row, std::string& out);
void encode(const InboxMessage& message, std::string& out);

Result<Job> decode_job(const JobId& id, std::string_view bytes);
/// The same job in another, newer state.
Result<Job> decode_job(const JobId& id, std::string_view bytes, std::string_view newer_state);
/// Parts of a job record.
Result<JobStatus> decode_job_status(std::string_view bytes);
Result<JobState> decode_job_state(std::string_view bytes);
Result<JobState> decode_state(std::string_view bytes);
Result<NotificationLog> decode_log(const LogId& id, std::string_view bytes);
Result<InboxMessage> decode_inbox(const std::string& user_id, const LogId& id,
                                  std::string_view bytes);

/// A delivery alone: how far a log row has come whose job is gone.
void encode(const Delivery& delivery, std::string& out);
Result<Delivery> decode_delivery(std::string_view bytes);

void encode(const AuditEntry& entry, std::string& out);
Result<AuditEntry> decode_audit(const Uuid& id, std::string_view bytes);

/// A bucket's step and start are in its key.
void encode(const SeriesBucket& bucket, std::string& out);
Result<SeriesBucket> decode_series(SeriesStep step, TimePoint start, std::string_view bytes);

/// A row of counters.
void encode_counts(std::span<const std::uint64_t> counts, std::string& out);
Result<void> decode_counts(std::string_view bytes, std::span<std::uint64_t> counts);

}  // namespace townkrier::persistence
