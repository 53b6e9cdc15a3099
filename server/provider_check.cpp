#include "server/provider_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "townkrier/events.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier::server {
namespace {

/// The one provider is number 0 for its manager; `key` as the configuration has it.
std::string key_in_config(std::string key, const std::string& channel, std::size_t index) {
  const std::string alone = "channels." + channel + ".providers.0";
  const bool inside =
      key.starts_with(alone) && (key.size() == alone.size() || key[alone.size()] == '.');
  if (inside) key.replace(alone.size() - 1, 1, std::to_string(index));
  return key;
}

/// The driver's problems for a channel that has only one of its providers, so that the problems of
/// all providers are found.
void check_one(const ServerConfig& config, const ChannelConfig& channel, std::size_t index,
               std::vector<std::string>& lines) {
  ChannelConfig alone = channel;
  alone.enabled = true;
  if (!channel.providers.empty()) alone.providers = {channel.providers[index]};
  NotificationManager manager({.default_channel = "", .channels = {std::move(alone)}});
  const auto ready = manager.ready();
  if (ready) return;
  std::vector<FieldError> fields = ready.error().fields;
  if (fields.empty()) fields.push_back({"channels." + channel.name, ready.error().message});
  for (const FieldError& field : fields) {
    const std::string key = key_in_config(field.pointer, channel.name, index);
    lines.push_back(problem_at(config, key, field.detail).to_string());
  }
}

/// The event webhook's settings.
void check_events(const ServerConfig& config, std::vector<std::string>& lines) {
  if (!config.events) return;
  NotificationManager manager;
  const auto made = create_event_webhook(
      config.events->value(),
      {.channel = "events", .provider = "webhook", .transport = manager.transport()});
  if (made) return;
  for (const FieldError& field : made.error().fields) {
    std::string key = "events" + field.pointer;
    std::ranges::replace(key, '/', '.');
    lines.push_back(problem_at(config, std::move(key), field.detail).to_string());
  }
  if (made.error().fields.empty()) lines.push_back("events: " + made.error().message);
}

/// Each reader by itself, then whether there is a provider whose receipts it reads.
void check_receipts(const ServerConfig& config, std::vector<std::string>& lines) {
  for (const auto& [provider, settings] : config.receipts) {
    NotificationManager manager({.receipts = {{provider, settings}}});
    const auto ready = manager.ready();
    if (ready) continue;
    for (const FieldError& field : ready.error().fields) {
      lines.push_back(problem_at(config, field.pointer, field.detail).to_string());
    }
  }
  if (!lines.empty() || config.receipts.empty()) return;
  NotificationManager manager({.default_channel = "", .channels = config.channels});
  if (!manager.ready()) return;
  for (const auto& [name, settings] : config.receipts) {
    const bool known = std::ranges::any_of(manager.channels(), [&](const auto& channel) {
      return std::ranges::any_of(channel.providers,
                                 [&](const auto& provider) { return provider->name() == name; });
    });
    if (known) continue;
    const auto problem = problem_at(config, "receipts." + name, "no provider has that name");
    lines.push_back(problem.to_string());
  }
}

/// The folders of templates and attachments.
void check_sources(const ServerConfig& config, std::vector<std::string>& lines) {
  NotificationManager manager({.templates = config.templates, .attachments = config.attachments});
  const auto ready = manager.ready();
  if (ready) return;
  for (const FieldError& field : ready.error().fields) {
    lines.push_back(problem_at(config, field.pointer, field.detail).to_string());
  }
  if (ready.error().fields.empty()) lines.push_back(ready.error().message);
}

}  // namespace

Result<void> check_providers(const ServerConfig& config) {
  std::vector<std::string> lines;
  check_sources(config, lines);
  check_events(config, lines);
  for (const ChannelConfig& channel : config.channels) {
    const std::size_t providers = std::max<std::size_t>(1, channel.providers.size());
    for (std::size_t i = 0; i < providers; ++i) check_one(config, channel, i, lines);
  }
  check_receipts(config, lines);
  std::string message;
  for (const std::string& line : lines) message += (message.empty() ? "" : "\n") + line;
  if (!message.empty()) return fail(Errc::kInvalidConfig, std::move(message));
  return {};
}

}  // namespace townkrier::server
