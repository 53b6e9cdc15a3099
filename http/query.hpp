#pragma once

/// \file http/query.hpp
/// Checked reads of query parameters. Every problem becomes a 400 that names its parameter.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_reader.hpp"
#include "http/request.hpp"
#include "townkrier/job.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Parameters not in `known`, and any given twice: kMalformed. {kAnyQuery} lets all pass. A known
/// name that ends with '*' may be given several times.
Result<void> check_query_names(const Request& request, const std::vector<std::string>& known);

/// Collects problems; read everything, then ask `result()`. Borrows the request.
class QueryReader {
 public:
  explicit QueryReader(const Request& request) : request_(request) {}

  std::optional<std::string> text(std::string_view name, std::size_t max_bytes = 256);
  /// All values of a parameter that may be repeated.
  std::vector<std::string> texts(std::string_view name, std::size_t max_count);
  std::optional<TimePoint> time(std::string_view name);
  std::size_t number(std::string_view name, std::size_t min, std::size_t max, std::size_t fallback);

  /// Reads with any `Result<T>(std::string_view)`.
  template <class Parse>
  auto parsed(std::string_view name, Parse parse)
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    const auto value = text(name);
    if (!value) return std::nullopt;
    auto result = parse(std::string_view(*value));
    if (result) return std::move(*result);
    errors_.add(std::string(name), result.error().message);
    return std::nullopt;
  }

  /// Another problem with a parameter.
  void refuse(std::string_view name, std::string why) {
    errors_.add(std::string(name), std::move(why));
  }

  /// kMalformed with one field per wrong parameter.
  Result<void> result() const;

 private:
  const Request& request_;
  FieldErrors errors_;
};

/// A number 0..255 or one of LOW, NORMAL, HIGH, CRITICAL.
Result<Priority> parse_priority_text(std::string_view text);
/// One of `words`; the position of it.
Result<std::size_t> parse_word(std::string_view text, const std::vector<std::string_view>& words);

}  // namespace townkrier::http
