#include "channels/mail_message.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "channels/text.hpp"
#include "core/base64.hpp"

namespace townkrier {
namespace {

// RFC 2047: an encoded word has at most 75 characters; "=?UTF-8?B?" and "?=" take 12 of them.
constexpr std::size_t kEncodedWordBytes = 45;
constexpr std::size_t kPlainHeaderBytes = 60;

bool is_atom_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(kEncodedWordBytes, text.size());
    // A word must not end inside a UTF-8 character.
    while (end > 1 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
      --end;
    }
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64_encode(text.substr(0, end)) + "?=";
    text.remove_prefix(end);
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string mailbox_list(const std::vector<EmailAddress>& addresses) {
  std::string out;
  for (const EmailAddress& address : addresses) {
    if (!out.empty()) out += ",\r\n ";
    out += format_mailbox(address);
  }
  return out;
}

/// RFC 5322 wants CRLF, and the quoted-printable encoder keeps line breaks only in that form.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n' || text[i] == '\r') {
      out += "\r\n";
    } else {
      out += text[i];
    }
  }
  return out;
}

MailPart text_part(const char* content_type, std::string_view text) {
  return {.content_type = content_type,
          .disposition = {},
          .encoding = "quoted-printable",
          .data = with_crlf(text)};
}

MailPart attachment_part(const Attachment& attachment) {
  const std::string type = attachment.content_type.empty()
                               ? std::string(content_type_for(attachment.filename))
                               : attachment.content_type;
  return {.content_type = type,
          .disposition = attachment_disposition(attachment.filename),
          .encoding = "base64",
          .data = attachment.content};
}

Result<void> refuse_control(std::string_view what, std::string_view value) {
  if (!has_control(value)) return {};
  return fail(Errc::kInvalidArgument, std::string(what) + " must not hold control characters");
}

Result<void> check_headers(const Email& email, const EmailAddress& from) {
  const EmailContent& content = email.content;
  if (auto ok = refuse_control("the subject", content.subject); !ok) return ok;
  std::vector<const EmailAddress*> all{&from};
  for (const auto& address : email.to) all.push_back(&address);
  for (const auto& address : content.cc) all.push_back(&address);
  if (content.reply_to) all.push_back(&*content.reply_to);
  for (const EmailAddress* address : all) {
    if (auto ok = refuse_control("an address", address->email); !ok) return ok;
    if (auto ok = refuse_control("a name", address->name); !ok) return ok;
  }
  for (const Attachment& attachment : content.attachments) {
    if (auto ok = refuse_control("a file name", attachment.filename); !ok) return ok;
    if (auto ok = refuse_control("a content type", attachment.content_type); !ok) return ok;
  }
  return {};
}

}  // namespace

std::string mail_date(TimePoint time) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return out.data();
}

std::string encode_header_text(std::string_view text) {
  const bool plain = is_printable_ascii(text) && text.find("=?") == std::string_view::npos &&
                     text.size() <= kPlainHeaderBytes;
  return plain ? std::string(text) : encoded_words(text);
}

std::string format_mailbox(const EmailAddress& address) {
  if (address.name.empty()) return address.email;
  const std::string& name = address.name;
  std::string phrase;
  if (!is_printable_ascii(name) || name.find("=?") != std::string::npos ||
      name.size() > kPlainHeaderBytes) {
    phrase = encoded_words(name);
  } else if (std::all_of(name.begin(), name.end(),
                         [](char c) { return is_atom_char(c) || c == ' '; })) {
    phrase = name;
  } else {
    phrase = quoted(name);
  }
  return phrase + " <" + address.email + ">";
}

std::string message_id(std::string_view key, std::string_view from_address) {
  const bool simple =
      !key.empty() && key.size() <= 64 && key.front() != '.' && key.back() != '.' &&
      key.find("..") == std::string_view::npos &&
      std::all_of(key.begin(), key.end(), [](char c) { return is_atom_char(c) || c == '.'; });
  std::string left(key);
  if (!simple) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
    left = hex_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
  }
  const std::size_t at = from_address.rfind('@');
  const std::string_view domain =
      at == std::string_view::npos ? std::string_view("localhost") : from_address.substr(at + 1);
  return "<" + left + "@" + std::string(domain) + ">";
}

std::string attachment_disposition(std::string_view filename) {
  if (is_printable_ascii(filename) && filename.size() <= 60) {
    return "attachment; filename=" + quoted(filename);
  }
  std::string out = "attachment;\r\n filename*=UTF-8''";
  for (const char c : filename) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      std::array<char, 4> hex{};
      std::snprintf(hex.data(), hex.size(), "%%%02X", static_cast<unsigned char>(c));
      out += hex.data();
    }
  }
  return out;
}

std::string_view content_type_for(std::string_view filename) {
  struct Known {
    std::string_view extension;
    std::string_view type;
  };
  static constexpr std::array<Known, 15> kKnown{{{".pdf", "application/pdf"},
                                                 {".txt", "text/plain; charset=utf-8"},
                                                 {".html", "text/html; charset=utf-8"},
                                                 {".csv", "text/csv; charset=utf-8"},
                                                 {".ics", "text/calendar; charset=utf-8"},
                                                 {".json", "application/json"},
                                                 {".xml", "application/xml"},
                                                 {".zip", "application/zip"},
                                                 {".png", "image/png"},
                                                 {".jpg", "image/jpeg"},
                                                 {".jpeg", "image/jpeg"},
                                                 {".gif", "image/gif"},
                                                 {".webp", "image/webp"},
                                                 {".svg", "image/svg+xml"},
                                                 {".mp4", "video/mp4"}}};
  std::string lower(filename);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  for (const Known& known : kKnown) {
    if (lower.ends_with(known.extension)) return known.type;
  }
  return "application/octet-stream";
}

Result<MailMessage> compose_mail(const Email& email, const MailContext& context) {
  const EmailContent& content = email.content;
  const EmailAddress& from = content.from ? *content.from : context.default_from;
  if (auto ok = check_headers(email, from); !ok) return std::unexpected(ok.error());
  MailMessage message;
  auto& headers = message.headers;
  headers.push_back("Date: " + mail_date(context.date));
  headers.push_back("From: " + format_mailbox(from));
  headers.push_back("To: " + mailbox_list(email.to));
  if (!content.cc.empty()) headers.push_back("Cc: " + mailbox_list(content.cc));
  if (content.reply_to) headers.push_back("Reply-To: " + format_mailbox(*content.reply_to));
  headers.push_back("Subject: " + encode_header_text(content.subject));
  headers.push_back("Message-ID: " + message_id(context.idempotency_key, from.email));
  const std::string& text = content.text.empty() ? content.message : content.text;
  if (!text.empty()) message.alternatives.push_back(text_part("text/plain; charset=utf-8", text));
  if (!content.html.empty()) {
    message.alternatives.push_back(text_part("text/html; charset=utf-8", content.html));
  }
  for (const Attachment& attachment : content.attachments) {
    message.attachments.push_back(attachment_part(attachment));
  }
  return message;
}

}  // namespace townkrier
