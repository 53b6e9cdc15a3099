#include "http/access.hpp"

#include <algorithm>

#include "http/acceptor.hpp"

namespace townkrier::http {

namespace {

constexpr ProblemText kWrongHost{421, "misdirected",
                                 "this server does not answer to that name (server.hosts)"};
constexpr ProblemText kCrossSite{403, "forbidden", "requests from another site's page are refused"};
constexpr ProblemText kNotJson{415, "unsupported_media_type",
                               "the body must be sent as Content-Type: application/json"};
constexpr ProblemText kNotJsonOrNdjson{
    415, "unsupported_media_type",
    "the body must be sent as Content-Type: application/json or application/x-ndjson"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

// "[::1]:3000" → "::1", "localhost:3000" → "localhost"
std::string host_name(std::string_view authority) {
  if (authority.starts_with('[')) {
    return lower(authority.substr(1, std::min(authority.find(']'), authority.size()) - 1));
  }
  return lower(authority.substr(0, authority.find(':')));
}

}  // namespace

std::optional<ProblemText> check_host(const Request& request, const HostRules& rules) {
  if (rules.policy == HostPolicy::kAny) return std::nullopt;
  if (request.origin.host.empty()) return std::nullopt;  // HTTP/1.0; browsers always send it.
  const std::string name = host_name(request.origin.host);
  const auto is_it = [&](const std::string& own) { return host_name(own) == name; };
  if (is_loopback(name) || name == lower(rules.bound) || std::ranges::any_of(rules.names, is_it)) {
    return std::nullopt;
  }
  return kWrongHost;
}

std::optional<ProblemText> check_same_site(const Request& request) {
  if (const std::string* site = request.header("sec-fetch-site")) {
    if (*site != "same-origin" && *site != "none") return kCrossSite;
  }
  const std::string* origin = request.header("origin");
  if (!origin) return std::nullopt;
  const std::string& host = request.origin.host;
  const auto scheme = origin->find("://");
  if (host.empty() || scheme == std::string::npos) return kCrossSite;
  return lower(std::string_view(*origin).substr(scheme + 3)) == lower(host)
             ? std::nullopt
             : std::optional(kCrossSite);
}

std::optional<ProblemText> check_media_type(const Request& request, BodyKind kind) {
  if (kind == BodyKind::kAny) return std::nullopt;
  if (kind == BodyKind::kNone && request.body.empty()) return std::nullopt;
  const std::string type = media_type(request);
  if (type == kJsonType) return std::nullopt;
  if (kind != BodyKind::kJsonOrNdjson) return kNotJson;
  return type == "application/x-ndjson" ? std::nullopt : std::optional(kNotJsonOrNdjson);
}

std::string media_type(const Request& request) {
  const std::string* header = request.header("content-type");
  if (!header) return {};
  std::string type = lower(std::string_view(*header).substr(0, header->find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  return type;
}

}  // namespace townkrier::http
