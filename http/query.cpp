#include "http/query.hpp"

#include <algorithm>
#include <charconv>

#include "http/router.hpp"

namespace townkrier::http {

namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<void> check_query_names(const Request& request, const std::vector<std::string>& known) {
  if (known.size() == 1 && known[0] == kAnyQuery) return {};
  FieldErrors errors;
  for (std::size_t i = 0; i < request.query.size(); ++i) {
    const std::string& name = request.query[i].name;
    if (std::ranges::find(known, name + '*') != known.end()) continue;
    if (std::ranges::find(known, name) == known.end()) {
      errors.add(name, "is not a known parameter");
    } else if (std::ranges::count(request.query.begin(),
                                  request.query.begin() + static_cast<std::ptrdiff_t>(i), name,
                                  &QueryPair::name) > 0) {
      errors.add(name, "is given twice");
    }
  }
  if (errors.empty()) return {};
  return std::unexpected(errors.to_error(Errc::kMalformed));
}

std::optional<std::string> QueryReader::text(std::string_view name, std::size_t max_bytes) {
  const auto found = std::ranges::find(request_.query, name, &QueryPair::name);
  if (found == request_.query.end()) return std::nullopt;
  if (found->value.empty()) {
    errors_.add(std::string(name), "must not be empty");
    return std::nullopt;
  }
  if (found->value.size() > max_bytes) {
    errors_.add(std::string(name), "must have at most " + std::to_string(max_bytes) + " bytes");
    return std::nullopt;
  }
  return found->value;
}

std::vector<std::string> QueryReader::texts(std::string_view name, std::size_t max_count) {
  std::vector<std::string> all;
  for (const QueryPair& pair : request_.query) {
    if (pair.name == name) all.push_back(pair.value);
  }
  if (all.size() <= max_count) return all;
  errors_.add(std::string(name), "is given more than " + std::to_string(max_count) + " times");
  return {};
}

std::optional<TimePoint> QueryReader::time(std::string_view name) {
  return parsed(name, [](std::string_view text) { return parse_iso8601(text); });
}

std::size_t QueryReader::number(std::string_view name, std::size_t min, std::size_t max,
                                std::size_t fallback) {
  const auto value = text(name);
  if (!value) return fallback;
  const auto number = whole_number<std::size_t>(*value);
  if (number && *number >= min && *number <= max) return *number;
  errors_.add(std::string(name),
              "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
  return fallback;
}

Result<void> QueryReader::result() const {
  if (errors_.empty()) return {};
  return std::unexpected(errors_.to_error(Errc::kMalformed));
}

Result<Priority> parse_priority_text(std::string_view text) {
  if (text == "LOW") return JobPriority::kLow;
  if (text == "NORMAL") return JobPriority::kNormal;
  if (text == "HIGH") return JobPriority::kHigh;
  if (text == "CRITICAL") return JobPriority::kCritical;
  if (const auto number = whole_number<Priority>(text)) return *number;
  return fail(Errc::kMalformed, "must be LOW, NORMAL, HIGH, CRITICAL or a number from 0 to 255");
}

Result<std::size_t> parse_word(std::string_view text, const std::vector<std::string_view>& words) {
  const auto found = std::ranges::find(words, text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string detail = "must be ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) detail += i + 1 == words.size() ? " or " : ", ";
    detail += words[i];
  }
  return fail(Errc::kMalformed, std::move(detail));
}

}  // namespace townkrier::http
