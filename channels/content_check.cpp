#include "channels/content_check.hpp"

#include <nlohmann/json.hpp>

#include "channels/email.hpp"
#include "channels/phone.hpp"
#include "channels/push.hpp"
#include "core/utf8.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

}  // namespace

Result<std::string> parse_chat(const json& content, std::size_t max_characters) {
  FieldErrors errors;
  JsonReader reader(content, "/content", errors);
  auto text = reader.required_string("text", {.min_bytes = 1}).value_or("");
  reader.refuse_unknown();
  if (utf8_length(text) > max_characters) {
    errors.add("/content/text", "is longer than " + std::to_string(max_characters) + " characters");
  }
  if (!errors.empty()) return std::unexpected(errors.to_error());
  return text;
}

Result<void> check_content(std::string_view type, const json& content, const json& recipients) {
  constexpr PhoneLimits kPhone{.max_characters = 4096, .max_numbers = 100};
  constexpr std::size_t kChatCharacters = 40'000;
  if (type == "email") return without_value(parse_email(content, recipients));
  if (type == "sms" || type == "whatsapp") {
    return without_value(parse_phone_message(content, recipients, kPhone));
  }
  if (type == "push") return without_value(parse_push(content, recipients));
  if (type == "slack" || type == "discord")
    return without_value(parse_chat(content, kChatCharacters));
  if (content.is_object()) return {};
  return fail_field(Errc::kInvalidArgument, "/content", "must be an object");
}

}  // namespace townkrier
