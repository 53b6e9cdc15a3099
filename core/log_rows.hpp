#pragma once

/// \file log_rows.hpp
/// Log rows made from jobs. Pure functions.

#include <span>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/store.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// A delivery's content or recipients: as they are, and as a payload shows them (masked_content(),
/// masked_recipients()); the same for kPublic.
struct Masked {
  const nlohmann::json& raw;
  const nlohmann::json& shown;
};

/// What the log shows of a delivery. Accepts JSON of any form.
ShownContent shown_content(const Masked& content, const Masked& recipients, ContentPrivacy privacy);

/// The rows of a new job, one a delivery; none for kinds other than notifications. `shown` is by
/// delivery.
std::vector<NotificationLog> first_log_rows(const JobEnvelope& envelope, const JobState& state,
                                            std::span<const ShownContent> shown,
                                            ContentPrivacy privacy);

/// The deliveries that differ between two states of a job and have a row, with their earlier
/// status.
std::vector<DeliveryLog> changed_deliveries(const JobState& before, const JobState& after);

/// Brings a row up to date with its delivery; a delivery that never moved changes nothing.
void update_row(NotificationLog& row, const Delivery& delivery);

}  // namespace townkrier
