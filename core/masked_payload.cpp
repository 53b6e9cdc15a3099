// masked_payload() of core/masking.hpp.
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/masking.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr int kDeepest = 64;  // deeper values are hidden whole; accepted payloads have at most 32

// Which mask a text gets; contents may hold addresses too (cc, from, data).
enum class Place : std::uint8_t { kContent, kRecipient };

class PayloadMasker {
 public:
  explicit PayloadMasker(ContentPrivacy privacy) : privacy_(privacy) {}

  json mask(const json& value, std::string_view name, Place place, int depth = 0) const {
    if (depth > kDeepest) return hidden();
    switch (value.type()) {
      case json::value_t::object:
        return mask_object(value, place, depth);
      case json::value_t::array:
        return mask_array(value, name, place, depth);
      case json::value_t::string:
        return mask_string(value.get_ref<const std::string&>(), name, place);
      case json::value_t::number_integer:
      case json::value_t::number_unsigned:
      case json::value_t::number_float:
        return mask_number(value);
      default:
        return value;
    }
  }

  json mask_notification(const json& notification) const {
    if (!notification.is_object()) return mask(notification, "", Place::kContent);
    json masked = json::object();
    for (const auto& [name, value] : notification.items()) {
      masked[shown_name(name)] = name == "via" ? value : mask(value, name, Place::kContent);
    }
    return masked;
  }

 private:
  json hidden() const { return privacy_ == ContentPrivacy::kPrivate ? json("") : json("***"); }

  // Names of members are shape, but some payloads use addresses as names.
  static std::string shown_name(std::string_view name) {
    return mask_error(name, ContentPrivacy::kMasked);
  }

  json mask_object(const json& value, Place place, int depth) const {
    json masked = json::object();
    for (const auto& [name, member] : value.items()) {
      masked[shown_name(name)] = name == "attachments" && member.is_array()
                                     ? mask_attachments(member, depth + 1)
                                     : mask(member, name, place, depth + 1);
    }
    return masked;
  }

  json mask_array(const json& value, std::string_view name, Place place, int depth) const {
    json masked = json::array();
    for (const json& element : value) masked.push_back(mask(element, name, place, depth + 1));
    return masked;
  }

  json mask_attachments(const json& attachments, int depth) const {
    json masked = json::array();
    for (const json& attachment : attachments) {
      json one = mask(attachment, "attachments", Place::kContent, depth + 1);
      if (one.is_object() && one.contains("content")) one["content"] = hidden();
      masked.push_back(std::move(one));
    }
    return masked;
  }

  json mask_string(std::string_view text, std::string_view name, Place place) const {
    if (name == "email") return mask_email(text);
    if (name == "phone") return mask_phone(text);
    if (name == "deviceToken" || name == "userId") return mask_address_text(text);
    if (place == Place::kRecipient && name != "name") return mask_address_text(text);
    return mask_text(text, privacy_);
  }

  // Small integers (a badge, a count) tell nothing; others may be a code, an amount or a phone
  // number.
  json mask_number(const json& value) const {
    constexpr std::int64_t kSmall = 1000;
    if (value.is_number_integer() && !value.is_number_unsigned()) {
      const auto number = value.get<std::int64_t>();
      if (number > -kSmall && number < kSmall) return value;
    }
    if (value.is_number_unsigned() && value.get<std::uint64_t>() < kSmall) return value;
    return hidden();
  }

  ContentPrivacy privacy_;
};

}  // namespace

json masked_content(const json& content, std::string_view channel, ContentPrivacy privacy) {
  return PayloadMasker(privacy).mask(content, channel, Place::kContent);
}

json masked_recipients(const json& recipients, std::string_view channel, ContentPrivacy privacy) {
  return PayloadMasker(privacy).mask(recipients, channel, Place::kRecipient);
}

json masked_payload(const json& payload, ContentPrivacy privacy) {
  if (privacy == ContentPrivacy::kPublic) return payload;
  const PayloadMasker masker(privacy);
  if (!payload.is_object() || !payload.contains("notification")) {
    return masker.mask(payload, "", Place::kContent);
  }
  json masked = json::object();
  for (const auto& [name, value] : payload.items()) {
    masked[name] = name == "notification" ? masker.mask_notification(value)
                                          : masker.mask(value, name, Place::kRecipient);
  }
  return masked;
}

}  // namespace townkrier
