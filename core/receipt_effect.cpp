#include "core/receipt_effect.hpp"

#include <algorithm>

#include "core/masking.hpp"

namespace townkrier {

namespace {

using Kind = DeliveryReceipt::Kind;

LogStatus status_of(Kind kind) {
  switch (kind) {
    case Kind::kBounced:
      return LogStatus::kBounced;
    case Kind::kComplained:
      return LogStatus::kComplained;
    case Kind::kDelivered:
      break;
  }
  return LogStatus::kDelivered;
}

// How much is known; 0: nothing that a receipt could add to.
int rank(LogStatus status) {
  switch (status) {
    case LogStatus::kSent:
      return 1;
    case LogStatus::kDelivered:
      return 2;
    case LogStatus::kBounced:
      return 3;
    case LogStatus::kComplained:
      return 4;
    default:
      return 0;
  }
}

template <class Subject>
ReceiptEffect apply(Subject& subject, const DeliveryReceipt& receipt, ContentPrivacy privacy,
                    TimePoint now) {
  const LogStatus next = status_of(receipt.kind);
  if (subject.message_id != receipt.message_id || rank(subject.status) == 0 ||
      rank(next) <= rank(subject.status)) {
    return ReceiptEffect::kNone;
  }
  subject.status = next;
  subject.updated_at = now;
  const TimePoint at = std::min(receipt.at, now);
  if (receipt.kind == Kind::kDelivered) {
    subject.delivered_at = at;
    return ReceiptEffect::kMoved;
  }
  if (receipt.kind == Kind::kBounced) subject.failed_at = at;
  subject.error = std::string(to_string(receipt.kind));
  if (!receipt.detail.empty()) subject.error += ": " + mask_error(receipt.detail, privacy);
  return ReceiptEffect::kMoved;
}

}  // namespace

std::string_view to_string(DeliveryReceipt::Kind kind) {
  switch (kind) {
    case DeliveryReceipt::Kind::kBounced:
      return "bounced";
    case DeliveryReceipt::Kind::kComplained:
      return "complained";
    case DeliveryReceipt::Kind::kDelivered:
      break;
  }
  return "delivered";
}

ReceiptEffect apply_receipt(Delivery& delivery, const DeliveryReceipt& receipt,
                            ContentPrivacy privacy, TimePoint now) {
  return apply(delivery, receipt, privacy, now);
}

ReceiptEffect apply_receipt(NotificationLog& row, const DeliveryReceipt& receipt,
                            ContentPrivacy privacy, TimePoint now) {
  return apply(row, receipt, privacy, now);
}

}  // namespace townkrier
