#include "channels/email.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "channels/html_text.hpp"
#include "channels/text.hpp"
#include "core/base64.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_local_part(std::string_view local) {
  if (local.empty() || local.size() > 64) return false;
  if (local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  return std::all_of(local.begin(), local.end(), [](char c) {
    return is_alnum(c) ||
           std::string_view(".!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  });
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_domain(std::string_view domain) {
  while (true) {
    const std::size_t dot = domain.find('.');
    if (!is_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

constexpr const char* kNoAddress = "is not a valid e-mail address";

std::optional<EmailAddress> read_address(const json& value, const std::string& pointer,
                                         FieldErrors& errors) {
  if (value.is_string()) {
    auto mailbox = parse_mailbox(value.get_ref<const std::string&>());
    if (mailbox) return *std::move(mailbox);
    errors.add(pointer, kNoAddress);
    return std::nullopt;
  }
  JsonReader reader(value, pointer, errors);
  const auto email = reader.required_string("email");
  auto name = reader.optional_string("name", {.max_bytes = EmailLimits::kNameBytes});
  reader.refuse_unknown();
  if (!email) return std::nullopt;
  if (!is_email_address(*email)) {
    errors.add(reader.pointer("email"), kNoAddress);
    return std::nullopt;
  }
  if (name && has_control(*name)) {
    errors.add(reader.pointer("name"), "must not hold control characters");
    return std::nullopt;
  }
  return EmailAddress{*email, std::move(name).value_or("")};
}

/// A text, an object or an array of them.
std::vector<EmailAddress> read_addresses(const json& value, const std::string& pointer,
                                         FieldErrors& errors) {
  std::vector<EmailAddress> out;
  if (!value.is_array()) {
    if (auto address = read_address(value, pointer, errors)) out.push_back(*std::move(address));
    return out;
  }
  if (value.size() > EmailLimits::kAddresses) {
    errors.add(pointer, "must not hold more than 100 addresses");
    return out;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto address = read_address(value[i], pointer_to(pointer, i), errors);
    if (address) out.push_back(*std::move(address));
  }
  return out;
}

/// type "/" subtype, with parameters in printable ASCII.
bool is_content_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != 0 && slash != std::string_view::npos && slash + 1 < text.size() &&
         is_printable_ascii(text);
}

void read_attachment(const json& value, const std::string& pointer, EmailContent& content,
                     FieldErrors& errors) {
  JsonReader reader(value, pointer, errors);
  Attachment attachment;
  attachment.filename =
      reader.required_string("filename", {.min_bytes = 1, .max_bytes = EmailLimits::kFileNameBytes})
          .value_or("");
  const auto data = reader.required_string("content");
  attachment.content_type = reader.optional_string("contentType", {.max_bytes = 200}).value_or("");
  reader.refuse_unknown();
  if (has_control(attachment.filename)) {
    errors.add(reader.pointer("filename"), "must not hold control characters");
  }
  if (!attachment.content_type.empty() && !is_content_type(attachment.content_type)) {
    errors.add(reader.pointer("contentType"), "is not a content type");
  }
  if (!data) return;
  if (auto bytes = base64_decode(*data)) {
    attachment.content = *std::move(bytes);
    content.attachments.push_back(std::move(attachment));
  } else {
    errors.add(reader.pointer("content"), "is not base64");
  }
}

void read_attachments(JsonReader& reader, EmailContent& content, FieldErrors& errors) {
  const json* list = reader.optional_array("attachments");
  if (list == nullptr) return;
  const std::string pointer = reader.pointer("attachments");
  if (list->size() > EmailLimits::kAttachments) {
    errors.add(pointer, "must not hold more than 50 files");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    read_attachment((*list)[i], pointer_to(pointer, i), content, errors);
  }
}

EmailContent read_content(const json& value, FieldErrors& errors) {
  JsonReader reader(value, "/content", errors);
  EmailContent content;
  content.subject =
      reader.required_string("subject", {.min_bytes = 1, .max_bytes = EmailLimits::kSubjectBytes})
          .value_or("");
  if (has_control(content.subject)) {
    errors.add(reader.pointer("subject"), "must not hold line breaks or control characters");
  }
  content.text = reader.optional_string("text").value_or("");
  content.html = reader.optional_string("html").value_or("");
  content.message = reader.optional_string("message").value_or("");
  if (value.is_object() && content.text.empty() && content.html.empty() &&
      content.message.empty()) {
    errors.add("/content", "needs a text, html or message");
  }
  if (const json* from = reader.optional_any("from")) {
    content.from = read_address(*from, reader.pointer("from"), errors);
  }
  if (const json* reply_to = reader.optional_any("replyTo")) {
    content.reply_to = read_address(*reply_to, reader.pointer("replyTo"), errors);
  }
  if (const json* cc = reader.optional_any("cc")) {
    content.cc = read_addresses(*cc, reader.pointer("cc"), errors);
  }
  if (const json* bcc = reader.optional_any("bcc")) {
    content.bcc = read_addresses(*bcc, reader.pointer("bcc"), errors);
  }
  read_attachments(reader, content, errors);
  reader.refuse_unknown();
  return content;
}

}  // namespace

bool is_email_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && text.size() <= 254 && is_local_part(text.substr(0, at)) &&
         is_domain(text.substr(at + 1));
}

Result<EmailAddress> parse_mailbox(std::string_view text) {
  text = trimmed(text);
  EmailAddress out;
  std::string_view address = text;
  if (const std::size_t open = text.rfind('<'); open != std::string_view::npos) {
    if (!text.ends_with('>')) return fail(Errc::kInvalidArgument, "an e-mail address has no '>'");
    address = text.substr(open + 1, text.size() - open - 2);
    std::string_view name = trimmed(text.substr(0, open));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
    }
    out.name = name;
  }
  if (!is_email_address(address)) return fail(Errc::kInvalidArgument, "no valid e-mail address");
  if (has_control(out.name) || out.name.size() > EmailLimits::kNameBytes) {
    return fail(Errc::kInvalidArgument, "no valid name of an e-mail address");
  }
  out.email = address;
  return out;
}

std::string mailbox_text(const EmailAddress& address) {
  if (address.name.empty()) return address.email;
  if (address.name.find_first_of("()<>[]:;@\\,.\"") == std::string::npos) {
    return address.name + " <" + address.email + ">";
  }
  std::string quoted = "\"";
  for (const char c : address.name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\" <" + address.email + ">";
}

std::vector<std::string> mailbox_texts(const std::vector<EmailAddress>& addresses) {
  std::vector<std::string> out;
  for (const EmailAddress& address : addresses) out.push_back(mailbox_text(address));
  return out;
}

Result<Email> parse_email(const json& content, const json& recipients) {
  FieldErrors errors;
  Email email{.content = read_content(content, errors), .to = {}};
  if (recipients.is_array() && recipients.empty()) {
    errors.add("/recipient", "needs at least one address");
  } else {
    email.to = read_addresses(recipients, "/recipient", errors);
  }
  if (!errors.empty()) return std::unexpected(errors.to_error());
  EmailContent& mail = email.content;
  if (mail.text.empty()) mail.text = mail.message.empty() ? html_to_text(mail.html) : mail.message;
  return email;
}

}  // namespace townkrier
