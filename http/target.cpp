#include "http/target.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxQueryPairs = 64;

constexpr Reject kBadTarget{
    400, "bad_request",
    "the request target must be a path that starts with '/' or an http address"};
constexpr Reject kBadPath{400, "bad_request", "the path has an empty or a dot segment"};
constexpr Reject kBadEncoding{
    400, "bad_request",
    "the request target is not percent-encoded UTF-8 without control characters"};
constexpr Reject kTooManyPairs{400, "bad_request", "the query has too many parameters"};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 9112, 3.2.2: to be taken from clients, its authority instead of the Host.
struct Absolute {
  std::string_view authority;
  std::string_view rest;
};
std::optional<Absolute> split_absolute(std::string_view target) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() ||
        !std::ranges::equal(target.substr(0, scheme.size()), scheme, same)) {
      continue;
    }
    target.remove_prefix(scheme.size());
    const auto end = std::min(target.find_first_of("/?"), target.size());
    return Absolute{target.substr(0, end), target.substr(end)};
  }
  return std::nullopt;
}

bool is_authority(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

bool is_clean_text(std::string_view text) {
  return std::ranges::none_of(text, is_control) && is_valid_utf8(text);
}

std::optional<Reject> read_path(std::string_view path, Request& request) {
  request.path = path;
  // The first character is the '/' before the first segment.
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    auto segment = percent_decode(path.substr(start, end - start), Plus::kLiteral);
    if (!segment) return kBadEncoding;
    const bool last = end == path.size();
    if ((segment->empty() && !last) || *segment == "." || *segment == "..") return kBadPath;
    request.segments.push_back(std::move(*segment));
    start = end + 1;
  }
  return std::nullopt;
}

std::optional<Reject> read_query(std::string_view query, Request& request) {
  for (std::size_t start = 0; start < query.size();) {
    const std::size_t end = std::min(query.find('&', start), query.size());
    const std::string_view pair = query.substr(start, end - start);
    start = end + 1;
    if (pair.empty()) continue;
    if (request.query.size() == kMaxQueryPairs) return kTooManyPairs;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), Plus::kSpace);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::kSpace);
    if (!name || !value) return kBadEncoding;
    request.query.push_back({std::move(*name), std::move(*value)});
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(text[i] == '+' && plus == Plus::kSpace ? ' ' : text[i]);
    }
  }
  if (!is_clean_text(out)) return std::nullopt;
  return out;
}

std::optional<Reject> read_target(std::string_view target, Request& request) {
  std::string rest;
  if (const auto absolute = split_absolute(target)) {
    if (!is_authority(absolute->authority)) return kBadTarget;
    for (Header& header : request.headers) {
      if (header.name == "host") header.value = absolute->authority;
    }
    rest = absolute->rest.starts_with('/') ? "" : "/";
    target = rest.append(absolute->rest);
  }
  if (target.empty() || target.front() != '/') return kBadTarget;
  for (const char c : target) {
    // What has to be percent-encoded (RFC 3986), and '#': a fragment is never sent.
    if (c <= 0x20 || c >= 0x7F || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\') {
      return kBadEncoding;
    }
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  if (auto why = read_path(target.substr(0, mark), request)) return why;
  return read_query(target.substr(std::min(mark + 1, target.size())), request);
}

}  // namespace townkrier::http
