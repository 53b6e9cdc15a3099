// E-mail over SMTP; see create_smtp_channel in townkrier/providers.hpp.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "channels/email.hpp"
#include "channels/outcomes.hpp"
#include "channels/settings.hpp"
#include "channels/text.hpp"
#include "channels/transfer.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct SmtpSettings {
  std::string host;
  std::uint16_t port = 0;
  MailTls tls = MailTls::kIfOffered;
  std::string username;
  std::string password;
  std::string ca_file;
  EmailAddress from;
  Duration timeout{30'000};
};

std::uint16_t default_port(MailTls tls) {
  if (tls == MailTls::kImplicit) return 465;
  return tls == MailTls::kStartTls ? 587 : 25;
}

std::optional<MailTls> parse_tls(std::string_view text) {
  if (text == "none") return MailTls::kNone;
  if (text == "auto") return MailTls::kIfOffered;
  if (text == "starttls") return MailTls::kStartTls;
  if (text == "tls") return MailTls::kImplicit;
  return std::nullopt;
}

/// Letters, digits, '.', '-', '_' and, for IPv6 literals, ':': nothing that could add to the URL.
bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:").find(c) != std::string_view::npos;
  });
}

/// Mail services that need no host, port and tls to be set.
struct SmtpPreset {
  std::string_view name;
  std::string_view host;  // "{region}" stands for the setting of that name
  MailTls tls;
};

constexpr std::array<SmtpPreset, 11> kPresets{{
    {"ses", "email-smtp.{region}.amazonaws.com", MailTls::kStartTls},
    {"sendgrid", "smtp.sendgrid.net", MailTls::kStartTls},
    {"mailgun", "smtp.mailgun.org", MailTls::kStartTls},
    {"mailjet", "in-v3.mailjet.com", MailTls::kStartTls},
    {"postmark", "smtp.postmarkapp.com", MailTls::kStartTls},
    {"mailtrap", "live.smtp.mailtrap.io", MailTls::kStartTls},
    {"brevo", "smtp-relay.brevo.com", MailTls::kStartTls},
    {"resend", "smtp.resend.com", MailTls::kImplicit},
    {"gmail", "smtp.gmail.com", MailTls::kStartTls},
    {"office365", "smtp.office365.com", MailTls::kStartTls},
    {"zoho", "smtp.zoho.com", MailTls::kImplicit},
}};

std::string preset_names() {
  std::string names;
  for (const SmtpPreset& preset : kPresets) {
    names += (names.empty() ? "" : ", ") + std::string(preset.name);
  }
  return names;
}

/// The preset's values into `out`; null without one.
const SmtpPreset* read_preset(JsonReader& reader, SmtpSettings& out) {
  const auto name = reader.optional_string("preset");
  const auto region = reader.optional_string("region", {.min_bytes = 1, .max_bytes = 40});
  if (!name) {
    if (region) reader.errors().add("/region", "belongs to preset \"ses\"");
    return nullptr;
  }
  const auto* preset = std::ranges::find(kPresets, *name, &SmtpPreset::name);
  if (preset == kPresets.end()) {
    reader.errors().add("/preset", "must be one of " + preset_names());
    return nullptr;
  }
  out.host = preset->host;
  constexpr std::string_view kRegion = "{region}";
  if (const std::size_t at = out.host.find(kRegion); at != std::string::npos) {
    if (!region) reader.errors().add("/region", "is required for this preset, e.g. eu-west-1");
    out.host.replace(at, kRegion.size(), region.value_or("x"));
  } else if (region) {
    reader.errors().add("/region", "belongs to preset \"ses\"");
  }
  if (!reader.has("username")) {
    reader.errors().add("/username", "is required for this preset");
  }
  return preset;
}

SmtpSettings read_settings(const json& value, FieldErrors& errors) {
  JsonReader reader(value, "", errors);
  SmtpSettings out;
  const SmtpPreset* preset = read_preset(reader, out);
  constexpr StringLimits kHostLimits{.min_bytes = 1, .max_bytes = 255};
  if (const auto host = reader.has("preset") ? reader.optional_string("host", kHostLimits)
                                             : reader.required_string("host", kHostLimits)) {
    out.host = *host;
  }
  if (!is_host(out.host)) errors.add("/host", "must be a host name or an address, without a port");
  out.username = reader.optional_string("username").value_or("");
  out.password = reader.optional_string("password").value_or("");
  if (out.username.empty() != out.password.empty()) {
    errors.add(out.username.empty() ? "/username" : "/password",
               "username and password go together");
  }
  if (has_control(out.username) || has_control(out.password)) {
    errors.add("/username", "username and password must not hold control characters");
  }
  out.tls = out.username.empty() ? MailTls::kIfOffered : MailTls::kStartTls;
  if (preset != nullptr) out.tls = preset->tls;
  if (const auto text = reader.optional_string("tls")) {
    const auto tls = parse_tls(*text);
    if (!tls) errors.add("/tls", "must be none, auto, starttls or tls");
    out.tls = tls.value_or(out.tls);
  }
  const auto port = reader.optional_int("port", 1, 65535);
  out.port = port ? static_cast<std::uint16_t>(*port) : default_port(out.tls);
  out.from = read_from(reader);
  out.ca_file = read_ca_file(reader);
  out.timeout = read_timeout(reader, out.timeout);
  reader.refuse_unknown();
  return out;
}

class SmtpProvider final : public Provider {
 public:
  SmtpProvider(SmtpSettings settings, std::shared_ptr<Transport> transport,
               const ProviderEnvironment& environment)
      : settings_(std::move(settings)),
        transport_(std::move(transport)),
        clock_(environment.clock),
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
    const bool dated = request.created_at != TimePoint{};
    auto message = compose_mail(*email, {.default_from = settings_.from,
                                         .idempotency_key = request.idempotency_key,
                                         .date = dated ? request.created_at : clock_->now()});
    if (!message) {
      return done(DeliveryOutcome::permanent(message.error().message, "invalid_message"));
    }
    const EmailAddress& from = email->content.from ? *email->content.from : settings_.from;
    Transfer transfer;
    transfer.what = submission(*email, from.email, *std::move(message));
    transfer.addresses = AddressPolicy::kAny;  // the mail server is the operator's own choice
    transfer.ca_file = settings_.ca_file;
    transfer.timeout = std::min(request.timeout, settings_.timeout);
    // Greeting, TLS and login count as connecting, and many servers greet late on purpose.
    transfer.connect_timeout = transfer.timeout;
    transfer.stop = request.stop;
    transfer.done = [id = message_id(request.idempotency_key, from.email), done = std::move(done)](
                        TransferReply reply) { done(outcome_of_smtp(reply, id)); };
    transport_->submit(std::move(transfer));
  }

 private:
  MailSubmission submission(const Email& email, const std::string& sender,
                            MailMessage message) const {
    MailSubmission mail;
    mail.host = settings_.host;
    mail.port = settings_.port;
    mail.tls = settings_.tls;
    mail.username = settings_.username;
    mail.password = settings_.password;
    mail.sender = sender;
    for (const auto* list : {&email.to, &email.content.cc, &email.content.bcc}) {
      for (const EmailAddress& address : *list) mail.recipients.push_back(address.email);
    }
    mail.message = std::move(message);
    return mail;
  }

  const SmtpSettings settings_;
  const std::shared_ptr<Transport> transport_;
  const std::shared_ptr<const Clock> clock_;
  const std::string name_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_smtp_channel(const json& settings,
                                                      const ProviderEnvironment& environment) {
  FieldErrors errors;
  auto parsed = read_settings(settings, errors);
  auto transport = transport_of(environment, errors);
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return std::make_shared<SmtpProvider>(std::move(parsed), std::move(transport), environment);
}

}  // namespace townkrier
