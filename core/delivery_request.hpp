#pragma once

// What a provider is given, made from a job.

#include <string>

#include "townkrier/channel.hpp"
#include "townkrier/job.hpp"

namespace townkrier {

/// The request for one delivery: for a notification the channel's content and recipients, for a job
/// of another kind its payload. `delivery` is its number in the job. `stop` and `timeout` are left
/// to the caller to narrow.
DeliveryRequest make_delivery_request(const JobEnvelope& envelope, const std::string& channel,
                                      std::size_t delivery, const LogId& idempotency_key,
                                      std::uint32_t attempt);

}  // namespace townkrier
