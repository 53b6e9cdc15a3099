// Push over Firebase Cloud Messaging, HTTP v1; see create_fcm_channel in townkrier/providers.hpp.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/google_token.hpp"
#include "channels/push.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;
using Steady = std::chrono::steady_clock;

constexpr std::string_view kScope = "https://www.googleapis.com/auth/firebase.messaging";

struct FcmSettings {
  ServiceAccount account;
  std::string token_url;
  ApiSettings api;
};

FcmSettings read_settings(JsonReader& reader) {
  FcmSettings out;
  const auto text = reader.required_string("service_account", {.min_bytes = 1});
  if (text) {
    auto account = parse_service_account(*text);
    if (account) {
      out.account = *std::move(account);
    } else {
      reader.errors().add(reader.pointer("service_account"), account.error().message);
    }
  }
  if (auto project = reader.optional_string("project_id", {.min_bytes = 1, .max_bytes = 64})) {
    out.account.project_id = *std::move(project);
  }
  out.api = read_api_settings(reader, "https://fcm.googleapis.com");
  const std::string& given = out.account.token_uri;
  out.token_url = read_url(reader, "token_url", out.api.addresses,
                           given.empty() ? "https://oauth2.googleapis.com/token" : given);
  if (text && out.api.addresses == AddressPolicy::kPublicOnly &&
      !out.token_url.starts_with("https://")) {
    reader.errors().add(reader.pointer("service_account"), "has a token_uri that is not https");
  }
  return out;
}

/// Names that Firebase keeps for itself.
bool is_reserved(std::string_view name) {
  return name == "from" || name == "message_type" || name.starts_with("google.") ||
         name.starts_with("gcm.");
}

json android_part(const PushContent& content, const std::string& key) {
  // The tag makes a second copy of one delivery replace the first instead of standing beside it.
  json notification{{"tag", key}};
  if (!content.icon.empty()) notification["icon"] = content.icon;
  if (!content.sound.empty()) notification["sound"] = content.sound;
  if (content.badge) notification["notification_count"] = *content.badge;
  return {{"notification", std::move(notification)}};
}

json apns_part(const PushContent& content, const std::string& key) {
  json aps = json::object();
  if (!content.sound.empty()) aps["sound"] = content.sound;
  if (content.badge) aps["badge"] = *content.badge;
  json part{{"headers", {{"apns-collapse-id", key}}}};
  if (!aps.empty()) part["payload"] = {{"aps", std::move(aps)}};
  return part;
}

/// Everything of the message but the device.
json message_of(const Push& push, const std::string& idempotency_key) {
  const PushContent& content = push.content;
  const std::string key = idempotency_key.substr(0, 64);  // as much as APNs takes
  json notification = json::object();
  if (!content.title.empty()) notification["title"] = content.title;
  if (!content.body.empty()) notification["body"] = content.body;
  if (!content.image_url.empty()) notification["image"] = content.image_url;
  json message{{"notification", std::move(notification)},
               {"android", android_part(content, key)},
               {"apns", apns_part(content, key)}};
  if (json data = text_data(push); !data.empty()) message["data"] = std::move(data);
  if (content.action_url.starts_with("https://")) {
    message["webpush"] = {{"fcm_options", {{"link", content.action_url}}}};
  }
  return message;
}

/// The FcmError's code, e.g. UNREGISTERED, else the status, e.g. NOT_FOUND.
std::string error_code_of(const json& answer) {
  for (const char* index : {"0", "1", "2"}) {
    auto code = text_at(answer, std::string("/error/details/") + index + "/errorCode");
    if (!code.empty()) return code;
  }
  return text_at(answer, "/error/status");
}

class FcmProvider final : public ApiProvider {
 public:
  FcmProvider(FcmSettings settings, const std::shared_ptr<Transport>& transport,
              const ProviderEnvironment& environment)
      : ApiProvider({"FCM", settings.api, {}}, transport, environment),
        url_(settings.api.base_url + "/v1/projects/" + settings.account.project_id +
             "/messages:send"),
        tokens_(std::make_shared<AccessTokens>(
            AccessTokens::Source{settings.account, std::string(kScope), settings.token_url,
                                 settings.api},
            transport, environment.clock)) {}

  std::string_view channel_type() const override { return NotificationChannel::kPush; }

  Result<void> check(const json& content, const json& recipients) const override {
    const auto push = parse_push(content, recipients);
    if (!push) return std::unexpected(push.error());
    for (const auto& [name, value] : push->data.items()) {
      if (is_reserved(name)) {
        return fail_field(Errc::kInvalidArgument, pointer_to("/content/data", name),
                          "is a name that Firebase keeps for itself");
      }
    }
    return {};
  }

  /// Waits for a token, then sends to each device by itself: FCM takes one a request.
  void send(DeliveryRequest request, DeliveryDone done) override {
    const json content = request.content.value();
    const json recipients = request.recipient.value();
    if (auto ok = check(content, recipients); !ok) {
      return done(DeliveryOutcome::permanent(ok.error().message, "invalid_message"));
    }
    auto push = std::make_shared<const Push>(parse_push(content, recipients).value());
    const auto deadline = Steady::now() + request.timeout;
    auto self = std::static_pointer_cast<FcmProvider>(shared_from_this());
    tokens_->get([self, push, deadline, request = std::move(request),
                  done = std::move(done)](const AccessTokens::Answer& token) mutable {
      if (!token) return done(token.error());
      request.timeout = std::chrono::duration_cast<Duration>(deadline - Steady::now());
      self->send_all(*push, request, *token, std::move(done));
    });
  }

 private:
  void send_all(const Push& push, const DeliveryRequest& request, const std::string& token,
                DeliveryDone done) {
    if (request.timeout.count() <= 0) {
      return done(
          DeliveryOutcome::transient("FCM: no time left after waiting for a token", "timeout"));
    }
    const DeliveryDone one = join_devices(push.tokens.size(), std::move(done));
    json body{{"message", message_of(push, request.idempotency_key)}};
    for (const std::string& device : push.tokens) {
      body["message"]["token"] = device;
      Transfer transfer =
          transfer_for(request, json_call(url_, {{"Authorization", "Bearer " + token}}, body));
      transfer.done = [self = shared_from_this(), this, token, one](const TransferReply& reply) {
        if (reply.code == 401) tokens_->refuse(token);
        auto outcome = read(reply);
        outcome.error = without_secrets(std::move(outcome.error), {token});
        outcome.error_code = without_secrets(std::move(outcome.error_code), {token});
        one(std::move(outcome));
      };
      transport().submit(std::move(transfer));
    }
  }

  Result<HttpCall> call_for(const DeliveryRequest&) const override {
    return fail(Errc::kInternal, "FCM sends by device");  // `send` is this class's own
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    const std::string code = error_code_of(answer);
    auto outcome = judge(reply, {.code = code,
                                 .message = text_at(answer, "/error/message"),
                                 .message_id = text_at(answer, "/name")});
    if (reply.status != TransferStatus::kAnswered) return outcome;
    // A device of another sender is no fault of the configuration.
    if (code == "SENDER_ID_MISMATCH" || code == "UNREGISTERED") outcome.kind = Kind::kPermanent;
    return outcome;
  }

  const std::string url_;
  const std::shared_ptr<AccessTokens> tokens_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_fcm_channel(const json& settings,
                                                     const ProviderEnvironment& environment) {
  return make_api_provider<FcmProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
