#include "townkrier/notification.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base64.hpp"
#include "core/delivery_plan.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

void put(json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put(json& object, const char* name, const JsonText& document) {
  if (!document.empty()) object[name] = document.value();
}

json to_json(const EmailAddress& address) {
  json object{{"email", address.email}};
  put(object, "name", address.name);
  return object;
}

void put(json& object, const char* name, const std::vector<EmailAddress>& addresses) {
  for (const EmailAddress& address : addresses) object[name].push_back(to_json(address));
}

json to_json(const Attachment& attachment) {
  json object = json::object();
  put(object, "filename", attachment.filename);
  put(object, "path", attachment.path);
  if (attachment.path.empty()) object["content"] = base64_encode(attachment.content);
  put(object, "contentType", attachment.content_type);
  return object;
}

json to_json(const EmailContent& content) {
  json object{{"subject", content.subject}};
  put(object, "text", content.text);
  put(object, "html", content.html);
  put(object, "message", content.message);
  if (content.from) object["from"] = to_json(*content.from);
  if (content.reply_to) object["replyTo"] = to_json(*content.reply_to);
  put(object, "cc", content.cc);
  put(object, "bcc", content.bcc);
  for (const Attachment& attachment : content.attachments) {
    object["attachments"].push_back(to_json(attachment));
  }
  return object;
}

json to_json(const SmsContent& content) {
  json object{{"text", content.text}};
  put(object, "from", content.from);
  return object;
}

json to_json(const PushContent& content) {
  json object{{"title", content.title}, {"body", content.body}};
  put(object, "imageUrl", content.image_url);
  put(object, "actionUrl", content.action_url);
  put(object, "icon", content.icon);
  put(object, "sound", content.sound);
  if (content.badge) object["badge"] = *content.badge;
  put(object, "data", content.data);
  return object;
}

json to_json(const InAppContent& content) {
  json object{{"title", content.title}, {"message", content.message}};
  put(object, "type", content.type);
  put(object, "actionUrl", content.action_url);
  put(object, "icon", content.icon);
  put(object, "data", content.data);
  return object;
}

json to_json(const ChatContent& content) {
  return json{{"text", content.text}};
}

template <class Content>
void put_channel(json& notification, std::string_view channel,
                 const std::optional<Content>& content) {
  if (content) notification[std::string(channel)] = to_json(*content);
}

}  // namespace

JsonText Notification::render() const {
  json notification = json::object();
  put_channel(notification, NotificationChannel::kEmail, to_email());
  put_channel(notification, NotificationChannel::kSms, to_sms());
  put_channel(notification, NotificationChannel::kPush, to_push());
  put_channel(notification, NotificationChannel::kInApp, to_in_app());
  put_channel(notification, NotificationChannel::kWhatsapp, to_whatsapp());
  put_channel(notification, NotificationChannel::kSlack, to_slack());
  const auto channels = via();
  for (const std::string& channel : channels) {
    if (notification.contains(channel)) continue;
    if (const auto content = to_channel(channel)) notification[channel] = content->value();
  }
  if (!channels.empty()) notification["via"] = channels;
  if (const std::string name = template_name(); !name.empty()) {
    notification["template"] = name;
    put(notification, "context", template_context());
  }
  write_delivery_plan({strategy(), fallbacks(), policy()}, notification);
  return notification;
}

Recipient& Recipient::email(std::string address, std::string name) {
  return this->address(NotificationChannel::kEmail,
                       townkrier::to_json(EmailAddress{std::move(address), std::move(name)}));
}

Recipient& Recipient::sms(std::string phone, std::string name) {
  json object{{"phone", std::move(phone)}};
  put(object, "name", name);
  return address(NotificationChannel::kSms, object);
}

Recipient& Recipient::push(std::string device_token) {
  return address(NotificationChannel::kPush, json{{"deviceToken", std::move(device_token)}});
}

Recipient& Recipient::in_app(std::string user_id) {
  return address(NotificationChannel::kInApp, json{{"userId", std::move(user_id)}});
}

Recipient& Recipient::whatsapp(std::string phone) {
  return address(NotificationChannel::kWhatsapp, json{{"phone", std::move(phone)}});
}

Recipient& Recipient::address(std::string_view channel, const JsonText& value) {
  auto found = addresses_.find(channel);
  if (found == addresses_.end()) {
    found = addresses_.emplace(std::string(channel), std::vector<JsonText>{}).first;
  }
  found->second.push_back(value);
  return *this;
}

JsonText Recipient::to_json() const {
  json recipient = json::object();
  for (const auto& [channel, addresses] : addresses_) {
    json& array = recipient[channel] = json::array();
    for (const JsonText& address : addresses) array.push_back(address.value());
  }
  return recipient;
}

}  // namespace townkrier
