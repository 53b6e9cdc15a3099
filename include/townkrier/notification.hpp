#pragma once

/// \file notification.hpp
/// Notifications as classes: override `via()` and the `to_...()` of each channel. A notification is
/// rendered once, when it is enqueued or sent; the object is not needed afterwards.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/delivery_plan.hpp"
#include "townkrier/json_text.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// Names of the channels of the seed; any configured name works.
struct NotificationChannel {
  static constexpr std::string_view kEmail = "email";
  static constexpr std::string_view kSms = "sms";
  static constexpr std::string_view kPush = "push";
  static constexpr std::string_view kInApp = "in_app";
  static constexpr std::string_view kWhatsapp = "whatsapp";
  static constexpr std::string_view kSlack = "slack";
  static constexpr std::string_view kConsole = "console";
};

struct EmailAddress {
  std::string email;
  std::string name = {};
};

/// A file sent along: `content` holds the bytes, or `path` names a file below the attachment folder
/// (`NotificationManagerConfig::attachments`), read when the notification is accepted.
/// `content_type` is guessed from the name if empty.
struct Attachment {
  std::string filename;  ///< With a path: default is the path's last part.
  std::string content = {};
  std::string content_type = {};
  std::string path = {};
};

struct EmailContent {
  std::string subject;
  std::string text = {};
  std::string html = {};
  std::optional<EmailAddress> from = {};  ///< Default: the provider's `from`.
  std::optional<EmailAddress> reply_to = {};
  std::vector<EmailAddress> cc = {};
  std::vector<EmailAddress> bcc = {};
  std::vector<Attachment> attachments = {};
  /// The seed's plain message, used as text when `text` is empty.
  std::string message = {};
};

struct SmsContent {
  std::string text;
  std::string from = {};
};

struct PushContent {
  std::string title;
  std::string body;
  std::string image_url = {};
  std::string action_url = {};
  std::string icon = {};
  std::string sound = {};
  std::optional<int> badge = {};
  JsonText data = {};
};

struct InAppContent {
  std::string title;
  std::string message;
  std::string type = {};
  std::string action_url = {};
  std::string icon = {};
  JsonText data = {};
};

struct ChatContent {
  std::string text;
};

/// Base of a service's notifications. Not thread-safe; not kept by the library.
class Notification {
 public:
  virtual ~Notification() = default;

  /// The channels to use, by configured name. Empty: every channel that has content.
  virtual std::vector<std::string> via() const { return {}; }
  virtual std::optional<EmailContent> to_email() const { return std::nullopt; }
  virtual std::optional<SmsContent> to_sms() const { return std::nullopt; }
  virtual std::optional<PushContent> to_push() const { return std::nullopt; }
  virtual std::optional<InAppContent> to_in_app() const { return std::nullopt; }
  virtual std::optional<SmsContent> to_whatsapp() const { return std::nullopt; }
  virtual std::optional<ChatContent> to_slack() const { return std::nullopt; }
  /// Content for a channel of any other name (a webhook: {"body":{...}}); nullopt = none.
  virtual std::optional<JsonText> to_channel(std::string_view channel) const {
    (void)channel;
    return std::nullopt;
  }

  /// A template (`NotificationManagerConfig::templates`) that gives the contents which no
  /// `to_...()` gives, rendered with `template_context()`, an object. Its member "locale" ("fr-CA")
  /// chooses the variant.
  virtual std::string template_name() const { return {}; }
  virtual JsonText template_context() const { return {}; }

  virtual ChannelStrategy strategy() const { return ChannelStrategy::kEach; }
  /// A channel named here need not be in `via()`.
  virtual std::vector<ChannelFallback> fallbacks() const { return {}; }
  virtual MessagePolicy policy() const { return {}; }

  /// The same as the JSON of `POST /api/notifications` expects under "notification".
  JsonText render() const;
};

/// Addresses of one person by channel name, each one or more JSON objects as in the HTTP API.
/// `Recipient{}.email("user@example.com").sms("+2348012345678")`
class Recipient {
 public:
  Recipient& email(std::string address, std::string name = {});
  Recipient& sms(std::string phone, std::string name = {});
  Recipient& push(std::string device_token);
  Recipient& in_app(std::string user_id);
  Recipient& whatsapp(std::string phone);
  /// An address of any channel, e.g. `address("hook", json{...})`. Repeated calls add addresses.
  Recipient& address(std::string_view channel, const JsonText& value);

  /// {"email":[{...}],...}
  JsonText to_json() const;

 private:
  std::map<std::string, std::vector<JsonText>, std::less<>> addresses_;
};

}  // namespace townkrier
