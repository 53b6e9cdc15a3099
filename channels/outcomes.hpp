#pragma once

/// \file outcomes.hpp
/// What a peer's reply means for a delivery: sent, permanent, transient or throttled. Pure.

#include <string>

#include "channels/transfer.hpp"
#include "townkrier/channel.hpp"

namespace townkrier {

/// Of a transfer without a final reply (any status but kAnswered): transient, save for an address
/// that is forbidden.
DeliveryOutcome outcome_of_failure(const TransferReply& reply);

/// Of an SMTP reply; `message_id` is the one we gave.
DeliveryOutcome outcome_of_smtp(const TransferReply& reply, std::string message_id);

/// How long to leave a peer alone that says "too many requests" without saying for how long.
inline constexpr Duration kThrottleWait{10'000};

/// Of an HTTP status by the common rules. `what` names the peer in error texts ("the endpoint");
/// `explanation` is added when not empty. 2xx: sent; 429, and 503 with
/// Retry-After: throttled; 408, 425 and other 5xx: transient; any other answer: permanent.
DeliveryOutcome outcome_of_http(const TransferReply& reply, std::string_view what,
                                std::string_view explanation = {});

}  // namespace townkrier
