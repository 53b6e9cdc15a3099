#include "server/config_tree.hpp"

#include <toml++/toml.h>

namespace townkrier::server {
namespace {

ConfigNode convert(const toml::node& node, Origin origin);

int line_of(const toml::source_region& region) {
  return static_cast<int>(region.begin.line);
}

ConfigNode::Table convert_table(const toml::table& table, const std::string& name) {
  ConfigNode::Table result;
  for (const auto& [key, node] : table) {
    result.push_back({std::string(key.str()), convert(node, {name, line_of(key.source())})});
  }
  return result;
}

ConfigNode::Array convert_array(const toml::array& array, const std::string& name) {
  ConfigNode::Array result;
  for (const toml::node& node : array) {
    result.push_back(convert(node, {name, line_of(node.source())}));
  }
  return result;
}

ConfigNode convert(const toml::node& node, Origin origin) {
  ConfigNode result{std::move(origin), ConfigNode::Other{}};
  if (const auto* table = node.as_table()) {
    result.value = convert_table(*table, result.origin.source);
  } else if (const auto* array = node.as_array()) {
    result.value = convert_array(*array, result.origin.source);
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    result.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    result.value = flag->get();
  }
  return result;
}

}  // namespace

std::string Origin::to_string() const {
  return line > 0 ? source + ":" + std::to_string(line) : source;
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  if (const auto* table = as<Table>()) {
    for (const ConfigEntry& entry : *table) {
      if (entry.key == key) return &entry.node;
    }
  }
  return nullptr;
}

Result<ConfigNode> parse_toml(std::string_view text, const std::string& name) {
  try {
    const toml::table table = toml::parse(text, std::string_view(name));
    return ConfigNode{{name, 1}, convert_table(table, name)};
  } catch (const toml::parse_error& error) {
    const Origin at{name, line_of(error.source())};
    return fail(Errc::kInvalidConfig,
                at.to_string() + ": not valid TOML: " + std::string(error.description()));
  }
}

}  // namespace townkrier::server
