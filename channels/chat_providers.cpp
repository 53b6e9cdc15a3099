// Incoming webhooks of Slack and Discord; see create_slack_channel and create_discord_channel in
// townkrier/providers.hpp.

#include <cmath>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/content_check.hpp"
#include "channels/text.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

struct ChatSettings {
  std::string url;
  ApiSettings api;
};

ChatSettings read_settings(JsonReader& reader) {
  ChatSettings out;
  out.api = read_api_settings(reader);
  out.url = read_url(reader, "url", out.api.addresses);
  return out;
}

/// "/services/T0/B0/x" of a URL.
std::string path_of(const std::string& url) {
  const auto host = url.find("://");
  const auto path = host == std::string::npos ? host : url.find('/', host + 3);
  // A path that holds nothing is no secret, and would hide every slash.
  return path == std::string::npos || url.size() - path < 2 ? std::string() : url.substr(path);
}

/// The url is the secret, and its path alone as well. A webhook that is gone or forbidden is for
/// the operator to repair.
class ChatProvider : public MessageProvider<std::string> {
 public:
  ChatProvider(const char* label, const ChatSettings& settings,
               std::shared_ptr<Transport> transport, const ProviderEnvironment& environment)
      : MessageProvider({label, settings.api, {settings.url, path_of(settings.url)}},
                        std::move(transport), environment),
        url_(settings.url) {}

  bool needs_recipient() const override { return false; }

 protected:
  const std::string& url() const { return url_; }
  DeliveryOutcome judge_hook(const TransferReply& reply, ApiAnswer answer) const {
    auto outcome = judge(reply, std::move(answer));
    if (reply.code == 404 || reply.code == 410) outcome.kind = Kind::kTransient;
    return outcome;
  }

 private:
  const std::string url_;
};

class SlackProvider final : public ChatProvider {
 public:
  SlackProvider(const ChatSettings& settings, std::shared_ptr<Transport> transport,
                const ProviderEnvironment& environment)
      : ChatProvider("Slack", settings, std::move(transport), environment) {}

  std::string_view channel_type() const override { return NotificationChannel::kSlack; }

 private:
  Result<std::string> parse(const json& content, const json&) const override {
    return parse_chat(content, 40'000);
  }

  HttpCall call(const std::string& text, const DeliveryRequest&) const override {
    return json_call(url(), {}, {{"text", text}});
  }

  /// The body is "ok" or a word such as "invalid_payload".
  DeliveryOutcome read(const TransferReply& reply) const override {
    const bool is_word = reply.body.size() <= 40 && is_printable_ascii(reply.body) &&
                         reply.body.find_first_of(" <{") == std::string::npos;
    return judge_hook(reply, {.code = is_word ? reply.body : std::string()});
  }
};

class DiscordProvider final : public ChatProvider {
 public:
  DiscordProvider(const ChatSettings& settings, std::shared_ptr<Transport> transport,
                  const ProviderEnvironment& environment)
      : ChatProvider("Discord", settings, std::move(transport), environment) {}

  std::string_view channel_type() const override { return "discord"; }

 private:
  Result<std::string> parse(const json& content, const json&) const override {
    return parse_chat(content, 2000);
  }

  /// `wait` makes Discord answer with the message. Nobody is pinged by what a text holds.
  HttpCall call(const std::string& text, const DeliveryRequest&) const override {
    const char* separator = url().find('?') == std::string::npos ? "?" : "&";
    return json_call(url() + separator + "wait=true", {},
                     {{"content", text}, {"allowed_mentions", {{"parse", json::array()}}}});
  }

  DeliveryOutcome read(const TransferReply& reply) const override {
    const json answer = body_json(reply);
    std::string code = text_at(answer, "/code");
    if (code == "0") code.clear();
    auto outcome = judge_hook(reply, {.code = std::move(code),
                                      .message = text_at(answer, "/message"),
                                      .message_id = text_at(answer, "/id")});
    // In seconds with a fraction; the header has whole ones.
    const auto wait = answer.is_object() ? answer.find("retry_after") : answer.end();
    if (outcome.kind == Kind::kThrottled && wait != answer.end() && wait->is_number() &&
        wait->get<double>() >= 0 && wait->get<double>() <= 24 * 3600) {
      outcome.retry_after =
          Duration(static_cast<std::int64_t>(std::ceil(wait->get<double>() * 1000)));
    }
    return outcome;
  }
};

}  // namespace

Result<std::shared_ptr<Provider>> create_slack_channel(const json& settings,
                                                       const ProviderEnvironment& environment) {
  return make_api_provider<SlackProvider>(settings, environment, read_settings);
}

Result<std::shared_ptr<Provider>> create_discord_channel(const json& settings,
                                                         const ProviderEnvironment& environment) {
  return make_api_provider<DiscordProvider>(settings, environment, read_settings);
}

}  // namespace townkrier
