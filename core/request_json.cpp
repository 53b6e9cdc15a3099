#include "core/request_json.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/delivery_plan.hpp"
#include "core/json_reader.hpp"
#include "core/notification_schema.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxChannels = 32;
constexpr auto kChannelNameRule = "channel names are 1 to 64 characters of [A-Za-z0-9_.-]";

// `via`: names only; whether they exist is checked against the configured channels.
void check_via(JsonReader& notification) {
  const json* via = notification.optional_array("via");
  if (via == nullptr) return;
  FieldErrors& errors = notification.errors();
  const std::string pointer = notification.pointer("via");
  if (via->size() > kMaxChannels) return errors.add(pointer, "must name at most 32 channels");
  for (std::size_t i = 0; i < via->size(); ++i) {
    const json& name = (*via)[i];
    if (!name.is_string() || !is_valid_name(name.get_ref<const std::string&>())) {
      errors.add(pointer_to(pointer, i), std::string("must be a string; ") + kChannelNameRule);
    }
  }
}

// A template's name and what it is rendered with; whether it exists is the backend's business.
void read_template(JsonReader& notification, json& checked) {
  const auto name = notification.optional_string("template", {.min_bytes = 1, .max_bytes = 64});
  const json* context = notification.optional_object("context");
  if (name) {
    checked["template"] = *name;
    if (context != nullptr) checked["context"] = *context;
  } else if (context != nullptr && !context->empty()) {
    notification.errors().add(notification.pointer("context"), "is only for a template");
  }
}

// Every member of a notification but these is a channel's content.
bool is_channel_member(std::string_view name) {
  return name != "via" && name != "template" && name != "context" && name != "subject" &&
         name != "text" && !is_plan_member(name);
}

json checked_notification(const json& notification, FieldErrors& errors) {
  const std::string pointer = "/notification";
  JsonReader reader(notification, pointer, errors);
  if (!notification.is_object()) return json::object();
  json checked = json::object();
  check_via(reader);
  if (reader.has("via")) checked["via"] = notification["via"];
  read_template(reader, checked);
  write_delivery_plan(read_delivery_plan(reader), checked);
  for (const char* name : {"subject", "text"}) {  // for the default channel
    if (const auto text = reader.optional_string(name)) checked[name] = *text;
  }
  std::size_t contents = 0;
  for (const auto& [name, value] : notification.items()) {
    if (value.is_null() || !is_channel_member(name)) continue;
    if (++contents > kMaxChannels) {
      errors.add(pointer, "must have content for at most 32 channels");
      break;
    }
    if (!is_valid_name(name)) {
      errors.add(pointer, std::string("has a member that is no channel; ") + kChannelNameRule);
      continue;
    }
    checked[name] = checked_content(name, value, pointer_to(pointer, name), errors);
  }
  if (contents == 0 && !checked.contains("text") && !checked.contains("template")) {
    errors.add(pointer, "needs content for at least one channel, or a template");
  }
  return checked;
}

json checked_recipient(const json& recipient, FieldErrors& errors) {
  const std::string pointer = "/recipient";
  json checked = json::object();
  if (!recipient.is_object()) {
    errors.add(pointer, "must be an object");
    return checked;
  }
  if (recipient.size() > kMaxChannels) {
    errors.add(pointer, "must have addresses for at most 32 channels");
    return checked;
  }
  for (const auto& [name, value] : recipient.items()) {
    if (value.is_null()) continue;
    if (!is_valid_name(name)) {
      // Not named: it may well be an address.
      errors.add(pointer, std::string("has a member that is no channel; ") + kChannelNameRule);
      continue;
    }
    checked[name] = checked_recipients(name, value, pointer_to(pointer, name), errors);
  }
  return checked;
}

JobOptions checked_options(JsonReader& body, TimePoint now) {
  const json* options = body.optional_any("options");
  if (options == nullptr) return {};
  auto parsed = parse_options(*options, body.pointer("options"));
  if (!parsed) {
    body.errors().add_all(parsed.error());
    return {};
  }
  if (parsed->scheduled_for && *parsed->scheduled_for > now + kMaxDelay) {
    body.errors().add(body.pointer("options") + "/scheduledFor",
                      "must be within 10 years from now");
  }
  return std::move(*parsed);
}

// Small letters, as `register_handler` takes them.
bool is_kind(std::string_view kind) {
  return is_valid_name(kind) &&
         std::ranges::none_of(kind, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

Result<JobRequest> parse_notification_request(const json& body, TimePoint now) {
  FieldErrors errors;
  JsonReader reader(body, "", errors);
  if (!body.is_object()) return std::unexpected(errors.to_error());
  JobRequest request;
  json payload{{"notification", json::object()}, {"recipient", json::object()}};
  if (const json* notification = reader.required_object("notification")) {
    payload["notification"] = checked_notification(*notification, errors);
  }
  if (const json* recipient = reader.optional_any("recipient")) {
    payload["recipient"] = checked_recipient(*recipient, errors);
  }
  request.options = checked_options(reader, now);
  reader.refuse_unknown();
  if (!errors.empty()) return std::unexpected(errors.to_error());
  request.payload = payload;
  return request;
}

Result<JobRequest> parse_job_request(const json& body, TimePoint now) {
  FieldErrors errors;
  JsonReader reader(body, "", errors);
  if (!body.is_object()) return std::unexpected(errors.to_error());
  JobRequest request;
  if (const auto kind = reader.required_string("kind")) {
    if (*kind == kNotificationKind) {
      errors.add("/kind", "notifications have their own request with checked contents");
    } else if (!is_kind(*kind)) {
      errors.add("/kind", "must be 1 to 64 characters of [a-z0-9_.-]");
    }
    request.kind = *kind;
  }
  if (const json* payload = reader.optional_any("payload")) request.payload = *payload;
  request.options = checked_options(reader, now);
  reader.refuse_unknown();
  if (!errors.empty()) return std::unexpected(errors.to_error());
  return request;
}

}  // namespace townkrier
