#include "core/notification_schema.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include <nlohmann/json.hpp>

#include "core/base64.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

enum class Type : std::uint8_t {
  kText,
  kRequiredText,  // not empty
  kCount,         // an integer from 0
  kObject,
  kAddress,      // {"email","name"} or a text like "User <user@example.com>"
  kAddresses,    // one of them or an array
  kAttachments,  // an array of {"filename","content" in base64 or "path","contentType"}
};

struct Member {
  std::string_view name;
  Type type;
};

constexpr std::array kEmailContent = {Member{"subject", Type::kText},
                                      Member{"text", Type::kText},
                                      Member{"html", Type::kText},
                                      Member{"message", Type::kText},
                                      Member{"from", Type::kAddress},
                                      Member{"replyTo", Type::kAddress},
                                      Member{"cc", Type::kAddresses},
                                      Member{"bcc", Type::kAddresses},
                                      Member{"attachments", Type::kAttachments}};
constexpr std::array kSmsContent = {Member{"text", Type::kText}, Member{"from", Type::kText}};
constexpr std::array kPushContent = {
    Member{"title", Type::kText},     Member{"body", Type::kText},  Member{"imageUrl", Type::kText},
    Member{"actionUrl", Type::kText}, Member{"icon", Type::kText},  Member{"sound", Type::kText},
    Member{"badge", Type::kCount},    Member{"data", Type::kObject}};
constexpr std::array kInAppContent = {
    Member{"title", Type::kText}, Member{"message", Type::kText},
    Member{"type", Type::kText},  Member{"actionUrl", Type::kText},
    Member{"icon", Type::kText},  Member{"data", Type::kObject}};
constexpr std::array kChatContent = {Member{"text", Type::kText}};

constexpr std::array kEmailRecipient = {Member{"email", Type::kRequiredText},
                                        Member{"name", Type::kText}};
constexpr std::array kPhoneRecipient = {Member{"phone", Type::kRequiredText},
                                        Member{"name", Type::kText}};
constexpr std::array kPushRecipient = {
    Member{"deviceToken", Type::kRequiredText}, Member{"userId", Type::kText},
    Member{"platform", Type::kText}, Member{"name", Type::kText}};
constexpr std::array kInAppRecipient = {Member{"userId", Type::kRequiredText},
                                        Member{"email", Type::kText}, Member{"name", Type::kText}};

struct ChannelSchema {
  std::string_view channel;
  std::span<const Member> content;
  std::span<const Member> recipient;  // empty: any object
};

constexpr std::array kSchemas = {
    ChannelSchema{"email", kEmailContent, kEmailRecipient},
    ChannelSchema{"sms", kSmsContent, kPhoneRecipient},
    ChannelSchema{"push", kPushContent, kPushRecipient},
    ChannelSchema{"in_app", kInAppContent, kInAppRecipient},
    ChannelSchema{"whatsapp", kSmsContent, kPhoneRecipient},
    ChannelSchema{"slack", kChatContent, {}},
    ChannelSchema{"discord", kChatContent, {}},
};

const ChannelSchema* schema_of(std::string_view channel) {
  const auto found = std::ranges::find(kSchemas, channel, &ChannelSchema::channel);
  return found == kSchemas.end() ? nullptr : &*found;
}

void check_members(const json& object, std::span<const Member> members, const std::string& pointer,
                   FieldErrors& errors);

void check_address(const json& address, const std::string& pointer, FieldErrors& errors) {
  if (!address.is_string()) check_members(address, kEmailRecipient, pointer, errors);
}

void check_addresses(const json& addresses, const std::string& pointer, FieldErrors& errors) {
  if (!addresses.is_array()) return check_address(addresses, pointer, errors);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    check_address(addresses[i], pointer_to(pointer, i), errors);
  }
}

void check_attachment(const json& attachment, const std::string& pointer, FieldErrors& errors) {
  JsonReader reader(attachment, pointer, errors);
  constexpr StringLimits kName{.min_bytes = 1, .max_bytes = 255};
  if (reader.has("path")) {
    reader.optional_string("filename", kName);
  } else {
    reader.required_string("filename", kName);
  }
  const bool has_path = reader.has("path");
  if (has_path) {
    reader.required_string("path", {.min_bytes = 1, .max_bytes = 1024});
    if (reader.has("content")) errors.add(reader.pointer("path"), "excludes content");
  }
  if (const auto content =
          has_path ? reader.optional_string("content") : reader.required_string("content")) {
    if (!base64_decode(*content)) errors.add(reader.pointer("content"), "must be base64");
  }
  reader.optional_string("contentType", {.min_bytes = 1, .max_bytes = 255});
  reader.refuse_unknown();
}

void check_attachments(const json& attachments, const std::string& pointer, FieldErrors& errors) {
  for (std::size_t i = 0; i < attachments.size(); ++i) {
    check_attachment(attachments[i], pointer_to(pointer, i), errors);
  }
}

void check_member(JsonReader& reader, const Member& member) {
  const std::string pointer = reader.pointer(member.name);
  switch (member.type) {
    case Type::kText:
      reader.optional_string(member.name);
      break;
    case Type::kRequiredText:
      reader.required_string(member.name, {.min_bytes = 1});
      break;
    case Type::kCount:
      reader.optional_int(member.name, 0, std::numeric_limits<std::int32_t>::max());
      break;
    case Type::kObject:
      reader.optional_object(member.name);
      break;
    case Type::kAddress:
      if (const json* value = reader.optional_any(member.name)) {
        check_address(*value, pointer, reader.errors());
      }
      break;
    case Type::kAddresses:
      if (const json* value = reader.optional_any(member.name)) {
        check_addresses(*value, pointer, reader.errors());
      }
      break;
    case Type::kAttachments:
      if (const json* value = reader.optional_array(member.name)) {
        check_attachments(*value, pointer, reader.errors());
      }
      break;
  }
}

void check_members(const json& object, std::span<const Member> members, const std::string& pointer,
                   FieldErrors& errors) {
  JsonReader reader(object, pointer, errors);
  for (const Member& member : members) check_member(reader, member);
  reader.refuse_unknown();
}

json without_nulls(const json& object) {
  if (!object.is_object()) return object;
  json result = json::object();
  for (const auto& [name, value] : object.items()) {
    if (!value.is_null()) result[name] = value;
  }
  return result;
}

}  // namespace

json checked_content(std::string_view channel, const json& content, const std::string& pointer,
                     FieldErrors& errors) {
  const ChannelSchema* schema = schema_of(channel);
  if (schema == nullptr) {
    if (!content.is_object()) errors.add(pointer, "must be an object");
    return content;
  }
  check_members(content, schema->content, pointer, errors);
  return without_nulls(content);
}

json checked_recipients(std::string_view channel, const json& recipients,
                        const std::string& pointer, FieldErrors& errors) {
  const ChannelSchema* schema = schema_of(channel);
  const auto check_one = [&](const json& recipient, const std::string& where) {
    if (!recipient.is_object()) {
      errors.add(where, "must be an object");
    } else if (schema != nullptr && !schema->recipient.empty()) {
      check_members(recipient, schema->recipient, where, errors);
    }
    return without_nulls(recipient);
  };
  json checked = json::array();
  if (recipients.is_object()) {
    checked.push_back(check_one(recipients, pointer));
  } else if (recipients.is_array()) {
    for (std::size_t i = 0; i < recipients.size(); ++i) {
      checked.push_back(check_one(recipients[i], pointer_to(pointer, i)));
    }
  } else {
    errors.add(pointer, "must be an object or an array of objects");
  }
  return checked;
}

}  // namespace townkrier
