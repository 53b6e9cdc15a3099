#include "http/response.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/utf8.hpp"

namespace townkrier::http {

namespace {

// OWASP ASVS 4.0.3, 14.4.3-7 and 8.2.1: on every answer, whatever it is.
constexpr std::string_view kSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'\r\n"
    "X-Frame-Options: DENY\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n";

constexpr std::string_view kRetrySoon = "1";
// Space is freed by people or by retention, not within a second.
constexpr std::string_view kRetryLater = "30";

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr std::array kReasons = {
    Reason{100, "Continue"},
    Reason{200, "OK"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{505, "HTTP Version Not Supported"},
};

// What is shown of an error: messages of the server's own failures may name paths or internals.
std::string_view public_detail(const Error& error) {
  switch (error.code) {
    case Errc::kInvalidConfig:
    case Errc::kCorruption:
    case Errc::kIo:
    case Errc::kInternal:
      return "the server failed to answer this request; its log says why";
    case Errc::kDiskFull:
      return "the server's disk is full; nothing was stored";
    default:
      return error.message;
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Response& Response::with_header(std::string name, std::string_view value) {
  std::string clean(value);
  std::ranges::replace_if(clean, is_control, ' ');
  headers.push_back({std::move(name), std::move(clean)});
  return *this;
}

std::string_view reason_phrase(int status) {
  const auto found = std::ranges::find(kReasons, status, &Reason::status);
  return found == kReasons.end() ? "Unknown" : found->phrase;
}

int status_of(Errc code) {
  switch (code) {
    case Errc::kMalformed:
      return 400;
    case Errc::kInvalidArgument:
    case Errc::kUnknownChannel:
    case Errc::kUnknownKind:
      return 422;
    case Errc::kNotFound:
      return 404;
    case Errc::kConflict:
      return 409;
    case Errc::kOverloaded:
      return 429;
    case Errc::kUnavailable:
    case Errc::kTimeout:
    case Errc::kDiskFull:
      return 503;
    case Errc::kUnauthorized:
      return 401;
    case Errc::kForbidden:
      return 403;
    case Errc::kTooLarge:
      return 413;
    case Errc::kDeliveryFailed:
      return 502;
    case Errc::kInvalidConfig:
    case Errc::kCorruption:
    case Errc::kIo:
    case Errc::kInternal:
      break;
  }
  return 500;
}

Response problem(const ProblemText& text, std::string_view request_id,
                 const std::vector<FieldError>& fields) {
  nlohmann::json body = {{"type", "about:blank"}, {"title", reason_phrase(text.status)},
                         {"status", text.status}, {"detail", text.detail},
                         {"code", text.code},     {"request_id", request_id}};
  if (!fields.empty()) {
    auto& errors = body["errors"] = nlohmann::json::array();
    for (const auto& [pointer, detail] : fields) {
      errors.push_back({{"pointer", pointer}, {"detail", detail}});
    }
  }
  Response response;
  response.status = text.status;
  response.content_type = kProblemType;
  response.code = text.code;
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.status == 429 || text.status == 503) {
    response.with_header("Retry-After",
                         text.code == to_string(Errc::kDiskFull) ? kRetryLater : kRetrySoon);
  }
  return response;
}

Response problem(const Error& error, std::string_view request_id) {
  return problem(ProblemText{status_of(error.code), to_string(error.code), public_detail(error)},
                 request_id, error.fields);
}

std::string wire_head(const Response& response, const WireOptions& options) {
  std::string out;
  out.reserve(768);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  append_header(out, "Date", http_date(options.now));
  if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
  // RFC 9110, 8.6: not with 204.
  if (response.status != 204 && !response.stream) {
    append_header(out, "Content-Length", std::to_string(response.body.size()));
  }
  if (options.connection == WireOptions::Connection::kClose) out += "Connection: close\r\n";
  append_header(out, "X-Request-Id", options.request_id);
  out += kSecurityHeaders;
  const bool has_cache_rule = std::ranges::any_of(
      response.headers, [](const Header& header) { return header.name == "Cache-Control"; });
  if (!has_cache_rule) append_header(out, "Cache-Control", "no-store");
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  out += "\r\n";
  return out;
}

std::string http_date(TimePoint time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace townkrier::http
