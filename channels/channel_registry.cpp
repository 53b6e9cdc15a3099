#include "channels/channel_registry.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "channels/gated_provider.hpp"
#include "core/json_reader.hpp"

namespace townkrier {
namespace {

Error config_error(const std::string& channel, std::string detail) {
  std::string key = "channels." + channel;
  std::string message = key + ": " + detail;
  return {Errc::kInvalidConfig, std::move(message), {{std::move(key), std::move(detail)}}};
}

/// A factory's error with its pointers ("/port") made configuration keys.
Error provider_error(const ChannelConfig& channel, std::size_t index, const std::string& name,
                     const Error& error) {
  const std::string base = "channels." + channel.name + ".providers." + std::to_string(index);
  Error out{Errc::kInvalidConfig,
            "channel " + channel.name + ", provider " + name + ": " + error.message,
            {}};
  for (const FieldError& field : error.fields) {
    std::string key = field.pointer;
    std::replace(key.begin(), key.end(), '/', '.');
    out.fields.push_back({base + key, field.detail});
  }
  if (out.fields.empty()) out.fields.push_back({base, error.message});
  return out;
}

/// The provider's own name, or its driver's with the first free number.
std::string name_for(const ProviderConfig& provider, const std::set<std::string>& taken) {
  if (!provider.name.empty()) return provider.name;
  std::string name = provider.driver;
  for (int number = 2; taken.contains(name); ++number) {
    name = provider.driver + "-" + std::to_string(number);
  }
  return name;
}

}  // namespace

void ChannelRegistry::add_factory(std::string driver, ProviderFactory factory) {
  factories_.insert_or_assign(std::move(driver), std::move(factory));
}

void ChannelRegistry::add(ChannelConfig config, std::vector<std::shared_ptr<Provider>> providers) {
  entries_.push_back({std::move(config), std::move(providers)});
}

Result<void> ChannelRegistry::ready() {
  for (; made_ < entries_.size(); ++made_) {
    const Entry& entry = entries_[made_];
    const std::string& name = entry.config.name;
    if (!is_valid_name(name)) {
      return std::unexpected(config_error(name, "a name is 1 to 64 characters of A-Za-z0-9_.-"));
    }
    const auto same = [&](const Entry& other) { return other.config.name == name; };
    if (std::any_of(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(made_),
                    same)) {
      return std::unexpected(config_error(name, "is configured twice"));
    }
    if (!entry.config.enabled) continue;
    auto channel = make(entry);
    if (!channel) return std::unexpected(std::move(channel.error()));
    add_gates(*channel);
    channels_.push_back(*std::move(channel));
  }
  return {};
}

Result<ConfiguredChannel> ChannelRegistry::make(const Entry& entry) const {
  ConfiguredChannel channel{.config = entry.config, .providers = entry.providers};
  if (channel.providers.empty() && channel.config.providers.empty()) {
    // A channel without provider tables is delivered by the driver of its own name.
    if (!factories_.contains(channel.config.name)) {
      return std::unexpected(config_error(channel.config.name, "has no provider"));
    }
    channel.config.providers.push_back({.driver = channel.config.name, .name = {}, .settings = {}});
  }
  if (auto ok = channel.config.validate(); !ok) return std::unexpected(ok.error());
  std::set<std::string> taken;
  for (const auto& provider : channel.providers) {
    if (!provider) return std::unexpected(config_error(channel.config.name, "a provider is null"));
    if (!taken.emplace(provider->name()).second) {
      return std::unexpected(config_error(channel.config.name, "two providers share a name"));
    }
  }
  if (entry.providers.empty()) {
    for (std::size_t i = 0; i < channel.config.providers.size(); ++i) {
      const std::string name = name_for(channel.config.providers[i], taken);
      if (!taken.insert(name).second) {
        return std::unexpected(config_error(channel.config.name, "two providers share a name"));
      }
      auto provider = make_provider(channel.config, i, name);
      if (!provider) return std::unexpected(std::move(provider.error()));
      channel.config.providers[i].name = name;
      channel.providers.push_back(*std::move(provider));
    }
  }
  channel.needs_recipient =
      std::any_of(channel.providers.begin(), channel.providers.end(),
                  [](const auto& provider) { return provider->needs_recipient(); });
  return channel;
}

void ChannelRegistry::add_gates(ConfiguredChannel& channel) const {
  const ChannelConfig& config = channel.config;
  std::shared_ptr<SharedThrottle> recipients;
  if (config.recipient_limit) {
    recipients = std::make_shared<SharedThrottle>(*config.recipient_limit);
  }
  for (std::size_t i = 0; i < channel.providers.size(); ++i) {
    const bool configured = i < config.providers.size();
    if (!configured && !recipients && !shared_.suppressions && !shared_.policy) continue;
    Gate gate{.holds = channel.providers.size() == 1,
              .timer = shared_.timer,
              .recipients = recipients,
              .suppressions = shared_.suppressions,
              .policy = shared_.policy,
              .clock = shared_.clock};
    if (configured) gate.rate = config.providers[i].rate;
    if (configured) gate.concurrency = config.providers[i].concurrency;
    channel.providers[i] = std::make_shared<GatedProvider>(channel.providers[i], std::move(gate));
  }
}

Result<std::shared_ptr<Provider>> ChannelRegistry::make_provider(const ChannelConfig& channel,
                                                                 std::size_t index,
                                                                 const std::string& name) const {
  const ProviderConfig& config = channel.providers[index];
  const auto factory = factories_.find(config.driver);
  if (factory == factories_.end()) {
    std::string known;
    for (const auto& [driver, unused] : factories_) known += (known.empty() ? "" : ", ") + driver;
    return std::unexpected(
        provider_error(channel, index, name,
                       {Errc::kInvalidConfig,
                        "no driver of that name; known: " + known,
                        {{"/driver", "no driver of that name; known: " + known}}}));
  }
  const nlohmann::json settings =
      config.settings.empty() ? nlohmann::json::object() : config.settings.value();
  ProviderEnvironment environment{.channel = channel.name,
                                  .provider = name,
                                  .transport = shared_.transport,
                                  .clock = shared_.clock};
  auto provider = factory->second(settings, environment);
  if (!provider) return std::unexpected(provider_error(channel, index, name, provider.error()));
  if (!*provider) return std::unexpected(config_error(channel.name, "a factory made no provider"));
  return provider;
}

const ConfiguredChannel* ChannelRegistry::find(std::string_view name_or_type) const {
  const auto by_name = [&](const ConfiguredChannel& c) { return c.config.name == name_or_type; };
  auto found = std::find_if(channels_.begin(), channels_.end(), by_name);
  if (found == channels_.end()) {
    const auto by_type = [&](const ConfiguredChannel& c) {
      return c.providers.front()->channel_type() == name_or_type;
    };
    found = std::find_if(channels_.begin(), channels_.end(), by_type);
  }
  return found == channels_.end() ? nullptr : &*found;
}

}  // namespace townkrier
