// SMS over the Twilio HTTP API; see create_twilio_channel in townkrier/providers.hpp.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/phone.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct TwilioSettings {
  std::string account;
  std::string user;  // the account, or the id of an API key
  std::string secret;
  std::string from;
  std::string service;
  std::string status_callback;
  ApiSettings api;
};

bool is_sid(std::string_view text, std::string_view prefix) {
  return text.size() == 34 && text.starts_with(prefix) &&
         std::ranges::all_of(text.substr(2), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::string read_sid(JsonReader& reader, std::string_view name, std::string_view prefix) {
  auto text = reader.optional_string(name).value_or("");
  if (!text.empty() && !is_sid(text, prefix)) {
    reader.errors().add(reader.pointer(name),
                        "must be " + std::string(prefix) + " and 32 hexadecimal digits");
  }
  return text;
}

TwilioSettings read_settings(JsonReader& reader) {
  TwilioSettings out;
  out.account = read_sid(reader, "account_sid", "AC");
  if (out.account.empty()) reader.errors().add(reader.pointer("account_sid"), "is required");
  const std::string key = read_sid(reader, "api_key_sid", "SK");
  out.user = key.empty() ? out.account : key;
  out.secret = read_secret(reader, key.empty() ? "auth_token" : "api_key_secret");
  out.from = reader.optional_string("from", {.min_bytes = 1, .max_bytes = 64}).value_or("");
  out.service = read_sid(reader, "messaging_service_sid", "MG");
  if (out.from.empty() == out.service.empty()) {
    reader.errors().add(reader.pointer("from"),
                        "is required, or messaging_service_sid; one of the two");
  }
  if (reader.has("status_callback")) {
    out.status_callback = read_url(reader, "status_callback", AddressPolicy::kPublicOnly);
  }
  out.api = read_api_settings(reader, "https://api.twilio.com");
  return out;
}

/// Error codes about the account or its numbers, not about the message or its recipient.
bool is_for_the_operator(std::string_view code) {
  static constexpr std::array<std::string_view, 8> kCodes{"20003", "20404", "21212", "21603",
                                                          "21606", "21659", "21701", "21703"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

class TwilioProvider final : public MessageProvider<PhoneMessage> {
 public:
  TwilioProvider(TwilioSettings settings, std::shared_ptr<Transport> transport,
                 const ProviderEnvironment& environment)
      : MessageProvider({"Twilio", settings.api, {settings.secret}}, std::move(transport),
                        environment),
        settings_(std::move(settings)) {}

  std::string_view channel_type() const override { return NotificationChannel::kSms; }

 private:
  Result<PhoneMessage> parse(const json& content, const json& recipients) const override {
    return parse_phone_message(content, recipients, {});
  }

  HttpCall call(const PhoneMessage& message, const DeliveryRequest&) const override {
    Headers fields{{"To", message.to.front()}, {"Body", message.text}};
    if (!message.from.empty() || settings_.service.empty()) {
      fields.emplace_back("From", message.from.empty() ? settings_.from : message.from);
    } else {
      fields.emplace_back("MessagingServiceSid", settings_.service);
    }
    if (!settings_.status_callback.empty()) {
      fields.emplace_back("StatusCallback", settings_.status_callback);
    }
    HttpCall call;
    call.url = base_url() + "/2010-04-01/Accounts/" + settings_.account + "/Messages.json";
    call.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                    {"Accept", "application/json"},
                    {"Authorization", basic_auth(settings_.user, settings_.secret)}};
    call.body = form_body(fields);
    return call;
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    const std::string code = text_at(answer, "/code");
    auto outcome = judge(reply, {.code = code,
                                 .message = text_at(answer, "/message"),
                                 .message_id = text_at(answer, "/sid")});
    if (is_for_the_operator(code) && outcome.kind == DeliveryOutcome::Kind::kPermanent) {
      outcome.kind = DeliveryOutcome::Kind::kTransient;
    }
    return outcome;
  }

  const TwilioSettings settings_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_twilio_channel(const json& settings,
                                                        const ProviderEnvironment& environment) {
  return make_api_provider<TwilioProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
