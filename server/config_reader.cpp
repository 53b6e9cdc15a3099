#include "server/config_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "server/secret_file.hpp"

namespace townkrier::server {
namespace {

constexpr std::string_view kPrefix = "TOWNKRIER_";

/// Variables that are not settings: those of the programs themselves, and what Kubernetes and
/// Docker links put into every container beside a service that is called "townkrier".
bool is_foreign(std::string_view variable) {
  const std::string_view name = variable.substr(kPrefix.size());
  return name == "CONFIG" || name == "LOG_LEVEL" || name == "PORT" || name.starts_with("PORT_") ||
         name == "SERVICE_HOST" || name == "SERVICE_PORT" || name.starts_with("SERVICE_PORT_");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return number;
}

std::string unknown_key(std::string_view key, const std::vector<std::string>& known) {
  const auto meant = nearest(key, known);
  return meant ? "unknown key; did you mean \"" + *meant + "\"?" : "unknown key";
}

}  // namespace

std::string ConfigProblem::to_string() const {
  std::string text = origin.to_string();
  if (!key.empty()) text += (text.empty() ? "" : ": ") + key;
  return text + (text.empty() ? "" : ": ") + detail;
}

std::string variable_name(std::string_view key) {
  std::string name(kPrefix);
  for (const char c : key) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    if (letter) {
      name += static_cast<char>(c & ~0x20);
    } else {
      name += digit ? c : '_';
    }
  }
  return name;
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Origin nearest_origin(const std::map<std::string, Origin>& origins, const std::string& key) {
  std::string place = key;
  while (!place.empty()) {
    if (const auto found = origins.find(place); found != origins.end()) return found->second;
    const auto dot = place.rfind('.');
    place.resize(dot == std::string::npos ? 0 : dot);
  }
  return {};
}

ConfigReading::ConfigReading(const ConfigOverlay& overlay) : overlay_(overlay) {}

void ConfigReading::problem(const Origin& origin, std::string key, std::string detail) {
  problems_.push_back({origin, std::move(key), std::move(detail)});
}

void ConfigReading::warning(const Origin& origin, std::string key, std::string detail) {
  warnings_.push_back({origin, std::move(key), std::move(detail)});
}

std::optional<ConfigNode> ConfigReading::value(const std::string& key, const ConfigNode* in_file) {
  const std::string variable = variable_name(key);
  known_variables_.insert(variable);
  std::optional<ConfigNode> result;
  if (const auto flag = overlay_.flags.find(key); flag != overlay_.flags.end()) {
    result = flag->second;
  } else if (const auto found = overlay_.environment.find(variable);
             found != overlay_.environment.end()) {
    result = ConfigNode{{variable, 0}, found->second};
  } else if (in_file != nullptr) {
    result = *in_file;
  }
  if (result) origins_[key] = result->origin;
  return result;
}

std::optional<std::string> ConfigReading::resolve(const ConfigNode& node, const std::string& key) {
  const std::string& text = *node.as<std::string>();
  if (text.starts_with("env:")) {
    const auto found = overlay_.environment.find(text.substr(4));
    if (found != overlay_.environment.end()) return found->second;
    problem(node.origin, key, "environment variable " + text.substr(4) + " is not set");
    return std::nullopt;
  }
  if (text.starts_with("file:")) {
    auto secret = read_secret_file(text.substr(5));
    if (!secret) {
      problem(node.origin, key, secret.error().message);
      return std::nullopt;
    }
    if (secret->world_readable) {
      warning(node.origin, key, text.substr(5) + " can be read by everybody; use mode 0600");
    }
    return std::move(secret->text);
  }
  return text;
}

std::vector<std::string> ConfigReading::variables_under(const std::string& key) const {
  const std::string prefix = variable_name(key) + "_";
  std::vector<std::string> rest;
  for (const auto& [name, text] : overlay_.environment) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      rest.push_back(name.substr(prefix.size()));
    }
  }
  return rest;
}

void ConfigReading::report_unused_variables() {
  const std::vector<std::string> known(known_variables_.begin(), known_variables_.end());
  for (const auto& [name, text] : overlay_.environment) {
    if (!name.starts_with(kPrefix) || is_foreign(name) || known_variables_.contains(name)) continue;
    const auto meant = nearest(name, known);
    problem({name, 0}, "",
            meant ? "unknown variable; did you mean " + *meant + "?" : "unknown variable");
  }
}

TableReader::TableReader(ConfigReading& reading, const ConfigNode* table, std::string path)
    : reading_(reading), table_(table), path_(std::move(path)) {}

std::string TableReader::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

std::optional<ConfigNode> TableReader::find(std::string_view key) {
  know(key);
  return reading_.value(path_of(key), table_ != nullptr ? table_->find(key) : nullptr);
}

Origin TableReader::origin_of(std::string_view key) const {
  return nearest_origin(reading_.origins(), path_of(key));
}

void TableReader::wrong(std::string_view key, std::string detail) {
  reading_.problem(origin_of(key), path_of(key), std::move(detail));
}

void TableReader::wrong(std::string_view key, const Error& error) {
  wrong(key, error.fields.empty() ? error.message : error.fields.front().detail);
}

void TableReader::report(const Result<void>& valid) {
  if (valid) return;
  for (const FieldError& field : valid.error().fields) {
    reading_.problem(nearest_origin(reading_.origins(), field.pointer), field.pointer,
                     field.detail);
  }
  if (valid.error().fields.empty()) wrong("", valid.error().message);
}

void TableReader::flag(std::string_view key, bool& field) {
  const auto node = find(key);
  if (!node) return;
  const auto* text = node->is_untyped() ? node->as<std::string>() : nullptr;
  if (const bool* value = node->as<bool>()) {
    field = *value;
  } else if (text != nullptr && (*text == "true" || *text == "false")) {
    field = *text == "true";
  } else {
    wrong(key, "must be true or false");
  }
}

std::optional<std::int64_t> TableReader::integer_value(std::string_view key) {
  const auto node = find(key);
  if (!node) return std::nullopt;
  if (const auto* value = node->as<std::int64_t>()) return *value;
  if (node->is_untyped()) {
    if (const auto value = parse_number<std::int64_t>(*node->as<std::string>())) return value;
  }
  wrong(key, "must be a whole number");
  return std::nullopt;
}

void TableReader::number(std::string_view key, double& field) {
  const auto node = find(key);
  if (!node) return;
  std::optional<double> value;
  if (const auto* number = node->as<double>()) value = *number;
  if (const auto* whole = node->as<std::int64_t>()) value = static_cast<double>(*whole);
  if (node->is_untyped()) value = parse_number<double>(*node->as<std::string>());
  if (value && std::isfinite(*value)) {
    field = *value;
  } else {
    wrong(key, "must be a number");
  }
}

std::optional<std::string> TableReader::text_value(std::string_view key) {
  const auto node = find(key);
  if (!node) return std::nullopt;
  if (node->as<std::string>() == nullptr) {
    wrong(key, "must be a text in quotes");
    return std::nullopt;
  }
  return reading_.resolve(*node, path_of(key));
}

void TableReader::text(std::string_view key, std::string& field) {
  if (auto value = text_value(key)) field = *std::move(value);
}

void TableReader::texts(std::string_view key, std::vector<std::string>& field) {
  const auto node = find(key);
  if (!node) return;
  if (node->is_untyped()) {
    field.clear();
    for (std::string_view rest = *node->as<std::string>(); !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      field.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return;
  }
  const auto* items = node->as<ConfigNode::Array>();
  if (items == nullptr) return wrong(key, "must be an array of texts");
  field.clear();
  for (const ConfigNode& item : *items) {
    const auto* text = item.as<std::string>();
    if (text == nullptr) return wrong(key, "must be an array of texts");
    field.push_back(*text);
  }
}

void TableReader::duration(std::string_view key, Duration& field) {
  const auto node = find(key);
  if (!node) return;
  if (node->as<std::string>() == nullptr) {
    wrong(key, "must be a time in quotes with its unit, such as \"500ms\", \"30s\" or \"1h\"");
    return;
  }
  word(key, field, &parse_duration);
}

void TableReader::bytes(std::string_view key, std::uint64_t& field) {
  const auto node = find(key);
  if (!node) return;
  if (const auto* whole = node->as<std::int64_t>()) {
    field = std::in_range<std::uint64_t>(*whole) ? static_cast<std::uint64_t>(*whole)
                                                 : std::numeric_limits<std::uint64_t>::max();
  } else if (node->as<std::string>() != nullptr) {
    word(key, field, &parse_bytes);
  } else {
    wrong(key, "must be a size such as \"64MiB\" or a number of bytes");
  }
}

const ConfigNode* TableReader::table(std::string_view key) {
  know(key);
  const ConfigNode* node = table_ != nullptr ? table_->find(key) : nullptr;
  if (node == nullptr) return nullptr;
  reading_.remember_origin(path_of(key), node->origin);
  if (node->as<ConfigNode::Table>() != nullptr) return node;
  wrong(key, "must be a table");
  return nullptr;
}

const ConfigNode* TableReader::array(std::string_view key) {
  know(key);
  const ConfigNode* node = table_ != nullptr ? table_->find(key) : nullptr;
  if (node == nullptr) return nullptr;
  reading_.remember_origin(path_of(key), node->origin);
  if (node->as<ConfigNode::Array>() != nullptr) return node;
  wrong(key, "must be an array");
  return nullptr;
}

void TableReader::unsupported(std::string_view key, std::string detail) {
  if (find(key)) wrong(key, std::move(detail));
}

void TableReader::know(std::string_view key) {
  known_.emplace_back(key);
}

void TableReader::finish() {
  const auto* entries = table_ != nullptr ? table_->as<ConfigNode::Table>() : nullptr;
  if (entries == nullptr) return;
  for (const auto& [key, node] : *entries) {
    if (std::ranges::find(known_, key) != known_.end()) continue;
    reading_.problem(node.origin, path_of(key), unknown_key(key, known_));
  }
}

}  // namespace townkrier::server
