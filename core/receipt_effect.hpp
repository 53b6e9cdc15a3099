#pragma once

/// \file receipt_effect.hpp
/// What a receipt does to a delivery. Pure.

#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/receipts.hpp"

namespace townkrier {

enum class ReceiptEffect : std::uint8_t {
  kNone,  ///< Told before, or less than what is known, or about another message.
  kMoved,
};

/// A delivery goes from sent to delivered, bounced, complained, and never back; only by a receipt
/// of the message that it was sent as.
ReceiptEffect apply_receipt(Delivery& delivery, const DeliveryReceipt& receipt,
                            ContentPrivacy privacy, TimePoint now);
/// The same of a log row whose job is gone.
ReceiptEffect apply_receipt(NotificationLog& row, const DeliveryReceipt& receipt,
                            ContentPrivacy privacy, TimePoint now);

}  // namespace townkrier
