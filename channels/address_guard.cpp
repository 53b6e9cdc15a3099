#include "channels/address_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace townkrier {
namespace {

struct Block4 {
  std::uint32_t prefix;
  int bits;
};

// Host byte order. 169.254.0.0/16 holds the cloud metadata address 169.254.169.254.
constexpr std::array<Block4, 16> kSpecial4{{
    {0x00000000, 8},   // 0.0.0.0/8 this network
    {0x0A000000, 8},   // 10.0.0.0/8 private
    {0x64400000, 10},  // 100.64.0.0/10 carrier-grade NAT
    {0x7F000000, 8},   // 127.0.0.0/8 loopback
    {0xA9FE0000, 16},  // 169.254.0.0/16 link-local
    {0xAC100000, 12},  // 172.16.0.0/12 private
    {0xC0000000, 24},  // 192.0.0.0/24 protocol assignments
    {0xC0000200, 24},  // 192.0.2.0/24 documentation
    {0xC0586300, 24},  // 192.88.99.0/24 6to4 relays (deprecated)
    {0xC0A80000, 16},  // 192.168.0.0/16 private
    {0xC6120000, 15},  // 198.18.0.0/15 benchmarking
    {0xC6336400, 24},  // 198.51.100.0/24 documentation
    {0xCB007100, 24},  // 203.0.113.0/24 documentation
    {0xA83F8110, 32},  // 168.63.129.16/32 a cloud's virtual host services
    {0xE0000000, 4},   // 224.0.0.0/4 multicast
    {0xF0000000, 4},   // 240.0.0.0/4 reserved, broadcast
}};

bool is_public4(std::uint32_t address) {
  for (const Block4& block : kSpecial4) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - block.bits);
    if ((address & mask) == block.prefix) return false;
  }
  return true;
}

std::uint32_t read4(std::span<const std::uint8_t, 4> bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

bool starts_with(std::span<const std::uint8_t, 16> address, std::span<const std::uint8_t> prefix) {
  return std::memcmp(address.data(), prefix.data(), prefix.size()) == 0;
}

bool is_public6(std::span<const std::uint8_t, 16> a) {
  constexpr std::array<std::uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  constexpr std::array<std::uint8_t, 3> kIetf{0x20, 0x01, 0x00};       // 2001::/23, first half
  constexpr std::array<std::uint8_t, 3> kIetfUpper{0x20, 0x01, 0x01};  // 2001:100::/24
  constexpr std::array<std::uint8_t, 4> kDocumentation{0x20, 0x01, 0x0d, 0xb8};
  constexpr std::array<std::uint8_t, 2> kDocumentation2{0x3f, 0xff};  // 3fff::/20
  constexpr std::array<std::uint8_t, 2> k6to4{0x20, 0x02};
  if (starts_with(a, kNat64)) return is_public4(read4(a.subspan<12, 4>()));
  // Only 2000::/3 is given out as global unicast; loopback, mapped, ULA, link-local, site-local,
  // multicast, local NAT64 and discard-only all lie outside.
  if ((a[0] & 0xe0) != 0x20) return false;
  if (starts_with(a, kIetf) || starts_with(a, kIetfUpper)) return false;  // Teredo, ORCHID, ...
  if (starts_with(a, kDocumentation)) return false;
  if (starts_with(a, kDocumentation2) && (a[2] & 0xf0) == 0) return false;
  if (starts_with(a, k6to4)) return is_public4(read4(a.subspan<2, 4>()));
  return true;
}

}  // namespace

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof in);
    return is_public4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address, sizeof in6);
    return is_public6(std::span<const std::uint8_t, 16>(in6.sin6_addr.s6_addr, 16));
  }
  return false;
}

bool is_private_literal(std::string_view host) {
  const std::string text(host);
  sockaddr_storage storage{};
  sockaddr_in in{};
  in.sin_family = AF_INET;
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, text.c_str(), &in.sin_addr) == 1) {
    std::memcpy(&storage, &in, sizeof in);
  } else if (inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1) {
    std::memcpy(&storage, &in6, sizeof in6);
  } else {
    return false;
  }
  return !is_public_address(reinterpret_cast<const sockaddr&>(storage));
}

}  // namespace townkrier
