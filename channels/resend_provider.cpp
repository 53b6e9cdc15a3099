// E-mail over the Resend HTTP API; see create_resend_channel in townkrier/providers.hpp.

#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/email.hpp"
#include "core/base64.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct ResendSettings {
  std::string api_key;
  EmailAddress from;
  ApiSettings api;
};

ResendSettings read_settings(JsonReader& reader) {
  ResendSettings out;
  out.api_key = read_secret(reader, "api_key");
  out.from = read_from(reader);
  out.api = read_api_settings(reader, "https://api.resend.com");
  return out;
}

json body_of(const Email& email, const EmailAddress& default_from) {
  const EmailContent& content = email.content;
  json body{{"from", mailbox_text(content.from ? *content.from : default_from)},
            {"to", mailbox_texts(email.to)},
            {"subject", content.subject}};
  if (!content.text.empty()) body["text"] = content.text;
  if (!content.html.empty()) body["html"] = content.html;
  if (!content.cc.empty()) body["cc"] = mailbox_texts(content.cc);
  if (!content.bcc.empty()) body["bcc"] = mailbox_texts(content.bcc);
  if (content.reply_to) body["reply_to"] = mailbox_text(*content.reply_to);
  for (const Attachment& attachment : content.attachments) {
    json file{{"filename", attachment.filename}, {"content", base64_encode(attachment.content)}};
    if (!attachment.content_type.empty()) file["content_type"] = attachment.content_type;
    body["attachments"].push_back(std::move(file));
  }
  return body;
}

class ResendProvider final : public MessageProvider<Email> {
 public:
  ResendProvider(ResendSettings settings, std::shared_ptr<Transport> transport,
                 const ProviderEnvironment& environment)
      : MessageProvider({"Resend", settings.api, {settings.api_key}}, std::move(transport),
                        environment),
        key_(settings.api_key),
        from_(std::move(settings.from)) {}

  std::string_view channel_type() const override { return NotificationChannel::kEmail; }

 private:
  Result<Email> parse(const json& content, const json& recipients) const override {
    return parse_email(content, recipients);
  }

  HttpCall call(const Email& email, const DeliveryRequest& request) const override {
    return json_call(
        base_url() + "/emails",
        {{"Authorization", "Bearer " + key_}, {"Idempotency-Key", request.idempotency_key}},
        body_of(email, from_));
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    const std::string name = text_at(answer, "/name");
    auto outcome = judge(reply, {.code = name,
                                 .message = text_at(answer, "/message"),
                                 .message_id = text_at(answer, "/id")});
    if (reply.code == 409 && name == "concurrent_idempotent_requests") {
      outcome.kind = DeliveryOutcome::Kind::kTransient;
    }
    return outcome;
  }

  const std::string key_;
  const EmailAddress from_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_resend_channel(const json& settings,
                                                        const ProviderEnvironment& environment) {
  return make_api_provider<ResendProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
