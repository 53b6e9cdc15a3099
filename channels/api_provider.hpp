#pragma once

/// \file api_provider.hpp
/// What the drivers of HTTP APIs share: settings, one request a delivery, and the reading of
/// answers. A driver says what it sends and what the answer's code, message and id are.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "channels/settings.hpp"
#include "channels/transfer.hpp"
#include "core/json_reader.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {

/// How an API is reached: `base_url`, `allow_private`, `ca_file`, `timeout`.
struct ApiSettings {
  std::string base_url;  ///< Without a slash at the end.
  AddressPolicy addresses = AddressPolicy::kPublicOnly;
  std::string ca_file;
  Duration timeout{15'000};
};
/// Without a default there is no `base_url` to set.
ApiSettings read_api_settings(JsonReader& reader, std::string_view default_base_url = {});

/// A required text that may stand in a header: printable ASCII. Errors never repeat it.
std::string read_secret(JsonReader& reader, std::string_view name);

/// What an answer's body says, as far as it does.
struct ApiAnswer {
  std::string code = {};     ///< The API's own error code; empty: the HTTP status is the code.
  std::string message = {};  ///< For people.
  std::string message_id = {};
};

/// What stands at a pointer ("/a/0/b"; no escapes); null when there is nothing.
const nlohmann::json* value_at(const nlohmann::json& value, std::string_view pointer);
/// The text or whole number at a pointer, as text; empty when there is none.
std::string text_at(const nlohmann::json& value, std::string_view pointer);

/// `text` with every occurrence of each secret replaced: an answer may quote the request.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A POST of JSON: content type, `headers`, and the body with invalid UTF-8 replaced.
HttpCall json_call(std::string url, Headers headers, const nlohmann::json& body);

/// "a=1&b=2" of names and values, percent-encoded as forms are.
std::string form_body(const Headers& fields);
std::string percent_encode(std::string_view text);

/// "Basic " + base64("user:password")
std::string basic_auth(std::string_view user, std::string_view password);

/// What one API is called and how it is reached. `secrets` never show in an outcome.
struct Api {
  std::string label;  ///< For people: "Postmark".
  ApiSettings settings;
  std::vector<std::string> secrets;
};

/// One request a delivery. Made with std::make_shared, as it keeps itself until the answer.
class ApiProvider : public Provider, public std::enable_shared_from_this<ApiProvider> {
 public:
  ApiProvider(Api api, std::shared_ptr<Transport> transport, const ProviderEnvironment& environment)
      : api_(std::move(api)), transport_(std::move(transport)), name_(environment.provider) {}

  std::string_view name() const override { return name_; }
  void send(DeliveryRequest request, DeliveryDone done) override;

 protected:
  /// The request; an error is a permanent outcome, as `check` should have said it before.
  virtual Result<HttpCall> call_for(const DeliveryRequest& request) const = 0;
  /// The outcome of an answer, most often `judge` with what the body says.
  virtual DeliveryOutcome read(const TransferReply& reply) const = 0;

  /// By the common rules (see outcomes.hpp), save that 401 and 403 are transient: the key is wrong,
  /// not the message, which is kept for the time after the repair.
  DeliveryOutcome judge(const TransferReply& reply, ApiAnswer answer) const;
  /// The same for an answer that says it failed, whatever its HTTP status.
  DeliveryOutcome failed(DeliveryOutcome::Kind kind, ApiAnswer answer) const;

  Transfer transfer_for(const DeliveryRequest& request, HttpCall call) const;
  const Api& api() const { return api_; }
  const std::string& base_url() const { return api_.settings.base_url; }
  Transport& transport() const { return *transport_; }

 private:
  const Api api_;
  const std::shared_ptr<Transport> transport_;  // outlives every provider on it
  const std::string name_;
};

/// The same for content of one form: `parse` makes a `Message` of content and recipients and says
/// what is wrong with them (pointers as `Provider::check` gives them), before and when sending.
template <class Message>
class MessageProvider : public ApiProvider {
 public:
  using ApiProvider::ApiProvider;

  Result<void> check(const nlohmann::json& content,
                     const nlohmann::json& recipients) const override {
    const auto message = parse(content, recipients);
    if (!message) return std::unexpected(message.error());
    return {};
  }

 protected:
  virtual Result<Message> parse(const nlohmann::json& content,
                                const nlohmann::json& recipients) const = 0;
  virtual HttpCall call(const Message& message, const DeliveryRequest& request) const = 0;

  Result<HttpCall> call_for(const DeliveryRequest& request) const override {
    const auto message = parse(request.content.value(), request.recipient.value());
    if (!message) return std::unexpected(message.error());
    return call(*message, request);
  }
};

/// The body as JSON; null when it is none.
nlohmann::json body_json(const TransferReply& reply);

/// The factory of a driver: reads settings with `read` (JsonReader& → Settings)
/// and makes a `P` of them.
template <class P, class Read>
Result<std::shared_ptr<Provider>> make_api_provider(const nlohmann::json& settings,
                                                    const ProviderEnvironment& environment,
                                                    Read read) {
  FieldErrors errors;
  JsonReader reader(settings, "", errors);
  auto parsed = read(reader);
  reader.refuse_unknown();
  auto transport = transport_of(environment, errors);
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return std::make_shared<P>(std::move(parsed), std::move(transport), environment);
}

}  // namespace townkrier
