#include "core/json_reader.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/masking.hpp"
#include "core/utf8.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestNameShown = 100;

// A member name nobody declared may hold an address by mistake; it is shown masked and cut.
std::string shown_name(std::string_view name) {
  return mask_error(utf8_cut(name, kLongestNameShown), ContentPrivacy::kMasked);
}

std::string range_text(std::int64_t min, std::int64_t max) {
  return "must be an integer from " + std::to_string(min) + " to " + std::to_string(max);
}

// The value as int64, or nullopt when it is no integer or does not fit.
std::optional<std::int64_t> to_int64(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > std::uint64_t(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return std::nullopt;
}

}  // namespace

std::string pointer_to(std::string_view base, std::string_view name) {
  std::string pointer(base);
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string pointer_to(std::string_view base, std::size_t index) {
  return std::string(base) + '/' + std::to_string(index);
}

bool is_valid_name(std::string_view name) {
  constexpr std::size_t kMaxNameBytes = 64;
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

void FieldErrors::add(std::string pointer, std::string detail) {
  if (++count_ <= kMaxKept) fields_.push_back({std::move(pointer), std::move(detail)});
}

void FieldErrors::add_all(const Error& error) {
  if (error.fields.empty()) add("", error.message);
  for (const FieldError& field : error.fields) add(field.pointer, field.detail);
}

Error FieldErrors::to_error(Errc code) const {
  if (fields_.empty()) return {code, "not acceptable", {}};
  const FieldError& first = fields_.front();
  std::string message =
      (first.pointer.empty() ? "the document" : first.pointer) + ": " + first.detail;
  if (count_ > 1) message += " (and " + std::to_string(count_ - 1) + " more)";
  return {code, std::move(message), fields_};
}

Result<void> FieldErrors::result() const {
  if (empty()) return {};
  return std::unexpected(to_error());
}

JsonReader::JsonReader(const json& value, std::string pointer, FieldErrors& errors)
    : value_(value), pointer_(std::move(pointer)), errors_(errors) {
  if (!value_.is_object()) errors_.add(pointer_, "must be an object");
}

bool JsonReader::has(std::string_view name) const {
  if (!value_.is_object()) return false;
  const auto member = value_.find(name);
  return member != value_.end() && !member->is_null();
}

const json* JsonReader::find(std::string_view name) {
  known_.emplace(name);
  if (!has(name)) return nullptr;
  return &*value_.find(name);
}

const json* JsonReader::require(std::string_view name) {
  const json* member = find(name);
  if (member == nullptr && value_.is_object()) add(name, "is required");
  return member;
}

void JsonReader::add(std::string_view name, std::string detail) {
  errors_.add(pointer(name), std::move(detail));
}

std::optional<std::string> JsonReader::checked_string(std::string_view name, const json* member,
                                                      StringLimits limits) {
  if (member == nullptr) return std::nullopt;
  if (!member->is_string()) {
    add(name, "must be a string");
    return std::nullopt;
  }
  const auto& text = member->get_ref<const std::string&>();
  if (text.size() < limits.min_bytes) {
    add(name, limits.min_bytes == 1
                  ? "must not be empty"
                  : "must have at least " + std::to_string(limits.min_bytes) + " bytes");
    return std::nullopt;
  }
  if (text.size() > limits.max_bytes) {
    add(name, "must have at most " + std::to_string(limits.max_bytes) + " bytes");
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> JsonReader::optional_string(std::string_view name, StringLimits limits) {
  return checked_string(name, find(name), limits);
}

std::optional<std::string> JsonReader::required_string(std::string_view name, StringLimits limits) {
  return checked_string(name, require(name), limits);
}

std::optional<std::int64_t> JsonReader::checked_int(std::string_view name, const json* member,
                                                    std::int64_t min, std::int64_t max) {
  if (member == nullptr) return std::nullopt;
  const auto number = to_int64(*member);
  if (!number || *number < min || *number > max) {
    add(name, range_text(min, max));
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> JsonReader::optional_int(std::string_view name, std::int64_t min,
                                                     std::int64_t max) {
  return checked_int(name, find(name), min, max);
}

std::optional<std::int64_t> JsonReader::required_int(std::string_view name, std::int64_t min,
                                                     std::int64_t max) {
  return checked_int(name, require(name), min, max);
}

std::optional<double> JsonReader::optional_number(std::string_view name, double min, double max) {
  const json* member = find(name);
  if (member == nullptr) return std::nullopt;
  // Written so that NaN fails too.
  if (!member->is_number() || !(member->get<double>() >= min && member->get<double>() <= max)) {
    add(name, "must be a number from " + json(min).dump() + " to " + json(max).dump());
    return std::nullopt;
  }
  return member->get<double>();
}

std::optional<bool> JsonReader::optional_bool(std::string_view name) {
  const json* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_boolean()) {
    add(name, "must be true or false");
    return std::nullopt;
  }
  return member->get<bool>();
}

const json* JsonReader::optional_array(std::string_view name) {
  const json* member = find(name);
  if (member == nullptr || member->is_array()) return member;
  add(name, "must be an array");
  return nullptr;
}

const json* JsonReader::required_array(std::string_view name) {
  return require(name) != nullptr ? optional_array(name) : nullptr;
}

const json* JsonReader::optional_object(std::string_view name) {
  const json* member = find(name);
  if (member == nullptr || member->is_object()) return member;
  add(name, "must be an object");
  return nullptr;
}

const json* JsonReader::required_object(std::string_view name) {
  return require(name) != nullptr ? optional_object(name) : nullptr;
}

const json* JsonReader::optional_any(std::string_view name) {
  return find(name);
}

void JsonReader::refuse_unknown() {
  if (!value_.is_object()) return;
  for (const auto& [name, member] : value_.items()) {
    if (!known_.contains(name)) add(shown_name(name), "is not a known member");
  }
}

}  // namespace townkrier
