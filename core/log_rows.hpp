#pragma once

/// \file log_rows.hpp
/// Log rows made from jobs. Pure functions.

#include <vector>

#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/store.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// The log row of one delivery as it is now. Everything in it is masked as `privacy` says. `now`
/// becomes updated_at.
NotificationLog make_log_row(const JobEnvelope& envelope, const JobState& state,
                             const Delivery& delivery, ContentPrivacy privacy, TimePoint now);

/// Rows of the deliveries that differ between two states of a job, each with its earlier status;
/// of all deliveries, without an earlier status, when `before` has none (a new job). Jobs of other
/// kinds than notifications have no rows. The payload is parsed at most once.
std::vector<LogChange> log_changes(const JobEnvelope& envelope, const JobState& before,
                                   const JobState& after, ContentPrivacy privacy, TimePoint now);

}  // namespace townkrier
