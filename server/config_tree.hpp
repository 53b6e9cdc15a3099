#pragma once

/// \file config_tree.hpp
/// A configuration document without its syntax: typed values, each with the place it came from.
/// Plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "townkrier/result.hpp"

namespace townkrier::server {

/// Where a value was written: a line of a file, an environment variable or a flag (line 0).
struct Origin {
  std::string source;
  int line = 0;

  /// "townkrier.toml:12" or "TOWNKRIER_QUEUE_MAX_RETRIES".
  std::string to_string() const;
};

struct ConfigEntry;

/// One value. The environment and flags only have texts; who reads them knows the wanted type.
struct ConfigNode {
  using Array = std::vector<ConfigNode>;
  using Table = std::vector<ConfigEntry>;
  /// What the syntax has but no setting is, e.g. a date.
  struct Other {};

  Origin origin;
  std::variant<bool, std::int64_t, double, std::string, Array, Table, Other> value;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
  /// A text from the environment or a flag may stand for a number.
  bool is_untyped() const { return origin.line == 0 && as<std::string>() != nullptr; }
  /// Of a table: the value of that key, or null.
  const ConfigNode* find(std::string_view key) const;
};

struct ConfigEntry {
  std::string key;
  ConfigNode node;
};

/// Reads TOML. `name` is how messages call the document. kInvalidConfig: "name:5: ...".
Result<ConfigNode> parse_toml(std::string_view text, const std::string& name);

}  // namespace townkrier::server
