// E-mail over the Resend HTTP API; see create_resend_channel in townkrier/providers.hpp.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "channels/email.hpp"
#include "channels/outcomes.hpp"
#include "channels/settings.hpp"
#include "channels/text.hpp"
#include "channels/transfer.hpp"
#include "core/base64.hpp"
#include "core/strict_json.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct ResendSettings {
  std::string api_key;
  std::string base_url;
  EmailAddress from;
  AddressPolicy addresses = AddressPolicy::kPublicOnly;
  std::string ca_file;
  Duration timeout{15'000};
};

ResendSettings read_settings(const json& value, FieldErrors& errors) {
  JsonReader reader(value, "", errors);
  ResendSettings out;
  out.api_key = reader.required_string("api_key", {.min_bytes = 1}).value_or("");
  if (!is_printable_ascii(out.api_key)) errors.add("/api_key", "must be printable ASCII");
  out.from = read_from(reader);
  out.addresses = read_policy(reader);
  out.base_url = read_url(reader, "base_url", out.addresses, "https://api.resend.com");
  while (out.base_url.ends_with('/')) out.base_url.pop_back();
  out.ca_file = read_ca_file(reader);
  out.timeout = read_timeout(reader, out.timeout);
  reader.refuse_unknown();
  return out;
}

/// `Name <address>` for a JSON text: the name stays UTF-8, quoted where it holds specials.
std::string mailbox_text(const EmailAddress& address) {
  if (address.name.empty()) return address.email;
  if (address.name.find_first_of("()<>[]:;@\\,.\"") == std::string::npos) {
    return address.name + " <" + address.email + ">";
  }
  std::string quoted = "\"";
  for (const char c : address.name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\" <" + address.email + ">";
}

json mailbox_texts(const std::vector<EmailAddress>& addresses) {
  json out = json::array();
  for (const EmailAddress& address : addresses) out.push_back(mailbox_text(address));
  return out;
}

json body_of(const Email& email, const EmailAddress& default_from) {
  const EmailContent& content = email.content;
  json body{{"from", mailbox_text(content.from ? *content.from : default_from)},
            {"to", mailbox_texts(email.to)},
            {"subject", content.subject}};
  const std::string& text = content.text.empty() ? content.message : content.text;
  if (!text.empty()) body["text"] = text;
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

std::string text_member(const json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

DeliveryOutcome outcome_of(const TransferReply& reply, const std::string& api_key) {
  const json answer = parse_json(reply.body).value_or(json());
  const std::string name = text_member(answer, "name");
  std::string message = text_member(answer, "message");
  // An answer may quote the request: the key is never repeated.
  constexpr std::string_view kHidden = "***";
  for (auto at = message.find(api_key); at != std::string::npos;
       at = message.find(api_key, at + kHidden.size())) {
    message.replace(at, api_key.size(), kHidden);
  }
  auto outcome = outcome_of_http(reply, "Resend", message);
  if (outcome.kind == DeliveryOutcome::Kind::kSent) {
    outcome.message_id = printable(text_member(answer, "id"), 200);
    return outcome;
  }
  const bool answered = reply.status == TransferStatus::kAnswered;
  const bool ours_to_repair = answered && (reply.code == 401 || reply.code == 403);
  const bool in_progress =
      answered && reply.code == 409 && name == "concurrent_idempotent_requests";
  if (ours_to_repair || in_progress) outcome.kind = DeliveryOutcome::Kind::kTransient;
  if (!name.empty()) outcome.error_code = printable(name, 60);
  return outcome;
}

class ResendProvider final : public Provider {
 public:
  ResendProvider(ResendSettings settings, std::shared_ptr<Transport> transport,
                 const ProviderEnvironment& environment)
      : settings_(std::move(settings)),
        transport_(std::move(transport)),
        name_(environment.provider) {}

  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return NotificationChannel::kEmail; }

  Result<void> check(const json& content, const json& recipients) const override {
    const auto email = parse_email(content, recipients);
    if (!email) return std::unexpected(email.error());
    return {};
  }

  void send(DeliveryRequest request, DeliveryDone done) override {
    const auto email = parse_email(request.content.value(), request.recipient.value());
    if (!email) return done(DeliveryOutcome::permanent(email.error().message, "invalid_message"));
    HttpPost post;
    post.url = settings_.base_url + "/emails";
    post.headers = {{"Content-Type", "application/json"},
                    {"Authorization", "Bearer " + settings_.api_key},
                    {"Idempotency-Key", request.idempotency_key}};
    post.body =
        body_of(*email, settings_.from).dump(-1, ' ', false, json::error_handler_t::replace);
    Transfer transfer;
    transfer.what = std::move(post);
    transfer.addresses = settings_.addresses;
    transfer.ca_file = settings_.ca_file;
    transfer.timeout = std::min(request.timeout, settings_.timeout);
    transfer.stop = request.stop;
    transfer.done = [key = settings_.api_key, done = std::move(done)](TransferReply reply) {
      done(outcome_of(reply, key));
    };
    transport_->submit(std::move(transfer));
  }

 private:
  const ResendSettings settings_;
  const std::shared_ptr<Transport> transport_;
  const std::string name_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_resend_channel(const json& settings,
                                                        const ProviderEnvironment& environment) {
  FieldErrors errors;
  auto parsed = read_settings(settings, errors);
  auto transport = transport_of(environment, errors);
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return std::make_shared<ResendProvider>(std::move(parsed), std::move(transport), environment);
}

}  // namespace townkrier
