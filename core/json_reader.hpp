#pragma once

/// \file json_reader.hpp
/// Reads members of JSON objects with checks, and collects every problem with its JSON pointer.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/result.hpp"

namespace townkrier {

/// `base` + "/" + `name`, escaped as RFC 6901 asks ("~" → "~0", "/" → "~1").
std::string pointer_to(std::string_view base, std::string_view name);
/// `base` + "/" + index.
std::string pointer_to(std::string_view base, std::size_t index);

/// 1..64 characters of [A-Za-z0-9_.-]: queues, channels and kinds are named so.
bool is_valid_name(std::string_view name);

/// The problems of one input, in the order found. Not thread-safe.
class FieldErrors {
 public:
  /// More are counted but not kept, so that a hostile input cannot make a huge answer.
  static constexpr std::size_t kMaxKept = 32;

  void add(std::string pointer, std::string detail);
  /// Takes over the fields of an error made elsewhere, e.g. by `validate_options`.
  void add_all(const Error& error);

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  /// One error with all fields; the message names the first and how many more there are.
  Error to_error(Errc code = Errc::kInvalidArgument) const;
  /// Success when empty, else `to_error()`.
  Result<void> result() const;

 private:
  std::vector<FieldError> fields_;
  std::size_t count_ = 0;
};

/// Limits of a string member, in bytes of UTF-8.
struct StringLimits {
  std::size_t min_bytes = 0;
  std::size_t max_bytes = std::numeric_limits<std::size_t>::max();
};

/// One JSON object being read. Every read marks the member as known; null counts as absent. A
/// problem is added to `errors` and the read returns "absent". Details never repeat a value.
/// Borrows `value` and `errors`. Not thread-safe.
class JsonReader {
 public:
  /// `pointer` is where `value` stands in the whole input ("" for the root). A value that is no
  /// object is reported here, once; then nothing is required any more.
  JsonReader(const nlohmann::json& value, std::string pointer, FieldErrors& errors);

  /// Present and not null. Does not mark the member as known.
  bool has(std::string_view name) const;
  /// The pointer of a member.
  std::string pointer(std::string_view name) const { return pointer_to(pointer_, name); }
  const std::string& pointer() const { return pointer_; }
  FieldErrors& errors() { return errors_; }

  std::optional<std::string> optional_string(std::string_view name, StringLimits limits = {});
  std::optional<std::string> required_string(std::string_view name, StringLimits limits = {});
  /// An integer (no fraction, no text) within [min, max].
  std::optional<std::int64_t> optional_int(std::string_view name, std::int64_t min,
                                           std::int64_t max);
  std::optional<std::int64_t> required_int(std::string_view name, std::int64_t min,
                                           std::int64_t max);
  /// Any number within [min, max].
  std::optional<double> optional_number(std::string_view name, double min, double max);
  std::optional<bool> optional_bool(std::string_view name);
  /// Null when absent or wrong; else points into the value given at construction.
  const nlohmann::json* optional_array(std::string_view name);
  const nlohmann::json* required_array(std::string_view name);
  const nlohmann::json* optional_object(std::string_view name);
  const nlohmann::json* required_object(std::string_view name);
  /// A member of any type; null only when absent (or JSON null).
  const nlohmann::json* optional_any(std::string_view name);

  /// Adds "is not a known member" for every member that no read asked for. Call it last.
  void refuse_unknown();

 private:
  const nlohmann::json* find(std::string_view name);
  const nlohmann::json* require(std::string_view name);
  std::optional<std::string> checked_string(std::string_view name, const nlohmann::json* member,
                                            StringLimits limits);
  std::optional<std::int64_t> checked_int(std::string_view name, const nlohmann::json* member,
                                          std::int64_t min, std::int64_t max);
  void add(std::string_view name, std::string detail);

  const nlohmann::json& value_;
  std::string pointer_;
  FieldErrors& errors_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace townkrier
