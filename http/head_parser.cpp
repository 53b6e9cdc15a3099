#include "http/head_parser.hpp"

#include <http_parser.h>

#include <algorithm>
#include <charconv>

namespace townkrier::http {

namespace {

constexpr Reject kMalformed{400, "bad_request", "the request head is malformed"};
constexpr Reject kUnknownMethod{501, "not_implemented", "this method is not known here"};
constexpr Reject kBadVersion{505, "version_not_supported",
                             "only HTTP/1.0 and HTTP/1.1 are spoken here"};
constexpr Reject kBadLength{400, "bad_request", "Content-Length must be given once, in digits"};
constexpr Reject kBadCoding{501, "not_implemented",
                            "the only transfer coding known here is chunked"};
constexpr Reject kTwoFramings{400, "bad_request",
                              "Content-Length and Transfer-Encoding exclude each other"};
constexpr Reject kBadHost{400, "bad_request", "exactly one valid Host header is needed"};
constexpr Reject kGivenTwice{400, "bad_request", "a header that has one value is given twice"};
constexpr Reject kBadExpect{417, "expectation_failed",
                            "the only expectation known here is 100-continue"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// RFC 9110, 5.6.2. http-parser without its strict mode also takes blanks.
bool is_token(std::string_view text) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

// A name, an IPv4 or a bracketed IPv6 address, and a port.
bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

// What http-parser calls back with. It is given the head in one piece, so each name and value
// comes in one piece too; a line without a value may have no value callback.
struct Collector {
  std::string target;
  std::vector<Header> headers;
  bool keep_alive = false;
  bool complete = false;
};

Collector& collector_of(http_parser* parser) {
  return *static_cast<Collector*>(parser->data);
}

int on_url(http_parser* parser, const char* at, std::size_t length) {
  collector_of(parser).target.append(at, length);
  return 0;
}

int on_field(http_parser* parser, const char* at, std::size_t length) {
  collector_of(parser).headers.push_back({std::string(at, length), {}});
  return 0;
}

int on_value(http_parser* parser, const char* at, std::size_t length) {
  collector_of(parser).headers.back().value.append(at, length);
  return 0;
}

int on_headers_complete(http_parser* parser) {
  Collector& collector = collector_of(parser);
  collector.keep_alive = http_should_keep_alive(parser) != 0;
  collector.complete = true;
  return 1;  // No body: the guard frames that itself.
}

Method method_of(unsigned method) {
  switch (method) {
    case HTTP_GET:
      return Method::kGet;
    case HTTP_HEAD:
      return Method::kHead;
    case HTTP_POST:
      return Method::kPost;
    case HTTP_PUT:
      return Method::kPut;
    case HTTP_PATCH:
      return Method::kPatch;
    case HTTP_DELETE:
      return Method::kDelete;
    case HTTP_OPTIONS:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

Reject reject_of(const http_parser& parser) {
  switch (HTTP_PARSER_ERRNO(&parser)) {
    case HPE_INVALID_METHOD:
      return kUnknownMethod;
    case HPE_INVALID_VERSION:
      return kBadVersion;
    case HPE_INVALID_CONTENT_LENGTH:
      return kBadLength;
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return kBadLength;
    case HPE_INVALID_TRANSFER_ENCODING:
      return kBadCoding;
    default:
      return kMalformed;
  }
}

// The request line has to be exactly what was understood: one blank each, nothing after it.
std::optional<Reject> check_request_line(std::string_view head, const http_parser& parser,
                                         const std::string& target) {
  const std::string_view line = head.substr(0, head.find('\r'));
  std::string understood = http_method_str(static_cast<http_method>(parser.method));
  understood += ' ';
  understood += target;
  if (!line.starts_with(understood)) return kMalformed;
  const std::string_view version = line.substr(understood.size());
  if (version == " HTTP/1.1" || version == " HTTP/1.0") return std::nullopt;
  return version.starts_with(" HTTP/") ? kBadVersion : kMalformed;
}

void trim(std::string& value) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && is_blank(value.back())) value.pop_back();
  const auto first = std::ranges::find_if_not(value, is_blank);
  value.erase(value.begin(), first);
}

// Two of one of these would be read differently by the next who reads them.
std::optional<Reject> check_single(const std::vector<Header>& headers) {
  for (const char* name : {"authorization", "content-type", "origin", "sec-fetch-site"}) {
    if (std::ranges::count(headers, name, &Header::name) > 1) return kGivenTwice;
  }
  return std::nullopt;
}

// What may be given once at most, and how it frames the body.
std::optional<Reject> read_framing(const std::vector<Header>& headers, bool is_1_1, Head& head) {
  int hosts = 0;
  for (const auto& [name, value] : headers) {
    if (name == "host") {
      if (++hosts > 1 || !is_host(value)) return kBadHost;
    } else if (name == "content-length") {
      std::uint64_t length = 0;
      const char* end = value.data() + value.size();
      const bool digits = !value.empty() && value.size() <= 18 &&
                          std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
      if (!digits || head.content_length) return kBadLength;
      std::from_chars(value.data(), end, length);
      head.content_length = length;
    } else if (name == "transfer-encoding") {
      if (head.chunked || !is_1_1 || !equals_ignoring_case(value, "chunked")) return kBadCoding;
      head.chunked = true;
    } else if (name == "expect") {
      if (!equals_ignoring_case(value, "100-continue")) return kBadExpect;
      head.expects_continue = is_1_1;
    }
  }
  if (head.chunked && head.content_length) return kTwoFramings;
  if (hosts == 0 && is_1_1) return kBadHost;
  return std::nullopt;
}

}  // namespace

std::variant<Head, Reject> parse_head(std::string_view text) {
  Collector collector;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &collector;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = on_url;
  settings.on_header_field = on_field;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_headers_complete;
  http_parser_execute(&parser, &settings, text.data(), text.size());
  if (HTTP_PARSER_ERRNO(&parser) != HPE_OK) return reject_of(parser);
  if (!collector.complete) return kMalformed;
  if (auto why = check_request_line(text, parser, collector.target)) return *why;

  Head head;
  for (Header& header : collector.headers) {
    if (!is_token(header.name)) return kMalformed;
    std::ranges::transform(header.name, header.name.begin(), lower);
    trim(header.value);
  }
  const bool is_1_1 = parser.http_minor == 1;
  if (auto why = read_framing(collector.headers, is_1_1, head)) return *why;
  if (auto why = check_single(collector.headers)) return *why;
  head.target = std::move(collector.target);
  head.request.method = method_of(parser.method);
  head.request.headers = std::move(collector.headers);
  // HTTP/1.0 connections end after the answer, whatever they ask for.
  head.request.keep_alive = collector.keep_alive && is_1_1;
  return head;
}

}  // namespace townkrier::http
