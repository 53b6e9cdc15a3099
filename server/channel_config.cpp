#include "server/channel_config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

namespace townkrier::server {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxProviders = 32;

Result<ProviderStrategy> parse_strategy(std::string_view text) {
  if (text == "priority") return ProviderStrategy::kPriority;
  if (text == "round-robin") return ProviderStrategy::kRoundRobin;
  if (text == "weighted") return ProviderStrategy::kWeighted;
  return fail(Errc::kInvalidConfig, "must be \"priority\", \"round-robin\" or \"weighted\"");
}

/// A variable's text as the value it most likely stands for: a provider's types are known to its
/// driver alone. `"8080"` in quotes stays a text.
json untyped_to_json(std::string text) {
  if (text == "true" || text == "false") return text == "true";
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && stop == text.data() + text.size();
  if (whole && text == std::to_string(number)) return number;
  return text;
}

/// Turns the values of one provider table into JSON, problems by their dotted key.
class SettingsConverter {
 public:
  explicit SettingsConverter(ConfigReading& reading) : reading_(reading) {}

  json convert(const ConfigNode& node, const std::string& key) {
    reading_.remember_origin(key, node.origin);
    return std::visit([&](const auto& value) { return to_json(value, node, key); }, node.value);
  }

 private:
  json to_json(bool value, const ConfigNode&, const std::string&) { return value; }
  json to_json(std::int64_t value, const ConfigNode&, const std::string&) { return value; }
  json to_json(double value, const ConfigNode& node, const std::string& key) {
    if (!std::isfinite(value)) reading_.problem(node.origin, key, "must be a finite number");
    return value;
  }
  json to_json(const std::string&, const ConfigNode& node, const std::string& key) {
    const auto text = reading_.resolve(node, key);
    if (!text) return nullptr;
    const bool is_reference = *text != *node.as<std::string>();
    return node.is_untyped() && !is_reference ? untyped_to_json(*text) : json(*text);
  }
  json to_json(const ConfigNode::Array& items, const ConfigNode&, const std::string& key) {
    json result = json::array();
    for (const ConfigNode& item : items) {
      result.push_back(convert(item, key + "." + std::to_string(result.size())));
    }
    return result;
  }
  json to_json(const ConfigNode::Table& entries, const ConfigNode&, const std::string& key) {
    json result = json::object();
    for (const auto& [name, node] : entries) result[name] = convert(node, key + "." + name);
    return result;
  }
  json to_json(ConfigNode::Other, const ConfigNode& node, const std::string& key) {
    reading_.problem(node.origin, key, "dates are not supported here; write a text in quotes");
    return nullptr;
  }

  ConfigReading& reading_;
};

std::string to_lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return text;
}

/// The keys of a provider's table and of its variables, except those that every provider has.
std::set<std::string> setting_names(const ConfigReading& reading, const ConfigNode* table,
                                    const std::string& path) {
  std::set<std::string> names;
  std::set<std::string> variables;
  if (table != nullptr) {
    for (const auto& [key, node] : *table->as<ConfigNode::Table>()) {
      names.insert(key);
      variables.insert(variable_name(path + "." + key));
    }
  }
  for (const std::string& rest : reading.variables_under(path)) {
    const std::string key = to_lower(rest);
    if (!variables.contains(variable_name(path + "." + key))) names.insert(key);
  }
  for (const char* ours : {"driver", "name", "weight", "rate", "concurrency"}) names.erase(ours);
  return names;
}

ProviderConfig read_provider(ConfigReading& reading, const ConfigNode* table,
                             const std::string& path) {
  TableReader reader(reading, table, path);
  ProviderConfig provider;
  reader.text("driver", provider.driver);
  reader.text("name", provider.name);
  reader.integer("weight", provider.weight);
  reader.word("rate", provider.rate, &parse_rate);
  reader.integer("concurrency", provider.concurrency);
  provider.settings = read_settings(reading, table, path);
  return provider;
}

std::vector<ProviderConfig> read_providers(TableReader& channel) {
  std::vector<ProviderConfig> providers;
  const ConfigNode* array = channel.array("providers");
  const auto* tables = array != nullptr ? array->as<ConfigNode::Array>() : nullptr;
  for (std::size_t i = 0; i < kMaxProviders; ++i) {
    const std::string path = channel.path_of("providers." + std::to_string(i));
    const ConfigNode* table = tables != nullptr && i < tables->size() ? &(*tables)[i] : nullptr;
    if (table == nullptr && channel.reading().variables_under(path).empty()) return providers;
    if (table != nullptr) channel.reading().remember_origin(path, table->origin);
    if (table != nullptr && table->as<ConfigNode::Table>() == nullptr) {
      channel.reading().problem(table->origin, path, "must be a table");
      continue;
    }
    providers.push_back(read_provider(channel.reading(), table, path));
  }
  channel.wrong("providers", "must be at most " + std::to_string(kMaxProviders));
  return providers;
}

ChannelConfig read_channel(ConfigReading& reading, const ConfigNode* table,
                           const std::string& name) {
  TableReader reader(reading, table, "channels." + name);
  ChannelConfig channel;
  channel.name = name;
  reader.flag("enabled", channel.enabled);
  reader.integer("concurrency", channel.concurrency);
  reader.word("rate", channel.rate, &parse_rate);
  reader.word("strategy", channel.strategy, &parse_strategy);
  reader.word("recipient_limit", channel.recipient_limit, &parse_recipient_limit);

  TableReader breaker(reading, reader.table("breaker"), reader.path_of("breaker"));
  breaker.integer("failures", channel.breaker.failures);
  breaker.duration("cooldown", channel.breaker.cooldown);
  breaker.finish();

  channel.providers = read_providers(reader);
  reader.finish();
  reader.report(channel.validate());
  return channel;
}

/// Channels that only variables name: TOWNKRIER_CHANNELS_<NAME>_<KEY>. A channel of the file owns
/// its variables, whatever characters its name has.
std::set<std::string> channels_of_environment(const ConfigReading& reading,
                                              const std::set<std::string>& known) {
  std::set<std::string> owned;
  for (const std::string& name : known) owned.insert(variable_name("channels." + name) + "_");
  std::set<std::string> names;
  for (const std::string& rest : reading.variables_under("channels")) {
    const std::string variable = variable_name("channels") + "_" + rest;
    if (std::ranges::any_of(owned,
                            [&](const auto& prefix) { return variable.starts_with(prefix); })) {
      continue;
    }
    // Providers first: their keys end like the channel's own.
    for (const std::string_view key :
         {"_PROVIDERS_", "_ENABLED", "_CONCURRENCY", "_RATE", "_STRATEGY", "_RECIPIENT_LIMIT",
          "_BREAKER_FAILURES", "_BREAKER_COOLDOWN"}) {
      const auto at = rest.find(key);
      if (at == std::string::npos || at == 0) continue;
      names.insert(to_lower(rest.substr(0, at)));
      break;
    }
  }
  return names;
}

}  // namespace

Result<double> parse_rate(std::string_view text) {
  const auto wrong = [] {
    return fail(Errc::kInvalidConfig,
                "must be a number and a unit such as \"100/s\", \"30/m\", \"5/h\"");
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return wrong();
  double count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + slash, count);
  if (error != std::errc{} || stop != text.data() + slash) return wrong();
  const std::string_view unit = text.substr(slash + 1);
  const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (seconds == 0 || !(count > 0) || !std::isfinite(count)) return wrong();
  return count / seconds;
}

Result<RecipientLimit> parse_recipient_limit(std::string_view text) {
  const auto slash = text.find('/');
  RecipientLimit limit;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + std::min(slash, text.size()), limit.count);
  if (slash != std::string_view::npos && error == std::errc{} && stop == text.data() + slash) {
    std::string window(text.substr(slash + 1));
    if (!window.empty() && window.find_first_of("0123456789") != 0) window.insert(0, "1");
    if (const auto duration = parse_duration(window)) {
      limit.window = *duration;
      return limit;
    }
  }
  return fail(Errc::kInvalidConfig,
              "must be a count and a time such as \"5/h\", \"1/30s\", \"20/d\"");
}

JsonText read_settings(ConfigReading& reading, const ConfigNode* table, const std::string& path) {
  json settings = json::object();
  for (const std::string& key : setting_names(reading, table, path)) {
    const std::string dotted = path + "." + key;
    const auto node = reading.value(dotted, table != nullptr ? table->find(key) : nullptr);
    if (node) settings[key] = SettingsConverter(reading).convert(*node, dotted);
  }
  return settings;
}

std::vector<ChannelConfig> read_channels(ConfigReading& reading, const ConfigNode* channels) {
  std::vector<ChannelConfig> result;
  std::set<std::string> names;
  if (channels == nullptr) {
    for (const char* name : {"console", "in_app"}) {
      result.push_back(read_channel(reading, nullptr, name));
      names.insert(name);
    }
  } else {
    for (const auto& [name, node] : *channels->as<ConfigNode::Table>()) {
      names.insert(name);
      reading.remember_origin("channels." + name, node.origin);
      if (node.as<ConfigNode::Table>() == nullptr) {
        reading.problem(node.origin, "channels." + name, "must be a table");
      } else {
        result.push_back(read_channel(reading, &node, name));
      }
    }
  }
  for (const std::string& name : channels_of_environment(reading, names)) {
    result.push_back(read_channel(reading, nullptr, name));
  }
  return result;
}

}  // namespace townkrier::server
