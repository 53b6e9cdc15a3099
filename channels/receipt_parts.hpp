#pragma once

/// \file receipt_parts.hpp
/// What the readers of receipts share. Pure.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "townkrier/receipts.hpp"

namespace townkrier {

using Receipts = std::vector<DeliveryReceipt>;
using ReaderPtr = std::shared_ptr<const ReceiptReader>;

/// The value of a header, empty when there is none.
std::string_view header_of(const ReceiptRequest& request, std::string_view name);

/// kUnauthorized "the receipt is not signed as it should be".
std::unexpected<Error> not_signed();
/// kMalformed "the receipt cannot be read".
std::unexpected<Error> not_read();

/// The body as JSON: an object or an array.
Result<nlohmann::json> receipt_json(const ReceiptRequest& request);

/// ISO 8601 or Unix seconds; `fallback` when it is neither.
TimePoint time_of(const std::string& text, TimePoint fallback);

/// A receipt whose texts are cut and freed of control characters.
DeliveryReceipt receipt_of(DeliveryReceipt::Kind kind, const std::string& message_id,
                           const std::string& recipient, const std::string& detail);

/// Checks a Standard Webhooks signature ("v1,..." among several) of at most five minutes' age.
/// `prefix` is that of the headers: "webhook" or "svix".
Result<void> check_standard(const ReceiptRequest& request, std::string_view prefix,
                            std::string_view key, TimePoint now);

/// The readers; settings are read and problems added to the reader's errors.
ReaderPtr make_resend_receipts(JsonReader& settings);
ReaderPtr make_standard_receipts(JsonReader& settings);
ReaderPtr make_postmark_receipts(JsonReader& settings);
ReaderPtr make_twilio_receipts(JsonReader& settings);
ReaderPtr make_hmac_receipts(JsonReader& settings);

}  // namespace townkrier
