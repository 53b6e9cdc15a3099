#pragma once

/// \file mail_message.hpp
/// A mail as header lines and parts (RFC 5322, 2045, 2047, 2231). Pure: framing and transfer
/// encoding are the transport's. Everything here is built so that no value can add a header line.

#include <string>
#include <string_view>
#include <vector>

#include "townkrier/notification.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

struct MailPart {
  std::string content_type;  ///< "text/plain; charset=utf-8"
  std::string disposition;   ///< Value of Content-Disposition; empty: none.
  std::string encoding;      ///< "quoted-printable" or "base64".
  std::string data;          ///< Not yet encoded; lines of text end in CRLF.
};

struct MailMessage {
  std::vector<std::string> headers;    ///< Whole lines without the last CRLF; folded where long.
  std::vector<MailPart> alternatives;  ///< The body, plainest first; at least one.
  std::vector<MailPart> attachments;
};

/// A checked e-mail: see `parse_email`.
struct Email {
  EmailContent content;
  std::vector<EmailAddress> to;
};

/// What a message needs besides its content.
struct MailContext {
  EmailAddress default_from;
  std::string_view idempotency_key;  ///< Makes the Message-ID, the same on every try.
  TimePoint date{};
};

/// Composes a message. kInvalidArgument when a value holds a line break or another control
/// character.
Result<MailMessage> compose_mail(const Email& email, const MailContext& context);

/// "<key@domain-of-from>"; a key with unusual characters is replaced by its SHA-256.
std::string message_id(std::string_view key, std::string_view from_address);

/// "Thu, 01 Jan 2026 00:00:00 +0000"
std::string mail_date(TimePoint time);

/// Text of a header such as Subject: as it is when plain and short, else RFC 2047 encoded words,
/// folded. `text` is UTF-8 without control characters.
std::string encode_header_text(std::string_view text);

/// `Name <address>` with the name quoted or encoded as needed.
std::string format_mailbox(const EmailAddress& address);

/// "attachment; filename=..." with RFC 2231 for names outside ASCII.
std::string attachment_disposition(std::string_view filename);

/// A content type for a file name's extension; application/octet-stream when unknown.
std::string_view content_type_for(std::string_view filename);

}  // namespace townkrier
