#pragma once

/// \file request_json.hpp
/// Requests to enqueue, from JSON. Checks form: member names, types and ranges; whether channels
/// and kinds exist is the backend's business. Every problem is reported at once, as
/// kInvalidArgument with RFC 6901 pointers. Pure functions.

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/backend.hpp"
#include "townkrier/job.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Longest way ahead that a job may be scheduled: 10 years.
inline constexpr Duration kMaxDelay = std::chrono::days{3650};

/// `{notification, recipient?, options?}`. The payload of the result is
/// `{"notification":{...},"recipient":{channel:[{...}]}}`: members that are null are dropped, and
/// one recipient object becomes an array.
Result<JobRequest> parse_notification_request(const nlohmann::json& body, TimePoint now);

/// `{kind, payload?, options?}`; any kind but "notification".
Result<JobRequest> parse_job_request(const nlohmann::json& body, TimePoint now);

/// The `options` object; null means defaults. `base_pointer` is where it stands, e.g. "/options".
Result<JobOptions> parse_options(const nlohmann::json& options, std::string_view base_pointer);

/// The ranges of `JobOptions` for C++ callers; pointers are "/options/...".
Result<void> validate_options(const JobOptions& options);

}  // namespace townkrier
