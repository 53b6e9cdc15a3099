#pragma once

/// \file http_rules.hpp
/// How a configured HTTP provider reads answers: which mean what, and where the id and the error
/// are. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "core/json_reader.hpp"
#include "townkrier/channel.hpp"

namespace townkrier {

/// Statuses from `first` to `last`.
struct StatusRange {
  int first = 0;
  int last = 0;
};
/// "404", "4xx", "500-503".
std::optional<StatusRange> parse_status_range(std::string_view text);

/// Settings `message_id`, `error_code`, `error_message` (JSON pointers), `sent_if` (an object of
/// pointers and the values a sent message has there), and `sent`, `permanent`, `transient`,
/// `throttled`: arrays of statuses and error codes.
struct HttpRules {
  std::string message_id;
  std::string error_code;
  std::string error_message;
  std::vector<std::pair<std::string, nlohmann::json>> sent_if;
  struct Meaning {
    DeliveryOutcome::Kind kind;
    std::vector<StatusRange> statuses;
    std::vector<std::string> codes;
  };
  std::vector<Meaning> meanings;

  /// What the rules say of an answer; nullopt: nothing, the common rules hold. Error codes before
  /// statuses.
  std::optional<DeliveryOutcome::Kind> kind_of(int status, std::string_view code) const;
  /// True when every condition of `sent_if` holds.
  bool says_sent(const nlohmann::json& answer) const;
};

HttpRules read_http_rules(JsonReader& reader);

}  // namespace townkrier
