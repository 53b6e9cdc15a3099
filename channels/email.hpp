#pragma once

/// \file email.hpp
/// E-mail content and addresses out of JSON, checked; shared by every e-mail driver. Pure.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "channels/mail_message.hpp"
#include "core/json_reader.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

/// How much of one mail is accepted.
struct EmailLimits {
  static constexpr std::size_t kSubjectBytes = 998;  ///< RFC 5322 §2.1.1.
  static constexpr std::size_t kNameBytes = 256;
  static constexpr std::size_t kFileNameBytes = 255;
  static constexpr std::size_t kAddresses = 100;  ///< In to, cc and bcc each.
  static constexpr std::size_t kAttachments = 50;
};

/// True for local@domain as RFC 5321 allows it without quoting: at most 64 + 254 characters of
/// ASCII; a domain of labels, internationalised ones in their xn-- form.
bool is_email_address(std::string_view text);

/// "user@example.com" or "Name <user@example.com>".
Result<EmailAddress> parse_mailbox(std::string_view text);

/// `Name <address>` in Unicode, the name quoted where it has special characters: what HTTP APIs of
/// mail providers take.
std::string mailbox_text(const EmailAddress& address);
std::vector<std::string> mailbox_texts(const std::vector<EmailAddress>& addresses);

/// Checks content and recipients and makes an `Email` of them; all problems at once, with pointers
/// "/content/..." and "/recipient/<index>/...". Content: subject and one of text, html, message;
/// optional from, replyTo, cc, bcc (each `{email,name?}` or a mailbox text; cc and bcc one or an
/// array), attachments `[{filename, content (base64), contentType?}]`. A recipient is `{email,
/// name?}`. A missing text is made of `message` or of the html.
Result<Email> parse_email(const nlohmann::json& content, const nlohmann::json& recipients);

}  // namespace townkrier
