// E-mail over the Mailtrap HTTP API; see create_mailtrap_channel in townkrier/providers.hpp.

#include <limits>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/email.hpp"
#include "core/base64.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct MailtrapSettings {
  std::string token;
  std::string category;
  std::string path = "/api/send";
  EmailAddress from;
  ApiSettings api;
};

MailtrapSettings read_settings(JsonReader& reader) {
  MailtrapSettings out;
  out.token = read_secret(reader, "api_token");
  out.from = read_from(reader);
  out.category = reader.optional_string("category", {.max_bytes = 255}).value_or("");
  const auto inbox =
      reader.optional_int("sandbox_inbox", 1, std::numeric_limits<std::int64_t>::max());
  if (inbox) out.path += "/" + std::to_string(*inbox);
  out.api = read_api_settings(
      reader, inbox ? "https://sandbox.api.mailtrap.io" : "https://send.api.mailtrap.io");
  return out;
}

json address_json(const EmailAddress& address) {
  json out{{"email", address.email}};
  if (!address.name.empty()) out["name"] = address.name;
  return out;
}

json addresses_json(const std::vector<EmailAddress>& addresses) {
  json out = json::array();
  for (const EmailAddress& address : addresses) out.push_back(address_json(address));
  return out;
}

json body_of(const Email& email, const MailtrapSettings& settings) {
  const EmailContent& content = email.content;
  json body{{"from", address_json(content.from ? *content.from : settings.from)},
            {"to", addresses_json(email.to)},
            {"subject", content.subject}};
  if (!content.text.empty()) body["text"] = content.text;
  if (!content.html.empty()) body["html"] = content.html;
  if (!content.cc.empty()) body["cc"] = addresses_json(content.cc);
  if (!content.bcc.empty()) body["bcc"] = addresses_json(content.bcc);
  if (content.reply_to) body["reply_to"] = address_json(*content.reply_to);
  if (!settings.category.empty()) body["category"] = settings.category;
  for (const Attachment& file : content.attachments) {
    json part{{"filename", file.filename},
              {"content", base64_encode(file.content)},
              {"disposition", "attachment"}};
    if (!file.content_type.empty()) part["type"] = file.content_type;
    body["attachments"].push_back(std::move(part));
  }
  return body;
}

class MailtrapProvider final : public MessageProvider<Email> {
 public:
  MailtrapProvider(MailtrapSettings settings, std::shared_ptr<Transport> transport,
                   const ProviderEnvironment& environment)
      : MessageProvider({"Mailtrap", settings.api, {settings.token}}, std::move(transport),
                        environment),
        settings_(std::move(settings)) {}

  std::string_view channel_type() const override { return NotificationChannel::kEmail; }

 private:
  Result<Email> parse(const json& content, const json& recipients) const override {
    return parse_email(content, recipients);
  }

  HttpCall call(const Email& email, const DeliveryRequest&) const override {
    return json_call(base_url() + settings_.path, {{"Authorization", "Bearer " + settings_.token}},
                     body_of(email, settings_));
  }

  /// Errors come as `{"errors":["..."]}` or `{"error":"..."}`, without codes.
  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    std::string message = text_at(answer, "/errors/0");
    if (message.empty()) message = text_at(answer, "/error");
    return judge(reply,
                 {.message = std::move(message), .message_id = text_at(answer, "/message_ids/0")});
  }

  const MailtrapSettings settings_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_mailtrap_channel(const json& settings,
                                                          const ProviderEnvironment& environment) {
  return make_api_provider<MailtrapProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
