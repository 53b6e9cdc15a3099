#pragma once

/// \file config_reader.hpp
/// Typed reading of one configuration table, with flags before environment before file, and every
/// problem collected with file, line and dotted key. For one thread, while a configuration loads.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config_tree.hpp"
#include "townkrier/config.hpp"

namespace townkrier::server {

/// Everything that is not the file. `flags` are by dotted key and carry the flag's name.
struct ConfigOverlay {
  std::map<std::string, std::string> environment;  ///< The process's whole environment.
  std::map<std::string, ConfigNode> flags;
};

struct ConfigProblem {
  Origin origin;
  std::string key;  ///< Dotted; empty when it is not about one key.
  std::string detail;

  /// "townkrier.toml:12: queue.max_retries: must be 0..1000"
  std::string to_string() const;
};

/// The place where `key` was set or, when it was not, where the nearest table around it begins.
Origin nearest_origin(const std::map<std::string, Origin>& origins, const std::string& key);

/// What all tables of one configuration share.
class ConfigReading {
 public:
  explicit ConfigReading(const ConfigOverlay& overlay);

  void problem(const Origin& origin, std::string key, std::string detail);
  void warning(const Origin& origin, std::string key, std::string detail);

  /// The value of a key: a flag's, else a variable's, else `in_file`. Remembers where it came from
  /// and that the key exists.
  std::optional<ConfigNode> value(const std::string& key, const ConfigNode* in_file);
  /// Follows `env:NAME` and `file:PATH`; nullopt and a problem when there is nothing there.
  std::optional<std::string> resolve(const ConfigNode& node, const std::string& key);

  /// Variables that start with TOWNKRIER_ + the key's name + '_': what follows it, once each.
  std::vector<std::string> variables_under(const std::string& key) const;
  /// Problems for TOWNKRIER_ variables that no key has asked for.
  void report_unused_variables();

  const std::vector<ConfigProblem>& problems() const { return problems_; }
  const std::vector<ConfigProblem>& warnings() const { return warnings_; }
  const std::map<std::string, Origin>& origins() const { return origins_; }
  void remember_origin(const std::string& key, const Origin& origin) { origins_[key] = origin; }

 private:
  const ConfigOverlay& overlay_;
  std::set<std::string> known_variables_;
  std::map<std::string, Origin> origins_;
  std::vector<ConfigProblem> problems_;
  std::vector<ConfigProblem> warnings_;
};

/// "queues.mail-out.concurrency" → "TOWNKRIER_QUEUES_MAIL_OUT_CONCURRENCY"
std::string variable_name(std::string_view key);

/// Reads the keys of one table into fields; absent keys leave their field alone. At the end,
/// `finish` reports the keys nobody asked for.
class TableReader {
 public:
  /// `table` may be null (only the overlay speaks). `path` is its dotted key, empty for the root.
  TableReader(ConfigReading& reading, const ConfigNode* table, std::string path);

  void flag(std::string_view key, bool& field);
  /// Values that do not fit the field become its largest, which the range check then refuses.
  template <class Integer>
  void integer(std::string_view key, Integer& field) {
    if (const auto value = integer_value(key)) {
      constexpr auto kMax = std::numeric_limits<Integer>::max();
      field = std::in_range<Integer>(*value) ? static_cast<Integer>(*value) : kMax;
    }
  }
  void number(std::string_view key, double& field);
  void text(std::string_view key, std::string& field);
  /// An array of texts; from a variable, texts with commas between them.
  void texts(std::string_view key, std::vector<std::string>& field);
  void duration(std::string_view key, Duration& field);
  void bytes(std::string_view key, std::uint64_t& field);
  /// A text read by `parse`, a function string_view → Result<T>.
  template <class T, class Parse>
  void word(std::string_view key, T& field, Parse parse) {
    if (const auto value = text_value(key)) {
      auto parsed = parse(*value);
      if (parsed) {
        field = *std::move(parsed);
      } else {
        wrong(key, parsed.error());
      }
    }
  }
  /// The table or array at `key`; null when absent or of another type (a problem).
  const ConfigNode* table(std::string_view key);
  const ConfigNode* array(std::string_view key);
  /// A key that exists, but not yet in this version.
  void unsupported(std::string_view key, std::string detail);
  /// Asked for by other means.
  void know(std::string_view key);

  void finish();
  /// What `validate` of the options found, at the place where that key was set.
  void report(const Result<void>& valid);
  void wrong(std::string_view key, std::string detail);
  void wrong(std::string_view key, const Error& error);

  std::string path_of(std::string_view key) const;
  const ConfigNode* node() const { return table_; }
  ConfigReading& reading() { return reading_; }

 private:
  std::optional<ConfigNode> find(std::string_view key);
  std::optional<std::int64_t> integer_value(std::string_view key);
  std::optional<std::string> text_value(std::string_view key);
  Origin origin_of(std::string_view key) const;

  ConfigReading& reading_;
  const ConfigNode* table_;
  std::string path_;
  std::vector<std::string> known_;
};

/// The nearest of `candidates` when it is near enough to be a typing error.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace townkrier::server
