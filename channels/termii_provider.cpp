// SMS over the Termii HTTP API; see create_termii_channel in townkrier/providers.hpp.

#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/phone.hpp"
#include "channels/text.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

constexpr PhoneLimits kLimits{.max_characters = 1600, .max_numbers = 100};

struct TermiiSettings {
  std::string api_key;
  std::string sender_id;
  std::string route;
  std::string type;
  ApiSettings api;
};

std::string read_word(JsonReader& reader, std::string_view name, std::string_view fallback,
                      std::initializer_list<std::string_view> words) {
  const auto text = reader.optional_string(name);
  if (!text) return std::string(fallback);
  for (const std::string_view word : words) {
    if (*text == word) return *text;
  }
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  reader.errors().add(reader.pointer(name), "must be one of " + all);
  return std::string(fallback);
}

TermiiSettings read_settings(JsonReader& reader) {
  TermiiSettings out;
  out.api_key = read_secret(reader, "api_key");
  out.sender_id =
      reader.required_string("sender_id", {.min_bytes = 3, .max_bytes = 11}).value_or("");
  if (has_control(out.sender_id)) {
    reader.errors().add(reader.pointer("sender_id"), "must not hold control characters");
  }
  out.route = read_word(reader, "route", "generic", {"generic", "dnd", "whatsapp"});
  out.type = read_word(reader, "type", "plain", {"plain", "unicode"});
  out.api = read_api_settings(reader, "https://v3.api.termii.com");
  return out;
}

class TermiiProvider final : public MessageProvider<PhoneMessage> {
 public:
  TermiiProvider(TermiiSettings settings, std::shared_ptr<Transport> transport,
                 const ProviderEnvironment& environment)
      : MessageProvider({"Termii", settings.api, {settings.api_key}}, std::move(transport),
                        environment),
        settings_(std::move(settings)) {}

  std::string_view channel_type() const override { return NotificationChannel::kSms; }

 private:
  Result<PhoneMessage> parse(const json& content, const json& recipients) const override {
    return parse_phone_message(content, recipients, kLimits);
  }

  /// Termii takes numbers without the sign, several as an array.
  HttpCall call(const PhoneMessage& message, const DeliveryRequest&) const override {
    json to = json::array();
    for (const std::string& number : message.to) to.push_back(digits_of(number));
    const bool single = to.size() == 1;
    return json_call(base_url() + (single ? "/api/sms/send" : "/api/sms/send/bulk"), {},
                     {{"api_key", settings_.api_key},
                      {"to", single ? to.front() : to},
                      {"from", message.from.empty() ? settings_.sender_id : message.from},
                      {"sms", message.text},
                      {"type", settings_.type},
                      {"channel", settings_.route}});
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    std::string code = text_at(answer, "/code");
    if (code == std::to_string(reply.code)) code.clear();
    const std::string message = text_at(answer, "/message");
    auto outcome = judge(reply, {.code = std::move(code),
                                 .message = message,
                                 .message_id = text_at(answer, "/message_id")});
    // An empty account is the operator's to fill; the message can wait for it.
    const bool unpaid = message.find("nsufficient balance") != std::string::npos;
    if (unpaid && outcome.kind == DeliveryOutcome::Kind::kPermanent) {
      outcome.kind = DeliveryOutcome::Kind::kTransient;
    }
    return outcome;
  }

  const TermiiSettings settings_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_termii_channel(const json& settings,
                                                        const ProviderEnvironment& environment) {
  return make_api_provider<TermiiProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
