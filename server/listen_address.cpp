#include "server/listen_address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace townkrier::server {

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [] {
    return fail(Errc::kInvalidConfig,
                "must be HOST:PORT such as \"127.0.0.1:3000\", PORT 0..65535");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  // An address of IPv6 must stand in brackets, or its last group would be taken for the port.
  if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos)) return wrong();

  std::uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  const auto [stop, error] = std::from_chars(port_text.data(), end, port);
  if (error != std::errc{} || stop != end || port_text.empty()) return wrong();
  return ListenAddress{std::string(host), port};
}

bool is_network(const std::string& text) {
  const auto slash = text.find('/');
  const std::string address = text.substr(0, slash);
  in_addr v4{};
  in6_addr v6{};
  const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  if (slash == std::string::npos) return true;
  int bits = -1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
  return error == std::errc{} && stop == end && bits >= 0 && bits <= (is_v4 ? 32 : 128);
}

bool is_loopback(std::string_view host) {
  const std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return text == "localhost";
}

}  // namespace townkrier::server
