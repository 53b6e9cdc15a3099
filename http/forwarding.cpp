#include "http/forwarding.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxPrefixBytes = 200;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// All lines of that name, as one list (RFC 9110, 5.3), split at commas.
std::vector<std::string> list_of(const Request& request, std::string_view name) {
  std::vector<std::string> values;
  for (const Header& header : request.headers) {
    if (header.name != name) continue;
    std::string_view rest = header.value;
    while (true) {
      const auto end = std::min(rest.find(','), rest.size());
      values.emplace_back(trimmed(rest.substr(0, end)));
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
  }
  return values;
}

// "[::1]:4711" and "192.0.2.1:4711" → the address.
std::string without_port(const std::string& text) {
  if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
  const auto colon = text.find(':');
  return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

bool is_prefix(std::string_view text) {
  constexpr std::string_view kSigns = "/-._~";
  return text.starts_with('/') && text.size() <= kMaxPrefixBytes &&
         std::ranges::all_of(text, [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  kSigns.find(c) != std::string_view::npos;
         });
}

bool is_authority(std::string_view text) {
  constexpr std::string_view kSigns = ".-_:[]";
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::optional<NetworkList::Address> NetworkList::parse_address(const std::string& text) {
  Address address{};
  if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) != 1) return std::nullopt;
  address[10] = address[11] = 0xFF;
  std::memcpy(address.data() + 12, &v4, sizeof v4);
  return address;
}

std::optional<NetworkList::Network> NetworkList::parse_network(const std::string& text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network{*address, 128};
  if (slash == std::string::npos) return network;
  const bool is_v4 = text.find(':') == std::string::npos;
  int bits = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
  if (error != std::errc{} || stop != end || bits < 0 || bits > (is_v4 ? 32 : 128)) {
    return std::nullopt;
  }
  network.bits = is_v4 ? bits + 96 : bits;
  return network;
}

Result<NetworkList> NetworkList::parse(const std::vector<std::string>& networks,
                                       std::string_view key) {
  NetworkList list;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const auto network = parse_network(networks[i]);
    if (!network) {
      return fail_field(Errc::kInvalidConfig, std::string(key) + "." + std::to_string(i),
                        "must be an address or a network such as \"10.0.0.0/8\"");
    }
    list.networks_.push_back(*network);
  }
  return list;
}

bool NetworkList::contains(const std::string& address) const {
  const auto bytes = parse_address(address);
  if (!bytes) return false;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const auto whole = static_cast<std::size_t>(network.bits / 8);
    if (!std::equal(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(whole),
                    network.address.begin())) {
      return false;
    }
    const int rest = network.bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xFF << (8 - rest));
    return ((*bytes)[whole] & mask) == (network.address[whole] & mask);
  });
}

RequestOrigin origin_of(const Request& request, const NetworkList& trusted) {
  RequestOrigin origin{.address = request.remote_address};
  if (const std::string* host = request.header("host")) origin.host = *host;
  if (!trusted.contains(request.remote_address)) return origin;
  const auto chain = list_of(request, "x-forwarded-for");
  for (auto hop = chain.rbegin(); hop != chain.rend(); ++hop) {
    const std::string address = without_port(*hop);
    in6_addr v6{};
    in_addr v4{};
    if (::inet_pton(AF_INET, address.c_str(), &v4) != 1 &&
        ::inet_pton(AF_INET6, address.c_str(), &v6) != 1) {
      break;
    }
    origin.address = address;
    if (!trusted.contains(address)) break;
  }
  // Of these the value nearest to us: the one our proxy wrote.
  if (const auto protos = list_of(request, "x-forwarded-proto"); !protos.empty()) {
    origin.scheme =
        protos.back() == "https" ? RequestOrigin::Scheme::kHttps : RequestOrigin::Scheme::kHttp;
  }
  if (const auto hosts = list_of(request, "x-forwarded-host");
      !hosts.empty() && is_authority(hosts.back())) {
    origin.host = hosts.back();
  }
  if (const auto prefixes = list_of(request, "x-forwarded-prefix");
      !prefixes.empty() && is_prefix(prefixes.back())) {
    origin.prefix = prefixes.back();
    while (origin.prefix.ends_with('/')) origin.prefix.pop_back();
  }
  return origin;
}

std::optional<std::vector<std::string>> without_prefix(const Request& request) {
  const std::string& prefix = request.origin.prefix;
  if (prefix.empty()) return std::nullopt;
  const auto parts = static_cast<std::size_t>(std::ranges::count(prefix, '/'));
  if (request.segments.size() < parts) return std::nullopt;
  std::string start;
  for (std::size_t i = 0; i < parts; ++i) start += "/" + request.segments[i];
  if (start != prefix) return std::nullopt;
  std::vector<std::string> rest(request.segments.begin() + static_cast<std::ptrdiff_t>(parts),
                                request.segments.end());
  // "/prefix" itself is the root.
  if (rest.empty()) rest.emplace_back();
  return rest;
}

}  // namespace townkrier::http
