#pragma once

/// \file mail_text.hpp
/// A whole mail as text (an .eml file). Pure.

#include <string>

#include "channels/mail_message.hpp"

namespace townkrier {

/// RFC 5322 with MIME parts: texts stay readable (8bit), attachments are base64. Lines end in CRLF.
std::string mail_text(const MailMessage& message);

}  // namespace townkrier
