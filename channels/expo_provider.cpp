// Push over Expo's push service; see create_expo_channel in townkrier/providers.hpp.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/push.hpp"
#include "channels/text.hpp"
#include "townkrier/providers.hpp"
#include "townkrier/receipts.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

constexpr std::size_t kMaxReceipts = 1000;  // a request, by Expo's documentation
constexpr std::size_t kMaxDetailBytes = 200;

struct ExpoSettings {
  std::string access_token;  // empty: none needed
  std::string android_channel;
  ApiSettings api;
};

ExpoSettings read_settings(JsonReader& reader) {
  ExpoSettings out;
  if (reader.has("access_token")) out.access_token = read_secret(reader, "access_token");
  out.android_channel = reader.optional_string("android_channel", {.max_bytes = 64}).value_or("");
  out.api = read_api_settings(reader, "https://exp.host");
  return out;
}

bool is_expo_token(std::string_view token) {
  return token.ends_with(']') &&
         (token.starts_with("ExponentPushToken[") || token.starts_with("ExpoPushToken["));
}

/// What a ticket's or a receipt's error means. Unknown ones may pass.
Kind kind_of_error(std::string_view error) {
  if (error == "DeviceNotRegistered" || error == "MessageTooBig") return Kind::kPermanent;
  return error == "MessageRateExceeded" ? Kind::kThrottled : Kind::kTransient;
}

json message_of(const Push& push, const ExpoSettings& settings) {
  const PushContent& content = push.content;
  json message{{"to", push.tokens}};
  if (!content.title.empty()) message["title"] = content.title;
  if (!content.body.empty()) message["body"] = content.body;
  if (!content.sound.empty()) message["sound"] = content.sound;
  if (content.badge) message["badge"] = *content.badge;
  if (!content.image_url.empty()) message["richContent"] = {{"image", content.image_url}};
  json data = push.data;
  if (!content.action_url.empty()) data["actionUrl"] = content.action_url;
  if (!data.empty()) message["data"] = std::move(data);
  if (!settings.android_channel.empty()) message["channelId"] = settings.android_channel;
  return message;
}

class ExpoProvider final : public MessageProvider<Push>, public ReceiptSource {
 public:
  ExpoProvider(ExpoSettings settings, std::shared_ptr<Transport> transport,
               const ProviderEnvironment& environment)
      : MessageProvider({"Expo", settings.api, {settings.access_token}}, std::move(transport),
                        environment),
        settings_(std::move(settings)),
        clock_(environment.clock) {}

  std::string_view channel_type() const override { return NotificationChannel::kPush; }

  void fetch_receipts(std::vector<std::string> message_ids, Done done) override {
    if (message_ids.empty()) return done(std::vector<DeliveryReceipt>{});
    message_ids.resize(std::min(message_ids.size(), kMaxReceipts));
    DeliveryRequest unlimited;
    unlimited.timeout = settings_.api.timeout;
    Transfer transfer =
        transfer_for(unlimited, json_call(base_url() + "/--/api/v2/push/getReceipts",
                                          authorization(), {{"ids", message_ids}}));
    transfer.done = [self = shared_from_this(), this, done = std::move(done)](
                        const TransferReply& reply) { done(receipts_of(reply)); };
    transport().submit(std::move(transfer));
  }

 private:
  Result<Push> parse(const json& content, const json& recipients) const override {
    auto push = parse_push(content, recipients);
    if (!push) return push;
    FieldErrors errors;
    for (std::size_t i = 0; i < push->tokens.size(); ++i) {
      if (is_expo_token(push->tokens[i])) continue;
      errors.add(pointer_to("/recipient", i) + "/deviceToken",
                 "must be an Expo token: ExponentPushToken[...]");
    }
    if (!errors.empty()) return std::unexpected(errors.to_error());
    return push;
  }

  HttpCall call(const Push& push, const DeliveryRequest&) const override {
    return json_call(base_url() + "/--/api/v2/push/send", authorization(),
                     message_of(push, settings_));
  }

  Headers authorization() const {
    if (settings_.access_token.empty()) return {};
    return {{"Authorization", "Bearer " + settings_.access_token}};
  }

  /// A ticket a device: `{"data":[{"status":"ok","id":"..."}]}`, or `{"errors":[...]}`.
  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    const bool taken = reply.status == TransferStatus::kAnswered && reply.code / 100 == 2;
    if (!taken || !answer.is_object() || !answer.contains("data")) {
      ApiAnswer said{.code = text_at(answer, "/errors/0/code"),
                     .message = text_at(answer, "/errors/0/message")};
      if (!taken) return judge(reply, std::move(said));
      said.message = said.message.empty() ? "the answer holds no tickets" : said.message;
      return failed(Kind::kTransient, std::move(said));
    }
    const json& data = answer["data"];
    std::vector<DeliveryOutcome> outcomes;
    for (const json& ticket : data.is_array() ? data : json::array({data})) {
      outcomes.push_back(outcome_of(ticket));
    }
    if (outcomes.empty()) return failed(Kind::kTransient, {.message = "no tickets"});
    return join_devices(outcomes);
  }

  DeliveryOutcome outcome_of(const json& ticket) const {
    if (text_at(ticket, "/status") == "ok") {
      return DeliveryOutcome::sent(printable(text_at(ticket, "/id"), kMaxDetailBytes));
    }
    const std::string error = text_at(ticket, "/details/error");
    return failed(kind_of_error(error), {.code = error, .message = text_at(ticket, "/message")});
  }

  /// `{"data":{"<ticket>":{"status":"ok"}}}`; unknown tickets are not in it.
  Result<std::vector<DeliveryReceipt>> receipts_of(const TransferReply& reply) const {
    const json answer = body_json(reply);
    if (const auto outcome = judge(reply, {}); outcome.kind != Kind::kSent) {
      return fail(Errc::kDeliveryFailed, outcome.error);
    }
    if (!answer.is_object() || !answer.contains("data") || !answer["data"].is_object()) {
      return fail(Errc::kDeliveryFailed, "Expo's answer holds no receipts");
    }
    std::vector<DeliveryReceipt> out;
    for (const auto& [id, receipt] : answer["data"].items()) {
      DeliveryReceipt one{.message_id = id, .at = clock_->now()};
      if (text_at(receipt, "/status") != "ok") {
        one.kind = DeliveryReceipt::Kind::kBounced;
        one.permanent = kind_of_error(text_at(receipt, "/details/error")) == Kind::kPermanent;
        one.detail = printable(text_at(receipt, "/message"), kMaxDetailBytes);
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  const ExpoSettings settings_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_expo_channel(const json& settings,
                                                      const ProviderEnvironment& environment) {
  return make_api_provider<ExpoProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
