// WhatsApp over the HTTP APIs of Wasender and Whapi; see create_wasender_channel and
// create_whapi_channel in townkrier/providers.hpp.

#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/phone.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

constexpr PhoneLimits kLimits{.max_characters = 4096, .max_numbers = 1};

struct WhatsappSettings {
  std::string key;
  ApiSettings api;
};

/// What both have in common.
class WhatsappProvider : public MessageProvider<PhoneMessage> {
 public:
  WhatsappProvider(const char* label, const WhatsappSettings& settings,
                   std::shared_ptr<Transport> transport, const ProviderEnvironment& environment)
      : MessageProvider({label, settings.api, {settings.key}}, std::move(transport), environment),
        key_(settings.key) {}

  std::string_view channel_type() const override { return NotificationChannel::kWhatsapp; }

 protected:
  Result<PhoneMessage> parse(const json& content, const json& recipients) const override {
    auto message = parse_phone_message(content, recipients, kLimits);
    if (message && !message->from.empty()) {
      return fail_field(Errc::kInvalidArgument, "/content/from",
                        "cannot be chosen: the account has one number");
    }
    return message;
  }
  Headers authorization() const { return {{"Authorization", "Bearer " + key_}}; }

 private:
  const std::string key_;
};

class WasenderProvider final : public WhatsappProvider {
 public:
  WasenderProvider(const WhatsappSettings& settings, std::shared_ptr<Transport> transport,
                   const ProviderEnvironment& environment)
      : WhatsappProvider("Wasender", settings, std::move(transport), environment) {}

 private:
  HttpCall call(const PhoneMessage& message, const DeliveryRequest&) const override {
    return json_call(base_url() + "/api/send-message", authorization(),
                     {{"to", message.to.front()}, {"text", message.text}});
  }

  /// `{"success":true,"data":{"msgId":1}}` or `{"success":false,"message":"..."}`; a 429 may say in
  /// its body after how many seconds.
  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    ApiAnswer said{.message = text_at(answer, "/message"),
                   .message_id = text_at(answer, "/data/msgId")};
    if (said.message.empty()) said.message = text_at(answer, "/error");
    const bool denied = answer.is_object() && answer.value("success", json(true)) == false;
    if (reply.status == TransferStatus::kAnswered && reply.code < 300 && denied) {
      return failed(Kind::kPermanent, std::move(said));
    }
    auto outcome = judge(reply, std::move(said));
    const auto wait = answer.is_object() ? answer.find("retry_after") : answer.end();
    if (outcome.kind == Kind::kThrottled && !reply.retry_after && wait != answer.end() &&
        wait->is_number_unsigned() && wait->get<std::uint64_t>() <= 24 * 3600) {
      outcome.retry_after = std::chrono::seconds(wait->get<std::uint64_t>());
    }
    return outcome;
  }
};

class WhapiProvider final : public WhatsappProvider {
 public:
  WhapiProvider(const WhatsappSettings& settings, std::shared_ptr<Transport> transport,
                const ProviderEnvironment& environment)
      : WhatsappProvider("Whapi", settings, std::move(transport), environment) {}

 private:
  /// Whapi takes numbers without the sign.
  HttpCall call(const PhoneMessage& message, const DeliveryRequest&) const override {
    return json_call(base_url() + "/messages/text", authorization(),
                     {{"to", digits_of(message.to.front())}, {"body", message.text}});
  }

  /// `{"sent":true,"message":{"id":"..."}}` or `{"error":{"code":402,"message":"..."}}`.
  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    std::string code = text_at(answer, "/error/code");
    if (code == std::to_string(reply.code)) code.clear();
    ApiAnswer said{.code = std::move(code),
                   .message = text_at(answer, "/error/message"),
                   .message_id = text_at(answer, "/message/id")};
    const bool denied = answer.is_object() && answer.value("sent", json(true)) == false;
    if (reply.status == TransferStatus::kAnswered && reply.code < 300 && denied) {
      return failed(Kind::kPermanent, std::move(said));
    }
    auto outcome = judge(reply, std::move(said));
    // 402: the trial or the plan is used up; 406: the phone is not connected.
    if (reply.code == 402 || reply.code == 406) outcome.kind = Kind::kTransient;
    return outcome;
  }
};

WhatsappSettings read_wasender(JsonReader& reader) {
  return {read_secret(reader, "api_key"), read_api_settings(reader, "https://www.wasenderapi.com")};
}

WhatsappSettings read_whapi(JsonReader& reader) {
  return {read_secret(reader, "token"), read_api_settings(reader, "https://gate.whapi.cloud")};
}

}  // namespace

Result<std::shared_ptr<Provider>> create_wasender_channel(const json& settings,
                                                          const ProviderEnvironment& environment) {
  return make_api_provider<WasenderProvider>(settings, environment, read_wasender);
}

Result<std::shared_ptr<Provider>> create_whapi_channel(const json& settings,
                                                       const ProviderEnvironment& environment) {
  return make_api_provider<WhapiProvider>(settings, environment, read_whapi);
}

}  // namespace townkrier
