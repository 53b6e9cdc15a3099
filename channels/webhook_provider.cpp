// Signed JSON to a fixed URL; see create_webhook_channel in townkrier/providers.hpp.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "channels/header_names.hpp"
#include "channels/outcomes.hpp"
#include "channels/settings.hpp"
#include "channels/text.hpp"
#include "channels/transfer.hpp"
#include "channels/webhook_signature.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct WebhookSettings {
  std::string url;
  std::string key;  ///< Empty: not signed.
  Headers headers;
  AddressPolicy addresses = AddressPolicy::kPublicOnly;
  std::string ca_file;
  Duration timeout{15'000};
};

bool is_ours(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kOurs{"webhook-id", "webhook-timestamp",
                                                         "webhook-signature", "idempotency-key"};
  return is_framing_header(name) || std::any_of(kOurs.begin(), kOurs.end(),
                                                [&](auto ours) { return equal_names(ours, name); });
}

Headers read_headers(JsonReader& reader) {
  Headers out;
  const json* object = reader.optional_object("headers");
  if (object == nullptr) return out;
  for (const auto& [name, value] : object->items()) {
    const std::string pointer = pointer_to(reader.pointer("headers"), name);
    if (!is_header_name(name)) {
      reader.errors().add(pointer, "is not a header name");
    } else if (is_ours(name)) {
      reader.errors().add(pointer, "is set by the webhook itself");
    } else if (!value.is_string() || value.get_ref<const std::string&>().empty() ||
               has_control(value.get_ref<const std::string&>())) {
      reader.errors().add(pointer, "must be a text without control characters");
    } else {
      out.emplace_back(name, value.get<std::string>());
    }
  }
  return out;
}

WebhookSettings read_settings(const json& value, FieldErrors& errors) {
  JsonReader reader(value, "", errors);
  WebhookSettings out;
  out.addresses = read_policy(reader);
  out.url = read_url(reader, "url", out.addresses);
  if (const auto secret = reader.optional_string("secret")) {
    auto key = webhook_key(*secret);
    if (!key) errors.add("/secret", key.error().message);
    out.key = std::move(key).value_or("");
  }
  out.headers = read_headers(reader);
  out.ca_file = read_ca_file(reader);
  out.timeout = read_timeout(reader, out.timeout);
  reader.refuse_unknown();
  return out;
}

class WebhookProvider final : public Provider {
 public:
  WebhookProvider(WebhookSettings settings, std::shared_ptr<Transport> transport,
                  const ProviderEnvironment& environment)
      : settings_(std::move(settings)),
        transport_(std::move(transport)),
        clock_(environment.clock),
        name_(environment.provider) {}

  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return "webhook"; }
  bool needs_recipient() const override { return false; }

  Result<void> check(const json& content, const json&) const override {
    FieldErrors errors;
    JsonReader reader(content, "/content", errors);
    if (content.is_object() && reader.optional_any("body") == nullptr) {
      errors.add("/content/body", "is required");
    }
    const auto type = reader.optional_string("type", {.min_bytes = 1, .max_bytes = 200});
    if (type && has_control(*type)) errors.add("/content/type", "must not hold control characters");
    reader.refuse_unknown();
    return errors.result();
  }

  void send(DeliveryRequest request, DeliveryDone done) override {
    const json content = request.content.value();
    if (auto ok = check(content, {}); !ok) {
      return done(DeliveryOutcome::permanent(ok.error().message, "invalid_message"));
    }
    HttpCall post;
    post.url = settings_.url;
    post.body = body_of(request, content);
    post.headers = headers_of(request.idempotency_key, post.body);
    Transfer transfer;
    transfer.what = std::move(post);
    transfer.addresses = settings_.addresses;
    transfer.ca_file = settings_.ca_file;
    transfer.timeout = std::min(request.timeout, settings_.timeout);
    transfer.stop = request.stop;
    transfer.done = [done = std::move(done)](TransferReply reply) {
      done(outcome_of_http(reply, "the endpoint"));
    };
    transport_->submit(std::move(transfer));
  }

 private:
  std::string body_of(const DeliveryRequest& request, const json& content) const {
    const bool dated = request.created_at != TimePoint{};
    const json body{{"id", request.idempotency_key},
                    {"type", content.value("type", "notification")},
                    {"timestamp", to_iso8601(dated ? request.created_at : clock_->now())},
                    {"data", content.at("body")}};
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  Headers headers_of(const std::string& id, std::string_view body) const {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(clock_->now()).time_since_epoch().count();
    Headers headers = settings_.headers;
    headers.emplace_back("Content-Type", "application/json");
    headers.emplace_back("Idempotency-Key", id);
    headers.emplace_back("webhook-id", id);
    headers.emplace_back("webhook-timestamp", std::to_string(seconds));
    if (!settings_.key.empty()) {
      headers.emplace_back("webhook-signature",
                           webhook_signature(settings_.key, {id, seconds, body}));
    }
    return headers;
  }

  const WebhookSettings settings_;
  const std::shared_ptr<Transport> transport_;
  const std::shared_ptr<const Clock> clock_;
  const std::string name_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_webhook_channel(const json& settings,
                                                         const ProviderEnvironment& environment) {
  FieldErrors errors;
  auto parsed = read_settings(settings, errors);
  auto transport = transport_of(environment, errors);
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return std::make_shared<WebhookProvider>(std::move(parsed), std::move(transport), environment);
}

}  // namespace townkrier
