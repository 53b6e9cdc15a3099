#include "channels/mail_text.hpp"

#include <algorithm>

#include "core/base64.hpp"

namespace townkrier {
namespace {

/// Base64 in lines of 76 (RFC 2045 §6.8).
std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t kLine = 76;
  const std::string text = base64_encode(bytes);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kLine) out += text.substr(at, kLine) + "\r\n";
  return out;
}

std::string part_text(const MailPart& part) {
  const bool binary = part.encoding == "base64";
  std::string out = "Content-Type: " + part.content_type + "\r\n";
  out += std::string("Content-Transfer-Encoding: ") + (binary ? "base64" : "8bit") + "\r\n";
  if (!part.disposition.empty()) out += "Content-Disposition: " + part.disposition + "\r\n";
  return out + "\r\n" + (binary ? base64_lines(part.data) : part.data) + "\r\n";
}

/// A line that no part holds.
std::string boundary_for(const MailMessage& message, std::string boundary) {
  const auto holds = [&](const MailPart& part) {
    return part.data.find(boundary) != std::string::npos;
  };
  while (std::ranges::any_of(message.alternatives, holds)) boundary += "=";
  return boundary;
}

std::string multipart(const std::vector<MailPart>& parts, const std::string& boundary) {
  std::string out;
  for (const MailPart& part : parts) out += "--" + boundary + "\r\n" + part_text(part);
  return out + "--" + boundary + "--\r\n";
}

}  // namespace

std::string mail_text(const MailMessage& message) {
  const std::string inner = boundary_for(message, "=_townkrier_body");
  const std::string outer = boundary_for(message, "=_townkrier_files");
  const auto type = [](const char* kind, const std::string& boundary) {
    return std::string("Content-Type: multipart/") + kind + "; boundary=\"" + boundary + "\"\r\n";
  };
  std::string out;
  for (const std::string& header : message.headers) out += header + "\r\n";
  out += "MIME-Version: 1.0\r\n";
  const std::string body =
      type("alternative", inner) + "\r\n" + multipart(message.alternatives, inner);
  if (message.attachments.empty()) return out + body;
  return out + type("mixed", outer) + "\r\n--" + outer + "\r\n" + body +
         multipart(message.attachments, outer);
}

}  // namespace townkrier
