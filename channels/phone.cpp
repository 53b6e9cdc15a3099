#include "channels/phone.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "channels/text.hpp"
#include "core/json_reader.hpp"
#include "core/utf8.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

void read_content(const json& content, const PhoneLimits& limits, PhoneMessage& message,
                  FieldErrors& errors) {
  JsonReader reader(content, "/content", errors);
  message.text = reader.required_string("text", {.min_bytes = 1}).value_or("");
  message.from = reader.optional_string("from", {.min_bytes = 1, .max_bytes = 64}).value_or("");
  reader.refuse_unknown();
  if (utf8_length(message.text) > limits.max_characters) {
    errors.add("/content/text",
               "is longer than " + std::to_string(limits.max_characters) + " characters");
  }
  if (has_control(message.from)) errors.add("/content/from", "must not hold control characters");
}

void read_recipient(const json& recipient, const std::string& pointer, PhoneMessage& message,
                    FieldErrors& errors) {
  JsonReader reader(recipient, pointer, errors);
  const auto phone = reader.required_string("phone");
  reader.optional_string("name");
  reader.refuse_unknown();
  if (!phone) return;
  if (!is_e164(*phone)) {
    return errors.add(reader.pointer("phone"),
                      "must be a number in E.164 form: +, country code, number, digits only");
  }
  message.to.push_back(*phone);
}

}  // namespace

bool is_e164(std::string_view text) {
  if (text.size() < 8 || text.size() > 16 || text[0] != '+' || text[1] == '0') return false;
  return std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

std::string digits_of(std::string_view number) {
  return std::string(number.starts_with('+') ? number.substr(1) : number);
}

Result<PhoneMessage> parse_phone_message(const json& content, const json& recipients,
                                         PhoneLimits limits) {
  FieldErrors errors;
  PhoneMessage message;
  read_content(content, limits, message, errors);
  if (!recipients.is_array() || recipients.empty()) {
    errors.add("/recipient", "needs a phone number");
  } else if (recipients.size() > limits.max_numbers) {
    errors.add("/recipient",
               limits.max_numbers == 1
                   ? std::string("takes one number; send one notification to each")
                   : "must not hold more than " + std::to_string(limits.max_numbers) + " numbers");
  } else {
    for (std::size_t i = 0; i < recipients.size(); ++i) {
      read_recipient(recipients[i], pointer_to("/recipient", i), message, errors);
    }
  }
  if (!errors.empty()) return std::unexpected(errors.to_error());
  return message;
}

}  // namespace townkrier
