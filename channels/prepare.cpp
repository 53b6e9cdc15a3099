#include "channels/prepare.hpp"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/delivery_plan.hpp"
#include "core/json_reader.hpp"
#include "core/log_rows.hpp"
#include "core/masking.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

/// A member under the channel's own name, the name it was called by, or its type.
struct Found {
  std::string key;
  const json* value = nullptr;
};

/// One channel's part of a notification. `key`s are where the caller wrote the parts.
struct Part {
  const ConfiguredChannel* channel = nullptr;
  Found content;
  Found recipient;  ///< An array once it is known.
  bool single_recipient = false;
};

std::optional<Found> find_part(const json& object, const ConfiguredChannel& channel,
                               std::string_view called) {
  if (!object.is_object()) return std::nullopt;
  for (const std::string& key : {channel.config.name, std::string(called),
                                 std::string(channel.providers.front()->channel_type())}) {
    const auto member = object.find(key);
    if (member != object.end() && !member->is_null()) return Found{key, &*member};
  }
  return std::nullopt;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A notification as text, written part by part so that the places of the parts are known. Channel
/// names need no escapes.
class PayloadText {
 public:
  void add(const std::string& channel, const std::string& content, const std::string& recipient) {
    const std::string name = (via_.empty() ? "\"" : ",\"") + channel + '"';
    via_ += name;
    contents_ += name + ':';
    recipients_ += name + ':';
    PayloadPart part;
    part.content_begin = std::uint32_t(kHead.size() + contents_.size());
    part.content_size = std::uint32_t(content.size());
    part.recipient_begin = std::uint32_t(recipients_.size());  // counted from their object's start
    part.recipient_size = std::uint32_t(recipient.size());
    contents_ += content;
    recipients_ += recipient;
    parts_.push_back(part);
  }

  JsonText text() {
    std::string text;
    text.reserve(kHead.size() + contents_.size() + via_.size() + recipients_.size() + 32);
    text.append(kHead).append(contents_);
    text.append(via_.empty() ? "\"via\":[" : ",\"via\":[").append(via_);
    text.append("]},\"recipient\":{");
    for (PayloadPart& part : parts_) part.recipient_begin += std::uint32_t(text.size());
    text.append(recipients_).append("}}");
    return JsonText::trusted(std::move(text));
  }
  std::vector<PayloadPart> parts() { return std::move(parts_); }

 private:
  static constexpr std::string_view kHead = "{\"notification\":{";
  std::string via_;
  std::string contents_;
  std::string recipients_;
  std::vector<PayloadPart> parts_;
};

class Preparation {
 public:
  Preparation(json payload, const ChannelRegistry& registry, const MessageSources& sources,
              ContentPrivacy privacy)
      : notification_(take(payload, "notification")),
        recipient_(take(payload, "recipient")),
        registry_(registry),
        sources_(sources),
        privacy_(privacy) {}

  Result<PreparedNotification> run(const std::string& default_channel) {
    if (!notification_.is_object()) {
      return fail_field(Errc::kInvalidArgument, "/notification", "must be an object");
    }
    if (!recipient_.is_object() && !recipient_.is_null()) {
      return fail_field(Errc::kInvalidArgument, "/recipient", "must be an object");
    }
    if (auto ok = fill_template(notification_, registry_, sources_); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
    take_via();
    take_plan();
    if (unknown_) return std::unexpected(*std::move(unknown_));
    if (parts_.empty() && errors_.empty()) take_all_with_content();
    if (parts_.empty() && errors_.empty()) take_default(default_channel);
    if (parts_.empty() && errors_.empty()) {
      errors_.add("/notification", "has no content for any configured channel");
    }
    if (errors_.empty()) name_fallbacks();
    for (Part& part : parts_) add_recipient(part);
    take_attachments();
    for (const Part& part : parts_) check(part);
    if (!errors_.empty()) return std::unexpected(errors_.to_error());
    return result();
  }

 private:
  static json take(json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? json() : std::move(*found);
  }

  const json* keep(json value) { return &kept_.emplace_back(std::move(value)); }

  void take_via() {
    const auto via = notification_.find("via");
    if (via == notification_.end() || via->is_null()) return;
    if (!via->is_array()) return errors_.add("/notification/via", "must be an array");
    for (std::size_t i = 0; i < via->size(); ++i) {
      const std::string pointer = pointer_to("/notification/via", i);
      if (!(*via)[i].is_string()) {
        errors_.add(pointer, "must be a channel's name");
      } else {
        take_named((*via)[i].get_ref<const std::string&>(), pointer);
      }
    }
  }

  /// A fallback need not be in `via`.
  void take_plan() {
    JsonReader reader(notification_, "/notification", errors_);
    plan_ = read_delivery_plan(reader);
    for (std::size_t i = 0; i < plan_.fallbacks.size(); ++i) {
      const std::string pointer = pointer_to("/notification/fallback", i);
      if (plan_.fallbacks[i].after && plan_.strategy == ChannelStrategy::kAllOrNothing) {
        errors_.add(pointer + "/after", "goes with all strategies but all-or-nothing");
      }
      if (!parts_.empty()) take_named(plan_.fallbacks[i].channel, pointer + "/channel");
    }
  }

  /// Names of types become names of channels of this notification.
  void name_fallbacks() {
    for (std::size_t i = 0; i < plan_.fallbacks.size(); ++i) {
      const std::string pointer = pointer_to("/notification/fallback", i);
      name_channel(plan_.fallbacks[i].channel, pointer + "/channel");
      name_channel(plan_.fallbacks[i].instead_of, pointer + "/insteadOf");
    }
    check_fallbacks(plan_.fallbacks, errors_);
  }

  void name_channel(std::string& name, const std::string& pointer) {
    const ConfiguredChannel* channel = registry_.find(name);
    if (channel == nullptr || !has(channel)) {
      return errors_.add(pointer, "is not a channel of this notification");
    }
    name = channel->config.name;
  }

  void take_named(const std::string& name, const std::string& pointer) {
    const ConfiguredChannel* channel = registry_.find(name);
    if (channel == nullptr) {
      if (unknown_) return unknown_->fields.push_back({pointer, "is not a configured channel"});
      unknown_ = fail_field(Errc::kUnknownChannel, pointer, "is not a configured channel").error();
      return;
    }
    if (has(channel)) return;
    if (auto content = find_part(notification_, *channel, name)) {
      parts_.push_back(
          {.channel = channel, .content = *std::move(content), .recipient = {name, {}}});
    } else {
      errors_.add(pointer_to("/notification", name), "is required, as via names this channel");
    }
  }

  void take_all_with_content() {
    for (const ConfiguredChannel& channel : registry_.channels()) {
      const std::string_view type = channel.providers.front()->channel_type();
      // Content under a type's name belongs to one channel only, the one that `find` gives.
      const bool owns_type = registry_.find(type) == &channel;
      const std::string_view called = owns_type ? type : std::string_view(channel.config.name);
      auto content = find_part(notification_, channel, called);
      if (!content || (!owns_type && content->key != channel.config.name)) continue;
      std::string key = content->key;
      parts_.push_back(
          {.channel = &channel, .content = *std::move(content), .recipient = {std::move(key), {}}});
    }
  }

  /// A notification of a text alone goes to the default channel.
  void take_default(const std::string& default_channel) {
    const auto text = notification_.find("text");
    const ConfiguredChannel* channel = registry_.find(default_channel);
    if (channel == nullptr || text == notification_.end() || !text->is_string()) return;
    json content{{"text", *text}};
    if (const auto subject = notification_.find("subject"); subject != notification_.end()) {
      content["subject"] = *subject;
    }
    parts_.push_back({.channel = channel,
                      .content = {"", keep(std::move(content))},
                      .recipient = {channel->config.name, {}}});
  }

  void add_recipient(Part& part) {
    auto found = find_part(recipient_, *part.channel, part.recipient.key);
    if (!found) {
      part.recipient.value = keep(json::array());
      if (part.channel->needs_recipient) {
        errors_.add(pointer_to("/recipient", part.recipient.key), "is required for this channel");
      }
      return;
    }
    part.recipient.key = std::move(found->key);
    part.single_recipient = !found->value->is_array() || found->value->size() == 1;
    part.recipient.value =
        found->value->is_array() ? found->value : keep(json::array({*found->value}));
    if (part.recipient.value->empty() && part.channel->needs_recipient) {
      errors_.add(pointer_to("/recipient", part.recipient.key), "needs at least one address");
    }
  }

  void take_attachments() {
    std::uint64_t bytes_left = sources_.max_attachment_bytes;
    for (Part& part : parts_) {
      if (!part.content.value->is_object() || !part.content.value->contains("attachments"))
        continue;
      json content = *part.content.value;
      read_attachments(content, place(part, "/content"), sources_, bytes_left, errors_);
      part.content.value = keep(std::move(content));
    }
  }

  void check(const Part& part) {
    if (part.recipient.value->empty() && part.channel->needs_recipient) return;  // said already
    // Any provider of the channel may get it, so all have to accept it; the first one to object
    // speaks.
    for (const auto& provider : part.channel->providers) {
      const auto ok = provider->check(*part.content.value, *part.recipient.value);
      if (ok) continue;
      for (const FieldError& field : ok.error().fields) {
        errors_.add(place(part, field.pointer), field.detail);
      }
      if (ok.error().fields.empty()) {
        errors_.add(place(part, "/content"), ok.error().message);
      }
      return;
    }
  }

  /// A provider's pointer as one into the whole payload.
  static std::string place(const Part& part, std::string_view pointer) {
    if (pointer.starts_with("/content")) {
      pointer.remove_prefix(std::string_view("/content").size());
      const std::string base = part.content.key.empty()
                                   ? std::string("/notification")
                                   : pointer_to("/notification", part.content.key);
      return base + std::string(pointer);
    }
    if (pointer.starts_with("/recipient")) {
      pointer.remove_prefix(std::string_view("/recipient").size());
      if (part.single_recipient && pointer.starts_with("/0")) pointer.remove_prefix(2);
      return pointer_to("/recipient", part.recipient.key) + std::string(pointer);
    }
    return std::string(pointer);
  }

  bool has(const ConfiguredChannel* channel) const {
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const Part& part) { return part.channel == channel; });
  }

  PreparedNotification result() const {
    PreparedNotification out;
    PayloadText payload;
    PayloadText masked;
    const bool masks = privacy_ != ContentPrivacy::kPublic;
    for (const Part& part : parts_) {
      const std::string& name = part.channel->config.name;
      const json& content = *part.content.value;
      const json& recipient = *part.recipient.value;
      out.via.push_back(name);
      payload.add(name, text_of(content), text_of(recipient));
      if (!masks) {
        out.shown.push_back(shown_content({content, content}, {recipient, recipient}, privacy_));
        continue;
      }
      const json shown = masked_content(content, name, privacy_);
      const json to = masked_recipients(recipient, name, privacy_);
      out.shown.push_back(shown_content({content, shown}, {recipient, to}, privacy_));
      masked.add(name, text_of(shown), text_of(to));
    }
    out.payload = payload.text();
    out.parts = payload.parts();
    if (masks) out.masked = masked.text();
    out.plan = plan_;
    return out;
  }

  json notification_;
  const json recipient_;
  const ChannelRegistry& registry_;
  const MessageSources& sources_;
  const ContentPrivacy privacy_;
  std::deque<json> kept_;  // values that are not in the payload as they are
  std::vector<Part> parts_;
  DeliveryPlan plan_;
  FieldErrors errors_;
  std::optional<Error> unknown_;
};

}  // namespace

Result<PreparedNotification> prepare_notification(const JsonText& payload,
                                                  const ChannelRegistry& registry,
                                                  const MessageSources& sources,
                                                  const std::string& default_channel,
                                                  ContentPrivacy privacy) {
  json value = payload.value();
  if (!value.is_object()) {
    return fail_field(Errc::kInvalidArgument, "", "must be an object with a notification");
  }
  return Preparation(std::move(value), registry, sources, privacy).run(default_channel);
}

}  // namespace townkrier
