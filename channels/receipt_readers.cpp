// The readers of each provider's receipts; see create_receipt_reader in townkrier/receipts.hpp.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "channels/header_names.hpp"
#include "channels/receipt_parts.hpp"
#include "channels/signatures.hpp"
#include "channels/webhook_signature.hpp"
#include "core/base64.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryReceipt::Kind;

/// The key of a Standard Webhooks secret; problems name "secret".
std::string read_key(JsonReader& settings) {
  const auto secret = settings.required_string("secret");
  if (!secret) return {};
  auto key = webhook_key(*secret);
  if (!key) settings.errors().add(settings.pointer("secret"), key.error().message);
  return std::move(key).value_or("");
}

// ---- Resend: signed by Svix; https://resend.com/docs/dashboard/webhooks/event-types

class ResendReceipts final : public ReceiptReader {
 public:
  explicit ResendReceipts(std::string key) : key_(std::move(key)) {}

  Result<Receipts> read(const ReceiptRequest& request, TimePoint now) const override {
    if (auto ok = check_standard(request, "svix", key_, now); !ok) {
      return std::unexpected(ok.error());
    }
    const auto event = receipt_json(request);
    if (!event) return std::unexpected(event.error());
    const std::string type = text_at(*event, "/type");
    const auto kind = kind_of(type);
    if (!kind) return Receipts{};
    const std::string id = text_at(*event, "/data/email_id");
    if (id.empty()) return not_read();
    auto receipt = receipt_of(*kind, id, text_at(*event, "/data/to/0"),
                              text_at(*event, "/data/bounce/message"));
    receipt.at = time_of(text_at(*event, "/created_at"), now);
    if (text_at(*event, "/data/bounce/type") == "Permanent") receipt.permanent = true;
    return Receipts{std::move(receipt)};
  }

 private:
  static std::optional<Kind> kind_of(std::string_view type) {
    if (type == "email.delivered") return Kind::kDelivered;
    if (type == "email.bounced" || type == "email.failed") return Kind::kBounced;
    if (type == "email.complained") return Kind::kComplained;
    return std::nullopt;
  }

  const std::string key_;
};

// ---- Standard Webhooks, for senders of one's own

class StandardReceipts final : public ReceiptReader {
 public:
  explicit StandardReceipts(std::string key) : key_(std::move(key)) {}

  Result<Receipts> read(const ReceiptRequest& request, TimePoint now) const override {
    if (auto ok = check_standard(request, "webhook", key_, now); !ok) {
      return std::unexpected(ok.error());
    }
    const auto event = receipt_json(request);
    if (!event) return std::unexpected(event.error());
    static const std::map<std::string, Kind> kinds{{"message.delivered", Kind::kDelivered},
                                                   {"message.bounced", Kind::kBounced},
                                                   {"message.complained", Kind::kComplained}};
    const auto kind = kinds.find(text_at(*event, "/type"));
    if (kind == kinds.end()) return Receipts{};
    const std::string id = text_at(*event, "/data/message_id");
    if (id.empty()) return not_read();
    auto receipt = receipt_of(kind->second, id, text_at(*event, "/data/recipient"),
                              text_at(*event, "/data/reason"));
    receipt.at = time_of(text_at(*event, "/timestamp"), now);
    const json* permanent = value_at(*event, "/data/permanent");
    if (permanent != nullptr && permanent->is_boolean() && permanent->get<bool>()) {
      receipt.permanent = true;
    }
    return Receipts{std::move(receipt)};
  }

 private:
  const std::string key_;
};

// ---- Postmark: https://postmarkapp.com/developer/webhooks/webhooks-overview

class PostmarkReceipts final : public ReceiptReader {
 public:
  PostmarkReceipts(std::string header, std::string value)
      : header_(std::move(header)), value_(std::move(value)) {}

  Result<Receipts> read(const ReceiptRequest& request, TimePoint now) const override {
    if (!equal_secrets(header_of(request, header_), value_)) return not_signed();
    const auto event = receipt_json(request);
    if (!event) return std::unexpected(event.error());
    const std::string type = text_at(*event, "/RecordType");
    const bool delivered = type == "Delivery";
    const bool complained = type == "SpamComplaint";
    if (!delivered && !complained && type != "Bounce") return Receipts{};
    const std::string id = text_at(*event, "/MessageID");
    if (id.empty()) return not_read();
    const Kind kind = delivered    ? Kind::kDelivered
                      : complained ? Kind::kComplained
                                   : Kind::kBounced;
    auto receipt = receipt_of(kind, id, text_at(*event, delivered ? "/Recipient" : "/Email"),
                              text_at(*event, "/Description"));
    receipt.at = time_of(text_at(*event, delivered ? "/DeliveredAt" : "/BouncedAt"), now);
    if (kind == Kind::kBounced) receipt.permanent = is_permanent(*event);
    return Receipts{std::move(receipt)};
  }

 private:
  /// Postmark itself stops mail to an address that is "inactive".
  static bool is_permanent(const json& event) {
    static constexpr std::array<std::string_view, 3> kForGood{"HardBounce", "BadEmailAddress",
                                                              "ManuallyDeactivated"};
    const json* inactive = value_at(event, "/Inactive");
    if (inactive != nullptr && inactive->is_boolean() && inactive->get<bool>()) return true;
    return std::ranges::find(kForGood, text_at(event, "/Type")) != kForGood.end();
  }

  const std::string header_;  // in lower case
  const std::string value_;
};

// ---- Twilio: https://www.twilio.com/docs/usage/security#validating-requests

/// Decodes "a=1&b=2"; nullopt for a broken escape.
std::optional<std::string> form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const auto byte = hex_decode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<std::multimap<std::string, std::string>> parse_form(std::string_view body) {
  std::multimap<std::string, std::string> fields;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(pair.size() + 1, body.size()));
    const std::size_t equal = std::min(pair.find('='), pair.size());
    auto name = form_decoded(pair.substr(0, equal));
    auto value = form_decoded(pair.substr(std::min(equal + 1, pair.size())));
    if (!name || !value) return std::nullopt;
    fields.emplace(*std::move(name), *std::move(value));
  }
  return fields;
}

class TwilioReceipts final : public ReceiptReader {
 public:
  TwilioReceipts(std::string token, std::string url)
      : token_(std::move(token)), url_(std::move(url)) {}

  /// Signed is the URL followed by every name and value, sorted by name.
  Result<Receipts> read(const ReceiptRequest& request, TimePoint now) const override {
    const auto fields = parse_form(request.body);
    if (!fields) return not_signed();
    std::string text = url_;
    for (const auto& [name, value] : *fields) text += name + value;
    const std::string expected = base64_encode(hmac(HashKind::kSha1, token_, text));
    if (!equal_secrets(header_of(request, "x-twilio-signature"), expected)) return not_signed();
    const auto field = [&](const char* name) {
      const auto found = fields->find(name);
      return found == fields->end() ? std::string() : found->second;
    };
    const std::string status = field("MessageStatus");
    const bool failed = status == "undelivered" || status == "failed";
    if (!failed && status != "delivered" && status != "read") return Receipts{};
    if (field("MessageSid").empty()) return not_read();
    const std::string code = field("ErrorCode");
    auto receipt = receipt_of(failed ? Kind::kBounced : Kind::kDelivered, field("MessageSid"),
                              field("To"), code.empty() ? "" : "Twilio error " + code);
    receipt.at = now;
    receipt.permanent = failed && is_permanent(code);
    return Receipts{std::move(receipt)};
  }

 private:
  /// 21610: unsubscribed; 30005: unknown number; 30006: landline.
  static bool is_permanent(std::string_view code) {
    return code == "21610" || code == "30005" || code == "30006";
  }

  const std::string token_;
  const std::string url_;
};

// ---- Anything signed with HMAC, described in settings

struct HmacSettings {
  std::string secret;
  std::string header;
  HashKind hash = HashKind::kSha256;
  bool is_base64 = false;
  std::string prefix;
  std::string message_id;
  std::string status;
  std::string recipient;
  std::string time;
  std::string detail;
  std::map<std::string, Kind> words;
};

class HmacReceipts final : public ReceiptReader {
 public:
  explicit HmacReceipts(HmacSettings settings) : settings_(std::move(settings)) {}

  Result<Receipts> read(const ReceiptRequest& request, TimePoint now) const override {
    const std::string mac = hmac(settings_.hash, settings_.secret, request.body);
    const std::string expected =
        settings_.prefix + (settings_.is_base64 ? base64_encode(mac) : hex_encode(mac));
    if (!equal_secrets(header_of(request, settings_.header), expected)) return not_signed();
    const auto body = receipt_json(request);
    if (!body) return std::unexpected(body.error());
    Receipts out;
    for (const json& event : body->is_array() ? *body : json::array({*body})) {
      const auto kind = settings_.words.find(text_at(event, settings_.status));
      if (kind == settings_.words.end()) continue;
      const std::string id = text_at(event, settings_.message_id);
      if (id.empty()) return not_read();
      const auto said = [&](const std::string& pointer) {
        return pointer.empty() ? std::string() : text_at(event, pointer);
      };
      auto receipt =
          receipt_of(kind->second, id, said(settings_.recipient), said(settings_.detail));
      receipt.at = time_of(said(settings_.time), now);
      receipt.permanent = kind->second != Kind::kDelivered;
      out.push_back(std::move(receipt));
    }
    return out;
  }

 private:
  const HmacSettings settings_;
};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string read_path(JsonReader& settings, std::string_view name, bool required) {
  auto text = required ? settings.required_string(name) : settings.optional_string(name);
  if (text && (!text->starts_with('/') || text->size() < 2)) {
    settings.errors().add(settings.pointer(name), "must be a path such as /data/id");
  }
  return std::move(text).value_or("");
}

void read_words(JsonReader& settings, const char* name, Kind kind, HmacSettings& out) {
  const json* words = settings.optional_array(name);
  if (words == nullptr) return;
  for (const json& word : *words) {
    if (word.is_string()) {
      out.words.emplace(word.get<std::string>(), kind);
    } else {
      settings.errors().add(settings.pointer(name), "must hold texts");
    }
  }
}

std::string read_header(JsonReader& settings, std::string_view fallback) {
  const auto name =
      fallback.empty() ? settings.required_string("header") : settings.optional_string("header");
  if (name && !is_header_name(*name)) {
    settings.errors().add(settings.pointer("header"), "is not a header name");
  }
  return lower(name.value_or(std::string(fallback)));
}

}  // namespace

ReaderPtr make_resend_receipts(JsonReader& settings) {
  return std::make_shared<ResendReceipts>(read_key(settings));
}

ReaderPtr make_standard_receipts(JsonReader& settings) {
  return std::make_shared<StandardReceipts>(read_key(settings));
}

ReaderPtr make_postmark_receipts(JsonReader& settings) {
  if (settings.has("token")) {
    return std::make_shared<PostmarkReceipts>(read_header(settings, "X-Townkrier-Token"),
                                              read_secret(settings, "token"));
  }
  const std::string user = read_secret(settings, "username");
  return std::make_shared<PostmarkReceipts>("authorization",
                                            basic_auth(user, read_secret(settings, "password")));
}

ReaderPtr make_twilio_receipts(JsonReader& settings) {
  const std::string token = read_secret(settings, "auth_token");
  return std::make_shared<TwilioReceipts>(token, read_url(settings, "url", AddressPolicy::kAny));
}

ReaderPtr make_hmac_receipts(JsonReader& settings) {
  HmacSettings out;
  out.secret = settings.required_string("secret", {.min_bytes = 1}).value_or("");
  out.header = read_header(settings, "");
  const auto hash = parse_hash_kind(settings.optional_string("algorithm").value_or("sha256"));
  if (!hash) {
    settings.errors().add(settings.pointer("algorithm"), "must be sha256, sha1 or sha512");
  }
  out.hash = hash.value_or(HashKind::kSha256);
  const auto encoding = settings.optional_string("encoding").value_or("hex");
  if (encoding != "hex" && encoding != "base64") {
    settings.errors().add(settings.pointer("encoding"), "must be hex or base64");
  }
  out.is_base64 = encoding == "base64";
  out.prefix = settings.optional_string("prefix").value_or("");
  out.message_id = read_path(settings, "message_id", true);
  out.status = read_path(settings, "status", true);
  out.recipient = read_path(settings, "recipient", false);
  out.time = read_path(settings, "time", false);
  out.detail = read_path(settings, "detail", false);
  read_words(settings, "delivered", Kind::kDelivered, out);
  read_words(settings, "bounced", Kind::kBounced, out);
  read_words(settings, "complained", Kind::kComplained, out);
  if (out.words.empty()) {
    settings.errors().add(settings.pointer("delivered"), "is required, or bounced or complained");
  }
  return std::make_shared<HmacReceipts>(std::move(out));
}

}  // namespace townkrier
