// E-mail over the Postmark HTTP API; see create_postmark_channel in townkrier/providers.hpp.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/email.hpp"
#include "core/base64.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct PostmarkSettings {
  std::string token;
  std::string stream;
  EmailAddress from;
  ApiSettings api;
};

PostmarkSettings read_settings(JsonReader& reader) {
  PostmarkSettings out;
  out.token = read_secret(reader, "server_token");
  out.from = read_from(reader);
  out.stream = reader.optional_string("message_stream", {.min_bytes = 1, .max_bytes = 64})
                   .value_or("outbound");
  out.api = read_api_settings(reader, "https://api.postmarkapp.com");
  return out;
}

/// Postmark takes lists of addresses as one text.
std::string joined(const std::vector<EmailAddress>& addresses) {
  std::string out;
  for (const std::string& text : mailbox_texts(addresses)) {
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

json body_of(const Email& email, const PostmarkSettings& settings) {
  const EmailContent& content = email.content;
  json body{{"From", mailbox_text(content.from ? *content.from : settings.from)},
            {"To", joined(email.to)},
            {"Subject", content.subject},
            {"MessageStream", settings.stream}};
  if (!content.text.empty()) body["TextBody"] = content.text;
  if (!content.html.empty()) body["HtmlBody"] = content.html;
  if (!content.cc.empty()) body["Cc"] = joined(content.cc);
  if (!content.bcc.empty()) body["Bcc"] = joined(content.bcc);
  if (content.reply_to) body["ReplyTo"] = mailbox_text(*content.reply_to);
  for (const Attachment& file : content.attachments) {
    const std::string_view type = file.content_type.empty() ? content_type_for(file.filename)
                                                            : std::string_view(file.content_type);
    body["Attachments"].push_back(
        {{"Name", file.filename}, {"Content", base64_encode(file.content)}, {"ContentType", type}});
  }
  return body;
}

/// Error codes about the account or the server, not about the message: bad token, maintenance,
/// sender signature missing or not confirmed, no credits, account pending or over its limits.
bool is_for_the_operator(std::string_view code) {
  static constexpr std::array<std::string_view, 10> kCodes{"10",  "100", "400", "401", "405",
                                                           "412", "413", "500", "604", "1235"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

class PostmarkProvider final : public MessageProvider<Email> {
 public:
  PostmarkProvider(PostmarkSettings settings, std::shared_ptr<Transport> transport,
                   const ProviderEnvironment& environment)
      : MessageProvider({"Postmark", settings.api, {settings.token}}, std::move(transport),
                        environment),
        settings_(std::move(settings)) {}

  std::string_view channel_type() const override { return NotificationChannel::kEmail; }

 private:
  Result<Email> parse(const json& content, const json& recipients) const override {
    return parse_email(content, recipients);
  }

  HttpCall call(const Email& email, const DeliveryRequest&) const override {
    return json_call(base_url() + "/email", {{"X-Postmark-Server-Token", settings_.token}},
                     body_of(email, settings_));
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    std::string code = text_at(answer, "/ErrorCode");
    if (code == "0") code.clear();
    const bool operators = is_for_the_operator(code);
    auto outcome = judge(reply, {.code = std::move(code),
                                 .message = text_at(answer, "/Message"),
                                 .message_id = text_at(answer, "/MessageID")});
    if (operators && outcome.kind == DeliveryOutcome::Kind::kPermanent) {
      outcome.kind = DeliveryOutcome::Kind::kTransient;
    }
    return outcome;
  }

  const PostmarkSettings settings_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_postmark_channel(const json& settings,
                                                          const ProviderEnvironment& environment) {
  return make_api_provider<PostmarkProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
