#include "channels/receipt_parts.hpp"

#include <charconv>

#include "channels/signatures.hpp"
#include "channels/text.hpp"
#include "channels/webhook_signature.hpp"
#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxIdBytes = 200;
constexpr std::size_t kMaxDetailBytes = 200;
/// Source: the Standard Webhooks specification 1.0 asks for a tolerance; its libraries use this.
constexpr std::chrono::seconds kMaxAge{300};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string_view header_of(const ReceiptRequest& request, std::string_view name) {
  const auto found = request.headers.find(std::string(name));
  return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

std::unexpected<Error> not_signed() {
  return fail(Errc::kUnauthorized, "the receipt is not signed as it should be");
}

std::unexpected<Error> not_read() {
  return fail(Errc::kMalformed, "the receipt cannot be read");
}

Result<json> receipt_json(const ReceiptRequest& request) {
  auto value = parse_json(request.body);
  if (!value || !value->is_structured()) return not_read();
  return value;
}

TimePoint time_of(const std::string& text, TimePoint fallback) {
  constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999
  if (const auto at = parse_iso8601(text)) return *at;
  const auto seconds = whole_number(text);
  if (!seconds || *seconds <= 0 || *seconds > kLastSecond) return fallback;
  return TimePoint(std::chrono::seconds(*seconds));
}

DeliveryReceipt receipt_of(DeliveryReceipt::Kind kind, const std::string& message_id,
                           const std::string& recipient, const std::string& detail) {
  return {.message_id = printable(message_id, kMaxIdBytes),
          .kind = kind,
          .at = {},
          .recipient = printable(recipient, kMaxIdBytes),
          .permanent = kind == DeliveryReceipt::Kind::kComplained,
          .detail = printable(detail, kMaxDetailBytes)};
}

Result<void> check_standard(const ReceiptRequest& request, std::string_view prefix,
                            std::string_view key, TimePoint now) {
  const std::string name(prefix);
  const std::string_view id = header_of(request, name + "-id");
  const auto seconds = whole_number(header_of(request, name + "-timestamp"));
  std::string_view signatures = header_of(request, name + "-signature");
  if (id.empty() || !seconds || *seconds < 0 || *seconds > 253'402'300'799) return not_signed();
  const auto age = now - TimePoint(std::chrono::seconds(*seconds));
  if (age > kMaxAge || age < -kMaxAge) {
    return fail(Errc::kUnauthorized, "the receipt was signed too long ago");
  }
  const std::string expected = webhook_signature(key, {id, *seconds, request.body});
  while (!signatures.empty()) {
    const std::string_view one = signatures.substr(0, signatures.find(' '));
    if (equal_secrets(one, expected)) return {};
    signatures.remove_prefix(std::min(one.size() + 1, signatures.size()));
  }
  return not_signed();
}

Result<ReaderPtr> create_receipt_reader(const json& settings) {
  FieldErrors errors;
  JsonReader reader(settings, "", errors);
  const auto format = reader.required_string("format");
  ReaderPtr made;
  if (format == "resend") {
    made = make_resend_receipts(reader);
  } else if (format == "standard") {
    made = make_standard_receipts(reader);
  } else if (format == "postmark") {
    made = make_postmark_receipts(reader);
  } else if (format == "twilio") {
    made = make_twilio_receipts(reader);
  } else if (format == "hmac") {
    made = make_hmac_receipts(reader);
  } else if (format) {
    errors.add("/format", "must be resend, postmark, twilio, standard or hmac");
  }
  if (made || !format) reader.refuse_unknown();
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return made;
}

}  // namespace townkrier
