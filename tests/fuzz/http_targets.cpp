#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "fuzz/targets.hpp"
#include "http/access.hpp"
#include "http/credentials.hpp"
#include "http/forwarding.hpp"
#include "http/guard.hpp"
#include "http/target.hpp"

namespace townkrier::fuzz {

namespace {

constexpr http::GuardLimits kLimits{.max_body_bytes = 4096};

std::string describe(const http::Request& request) {
  std::string text(to_string(request.method));
  text += ' ' + request.path + (request.keep_alive ? " keep\n" : " close\n");
  for (const auto& [name, value] : request.query)
    text.append(name).append("=").append(value) += '\n';
  for (const auto& [name, value] : request.headers) {
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "a header value has a control character");
    text.append(name).append(": ").append(value) += '\n';
  }
  require(request.path.starts_with('/'), "a path does not begin with a slash");
  require(request.body.size() <= kLimits.max_body_bytes, "a body is over its limit");
  return text + request.body;
}

// Everything that comes out of the bytes when they arrive in pieces of that size.
std::vector<std::string> feed(std::string_view bytes, std::size_t piece) {
  http::RequestGuard guard(kLimits);
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    guard.append(bytes.substr(at, piece));
    for (;;) {
      const http::GuardEvent event = guard.next();
      if (std::holds_alternative<http::NeedMore>(event)) break;
      if (const auto* request = std::get_if<http::Request>(&event)) {
        events.push_back(describe(*request));
      } else {
        events.push_back("reject " + std::to_string(std::get<http::Reject>(event).status));
      }
      require(events.size() <= bytes.size(), "more events than bytes");
    }
  }
  return events;
}

}  // namespace

void broken(std::string_view what) {
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void framing(std::string_view bytes) {
  const auto whole = feed(bytes, bytes.size() + 1);
  require(feed(bytes, 1) == whole, "bytes one by one give other events");
  require(feed(bytes, 7) == whole, "bytes by sevens give other events");
}

void targets(std::string_view bytes) {
  http::Request request;
  if (!http::read_target(bytes, request)) {
    for (const std::string& segment : request.segments) {
      require(segment != "." && segment != "..", "a dot segment passed");
    }
  }
  const auto decoded = http::percent_decode(bytes, http::Plus::kSpace);
  require(!decoded || decoded->size() <= bytes.size(), "decoding grew");
}

void credentials(std::string_view bytes) {
  if (const auto basic = http::parse_basic(bytes)) {
    require(basic->user.find(':') == std::string::npos, "a user has a colon");
  }
  http::parse_bearer(bytes);
  const std::string text(bytes);
  http::Request request;
  request.remote_address = "192.0.2.1";
  for (const char* name : {"cookie", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
                           "x-forwarded-prefix", "content-type", "origin", "host"}) {
    request.headers.push_back({name, text});
  }
  http::find_cookie(request, "townkrier");
  http::media_type(request);
  const auto proxies = http::NetworkList::parse({"192.0.2.0/24"}, "");
  request.origin = http::origin_of(request, *proxies);
  require(!request.origin.address.empty(), "an address is empty");
  request.segments = {text, "b"};
  http::without_prefix(request);
  http::check_host(request, {});
  http::check_same_site(request);
  (void)http::NetworkList::parse({text}, "");
}

}  // namespace townkrier::fuzz
