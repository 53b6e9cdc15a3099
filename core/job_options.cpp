// parse_options() and validate_options() of core/request_json.hpp: one table of ranges for both.
#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/request_json.hpp"
#include "core/strict_json.hpp"
#include "core/utf8.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr std::int64_t kMaxRetries = 1000;
constexpr Duration kMaxRetryDelay = std::chrono::days{30};
constexpr Duration kMaxTimeout = std::chrono::days{7};
constexpr std::size_t kMaxUniqueKeyBytes = 200;
constexpr std::size_t kMaxMetadataBytes = 16u << 10;
constexpr std::size_t kMaxTags = 20;
constexpr std::size_t kMaxTagBytes = 64;

constexpr auto kQueueRule = "must be 1 to 64 characters of [A-Za-z0-9_.-]";
constexpr auto kMetadataRule = "must be an object of at most 16384 bytes";
constexpr auto kTagsRule = "must have at most 20 tags";
constexpr auto kTagRule = "must be a text of 1 to 64 bytes";
constexpr auto kOneTimeRule = "must not be given together with scheduledFor";
constexpr auto kPriorityRule = "must be LOW, NORMAL, HIGH, CRITICAL or an integer from 0 to 255";

struct NamedPriority {
  std::string_view name;
  Priority priority;
};
constexpr std::array<NamedPriority, 4> kPriorities = {{{"LOW", JobPriority::kLow},
                                                       {"NORMAL", JobPriority::kNormal},
                                                       {"HIGH", JobPriority::kHigh},
                                                       {"CRITICAL", JobPriority::kCritical}}};

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto upper = [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  return std::ranges::equal(a, b, {}, upper, upper);
}

std::optional<Priority> priority_from(const json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= 255) {
    return static_cast<Priority>(value.get<std::uint64_t>());
  }
  // A parsed document has unsigned numbers; one built in C++ from an int has not.
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0 &&
      value.get<std::int64_t>() <= 255) {
    return static_cast<Priority>(value.get<std::int64_t>());
  }
  if (!value.is_string()) return std::nullopt;
  for (const auto& [name, priority] : kPriorities) {
    if (same_ignoring_case(value.get_ref<const std::string&>(), name)) return priority;
  }
  return std::nullopt;
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTagBytes && is_valid_utf8(tag);
}

class OptionsReader {
 public:
  OptionsReader(const json& value, std::string pointer, FieldErrors& errors)
      : reader_(value, std::move(pointer), errors), errors_(errors) {}

  JobOptions read() {
    read_order();
    read_retries();
    read_time();
    read_labels();
    reader_.refuse_unknown();
    return std::move(options_);
  }

 private:
  void add(std::string_view name, const char* detail) {
    errors_.add(reader_.pointer(name), detail);
  }

  std::optional<Duration> duration(std::string_view name, Duration min, Duration max) {
    const auto ms = reader_.optional_int(name, min.count(), max.count());
    return ms ? std::optional(Duration{*ms}) : std::nullopt;
  }

  void read_order() {
    if (const auto queue = reader_.optional_string("queue")) {
      if (!is_valid_name(*queue)) add("queue", kQueueRule);
      options_.queue = *queue;
    }
    if (const json* value = reader_.optional_any("priority")) {
      const auto priority = priority_from(*value);
      if (!priority) add("priority", kPriorityRule);
      options_.priority = priority.value_or(JobPriority::kNormal);
    }
  }

  void read_retries() {
    if (const auto retries = reader_.optional_int("maxRetries", 0, kMaxRetries)) {
      options_.max_retries = static_cast<std::uint32_t>(*retries);
    }
    options_.retry_delay = duration("retryDelay", 1ms, kMaxRetryDelay);
    options_.timeout = duration("timeout", 1ms, kMaxTimeout);
  }

  void read_time() {
    if (reader_.has("delay") && reader_.has("scheduledFor")) add("delay", kOneTimeRule);
    options_.delay = duration("delay", 0ms, kMaxDelay);
    const auto text = reader_.optional_string("scheduledFor");
    if (!text) return;
    const auto time = parse_iso8601(*text);
    if (time) {
      options_.scheduled_for = *time;
    } else {
      errors_.add(reader_.pointer("scheduledFor"), time.error().message);
    }
  }

  void read_labels() {
    options_.unique_key =
        reader_.optional_string("uniqueKey", {.max_bytes = kMaxUniqueKeyBytes}).value_or("");
    if (const json* metadata = reader_.optional_object("metadata")) {
      options_.metadata = *metadata;
      if (options_.metadata.text().size() > kMaxMetadataBytes) add("metadata", kMetadataRule);
    }
    const json* tags = reader_.optional_array("tags");
    if (tags == nullptr) return;
    if (tags->size() > kMaxTags) return add("tags", kTagsRule);
    for (std::size_t i = 0; i < tags->size(); ++i) {
      const json& tag = (*tags)[i];
      if (tag.is_string() && is_tag(tag.get_ref<const std::string&>())) {
        options_.tags.push_back(tag.get<std::string>());
      } else {
        errors_.add(pointer_to(reader_.pointer("tags"), i), kTagRule);
      }
    }
  }

  JsonReader reader_;
  FieldErrors& errors_;
  JobOptions options_;
};

void check_duration(const std::optional<Duration>& value, const char* pointer, Duration min,
                    Duration max, FieldErrors& errors) {
  if (!value || (*value >= min && *value <= max)) return;
  errors.add(pointer, "must be from " + std::to_string(min.count()) + " to " +
                          std::to_string(max.count()) + " milliseconds");
}

void check_time(const JobOptions& options, FieldErrors& errors) {
  constexpr TimePoint kEarliest{};
  constexpr TimePoint kEnd = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  if (options.delay && options.scheduled_for) errors.add("/options/delay", kOneTimeRule);
  check_duration(options.delay, "/options/delay", 0ms, kMaxDelay, errors);
  if (options.scheduled_for &&
      (*options.scheduled_for < kEarliest || *options.scheduled_for >= kEnd)) {
    errors.add("/options/scheduledFor", "must be within the years 1970 to 9999");
  }
}

void check_labels(const JobOptions& options, FieldErrors& errors) {
  if (options.unique_key.size() > kMaxUniqueKeyBytes || !is_valid_utf8(options.unique_key)) {
    errors.add("/options/uniqueKey", "must be a text of at most 200 bytes");
  }
  const std::string& metadata = options.metadata.text();
  if (metadata.size() > kMaxMetadataBytes) {
    errors.add("/options/metadata", kMetadataRule);
  } else if (!metadata.empty()) {
    const auto value = parse_json(metadata);
    if (!value || !value->is_object()) errors.add("/options/metadata", kMetadataRule);
  }
  if (options.tags.size() > kMaxTags) return errors.add("/options/tags", kTagsRule);
  for (std::size_t i = 0; i < options.tags.size(); ++i) {
    if (!is_tag(options.tags[i])) errors.add(pointer_to("/options/tags", i), kTagRule);
  }
}

}  // namespace

Result<JobOptions> parse_options(const json& options, std::string_view base_pointer) {
  if (options.is_null()) return JobOptions{};
  FieldErrors errors;
  JobOptions parsed = OptionsReader(options, std::string(base_pointer), errors).read();
  if (!errors.empty()) return std::unexpected(errors.to_error());
  return parsed;
}

Result<void> validate_options(const JobOptions& options) {
  FieldErrors errors;
  if (!is_valid_name(options.queue)) errors.add("/options/queue", kQueueRule);
  if (options.max_retries && *options.max_retries > kMaxRetries) {
    errors.add("/options/maxRetries", "must be an integer from 0 to 1000");
  }
  check_duration(options.retry_delay, "/options/retryDelay", 1ms, kMaxRetryDelay, errors);
  check_duration(options.timeout, "/options/timeout", 1ms, kMaxTimeout, errors);
  check_time(options, errors);
  check_labels(options, errors);
  return errors.result();
}

}  // namespace townkrier
