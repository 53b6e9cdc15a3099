#pragma once

/// \file receipts.hpp
/// What became of a message after a provider took it: receipts that providers post (webhooks,
/// verified here) or give when asked.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// One message's fate.
struct DeliveryReceipt {
  enum class Kind : std::uint8_t {
    kDelivered,   ///< The recipient's side has it.
    kBounced,     ///< It came back.
    kComplained,  ///< The recipient called it spam.
  };
  std::string message_id;  ///< As the provider gave it when it took the message.
  Kind kind = Kind::kDelivered;
  TimePoint at{};         ///< When it happened, by the provider; else when the receipt came.
  std::string recipient;  ///< The address, where the provider says it; else empty.
  /// A bounce for good: nothing will ever arrive there. Always true for complaints.
  bool permanent = false;
  std::string detail;  ///< For people: the reason, at most 200 bytes; may hold an address.
};
std::string_view to_string(DeliveryReceipt::Kind kind);

/// A request that a provider has posted.
struct ReceiptRequest {
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
};

/// Verifies and reads the receipts of one provider. Thread-safe and pure: no I/O, no state.
class ReceiptReader {
 public:
  virtual ~ReceiptReader() = default;
  /// The receipts in the request; none when it tells of something else (an opened mail).
  /// kUnauthorized: not signed, wrongly signed, or signed too long ago. kMalformed: signed, but not
  /// understood. Errors repeat nothing of the request.
  virtual Result<std::vector<DeliveryReceipt>> read(const ReceiptRequest& request,
                                                    TimePoint now) const = 0;
};

/// Makes a reader of `settings` (a JSON object). kInvalidConfig names a wrong or unknown key by its
/// pointer. `format`:
/// - "resend": `secret` ("whsec_..."): signed as Svix does, at most 5 minutes old;
/// - "postmark": `username` and `password` (basic authentication in the URL that Postmark calls),
///   or `token`, which Postmark is told to send as the header `header` (default
///   "X-Townkrier-Token"): Postmark signs nothing;
/// - "twilio": `auth_token`, `url`: the public URL of this endpoint exactly as Twilio calls it;
/// - "standard": `secret`: events `{"type":"message.delivered","timestamp","data":{"message_id",
///   "recipient"}}` signed as the Standard Webhooks specification says;
/// - "hmac": any JSON object or array of objects, signed with HMAC: `secret`; `header` that has the
///   signature; `algorithm`: "sha256" (default), "sha1", "sha512"; `encoding`: "hex" (default) or
///   "base64"; `prefix` before the signature (e.g. "sha256="); JSON pointers `message_id`,
///   `status`, optional `recipient`, `time` (ISO 8601 or Unix seconds), `detail`; `delivered`,
///   `bounced`, `complained`: arrays of the words that mean it.
Result<std::shared_ptr<const ReceiptReader>> create_receipt_reader(const nlohmann::json& settings);

/// A provider whose receipts are asked for (Expo).
class ReceiptSource {
 public:
  virtual ~ReceiptSource() = default;
  using Done = std::function<void(Result<std::vector<DeliveryReceipt>>)>;
  /// Asks about messages that were taken a while ago (Expo: 15 minutes, and no longer than a day);
  /// `done` is called once, from any thread, with those that are known already.
  virtual void fetch_receipts(std::vector<std::string> message_ids, Done done) = 0;
};

class Provider;
/// The provider as a source of receipts; null when it is none.
std::shared_ptr<ReceiptSource> receipt_source(const std::shared_ptr<Provider>& provider);

}  // namespace townkrier
