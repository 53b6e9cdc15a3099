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

/// Of an HTTP status by the common rules. `what` names the peer in error texts ("the endpoint");
/// `explanation` is added when not empty.
DeliveryOutcome outcome_of_http(const TransferReply& reply, std::string_view what,
                                std::string_view explanation = {});

}  // namespace townkrier
