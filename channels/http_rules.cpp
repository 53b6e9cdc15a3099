#include "channels/http_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

std::optional<int> parse_status(std::string_view text) {
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.size() != 3 || status < 100 || status > 599) return std::nullopt;
  return status;
}

bool is_pointer(std::string_view text) {
  return text.size() >= 2 && text.starts_with('/') && text.find('~') == std::string_view::npos;
}

std::string read_pointer(JsonReader& reader, std::string_view name) {
  auto text = reader.optional_string(name).value_or("");
  if (!text.empty() && !is_pointer(text)) {
    reader.errors().add(reader.pointer(name), "must be a path such as /error/code");
  }
  return text;
}

void read_meaning(JsonReader& reader, std::string_view name, Kind kind, HttpRules& rules) {
  const json* list = reader.optional_array(name);
  if (list == nullptr) return;
  HttpRules::Meaning meaning{.kind = kind, .statuses = {}, .codes = {}};
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json& item = (*list)[i];
    const std::string text = item.is_number_integer() ? item.dump()
                             : item.is_string()       ? item.get<std::string>()
                                                      : std::string();
    if (const auto range = parse_status_range(text)) {
      meaning.statuses.push_back(*range);
    } else if (!text.empty() && text.size() <= 200) {
      meaning.codes.push_back(text);
    } else {
      reader.errors().add(pointer_to(reader.pointer(name), i),
                          "must be a status (404, 4xx, 500-503) or an error code");
    }
  }
  rules.meanings.push_back(std::move(meaning));
}

void read_sent_if(JsonReader& reader, HttpRules& rules) {
  const json* conditions = reader.optional_object("sent_if");
  if (conditions == nullptr) return;
  for (const auto& [pointer, value] : conditions->items()) {
    if (!is_pointer(pointer) || value.is_structured()) {
      reader.errors().add(pointer_to(reader.pointer("sent_if"), pointer),
                          "must be a path such as /ok with a text, number or boolean");
    }
    rules.sent_if.emplace_back(pointer, value);
  }
}

}  // namespace

std::optional<StatusRange> parse_status_range(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const int first = (text[0] - '0') * 100;
    return StatusRange{first, first + 99};
  }
  if (text.size() == 7 && text[3] == '-') {
    const auto first = parse_status(text.substr(0, 3));
    const auto last = parse_status(text.substr(4));
    if (!first || !last || *first > *last) return std::nullopt;
    return StatusRange{*first, *last};
  }
  const auto status = parse_status(text);
  if (!status) return std::nullopt;
  return StatusRange{*status, *status};
}

std::optional<Kind> HttpRules::kind_of(int status, std::string_view code) const {
  for (const Meaning& meaning : meanings) {
    if (!code.empty() && std::ranges::find(meaning.codes, code) != meaning.codes.end()) {
      return meaning.kind;
    }
  }
  for (const Meaning& meaning : meanings) {
    const auto holds = [&](const StatusRange& r) { return r.first <= status && status <= r.last; };
    if (std::ranges::any_of(meaning.statuses, holds)) return meaning.kind;
  }
  return std::nullopt;
}

bool HttpRules::says_sent(const json& answer) const {
  return std::ranges::all_of(sent_if, [&](const auto& condition) {
    const json* value = value_at(answer, condition.first);
    return value != nullptr && *value == condition.second;
  });
}

HttpRules read_http_rules(JsonReader& reader) {
  HttpRules rules;
  rules.message_id = read_pointer(reader, "message_id");
  rules.error_code = read_pointer(reader, "error_code");
  rules.error_message = read_pointer(reader, "error_message");
  read_sent_if(reader, rules);
  read_meaning(reader, "sent", Kind::kSent, rules);
  read_meaning(reader, "permanent", Kind::kPermanent, rules);
  read_meaning(reader, "transient", Kind::kTransient, rules);
  read_meaning(reader, "throttled", Kind::kThrottled, rules);
  return rules;
}

}  // namespace townkrier
