#include "channels/address_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace townkrier {
namespace {

bool is_public(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == std::string::npos) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &in.sin_addr), 1) << text;
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
    in6.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr), 1) << text;
  }
  return is_public_address(reinterpret_cast<const sockaddr&>(storage));
}

TEST(AddressGuard, RefusesEverySpecialIpv4Block) {
  for (const char* address :
       {"0.0.0.0",         "0.1.2.3",         "10.0.0.1",       "10.255.255.255",
        "100.64.0.1",      "100.127.255.255", "127.0.0.1",      "127.255.255.254",
        "169.254.0.1",     "169.254.169.254", "172.16.0.1",     "172.31.255.255",
        "192.0.0.8",       "192.0.2.1",       "192.88.99.1",    "192.168.0.1",
        "192.168.255.255", "198.18.0.1",      "198.19.255.255", "198.51.100.7",
        "203.0.113.9",     "168.63.129.16",   "224.0.0.1",      "239.255.255.255",
        "240.0.0.1",       "255.255.255.255"}) {
    EXPECT_FALSE(is_public(address)) << address;
  }
}

TEST(AddressGuard, AllowsTheNeighboursOfThoseBlocks) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
        "172.32.0.0", "192.0.1.1", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
        "223.255.255.255"}) {
    EXPECT_TRUE(is_public(address)) << address;
  }
}

TEST(AddressGuard, RefusesEverySpecialIpv6Block) {
  for (const char* address :
       {"::",      "::1",          "fe80::1",       "febf::1",     "fec0::1",
        "fc00::1", "fd12:3456::1", "ff02::1",       "100::1",      "64:ff9b:1::1",
        "2001::1", "2001:10::1",   "2001:20::1",    "2001:1ff::1", "2001:db8::1",
        "3fff::1", "3fff:fff::1",  "fd00:ec2::254", "4000::1",     "e000::1"}) {
    EXPECT_FALSE(is_public(address)) << address;
  }
}

TEST(AddressGuard, LooksAtTheIpv4AddressInsideAnIpv6One) {
  for (const char* address :
       {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
        "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"}) {
    EXPECT_FALSE(is_public(address)) << address;
  }
  EXPECT_TRUE(is_public("64:ff9b::8.8.8.8"));
  EXPECT_TRUE(is_public("2002:808:808::1"));
}

TEST(AddressGuard, AllowsPublicIpv6) {
  for (const char* address : {"2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888",
                              "2400::1", "3ffe::1", "3fff:1000::1"}) {
    EXPECT_TRUE(is_public(address)) << address;
  }
}

TEST(AddressGuard, RefusesOtherFamilies) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(reinterpret_cast<const sockaddr&>(local)));
}

TEST(AddressGuard, KnowsPrivateLiterals) {
  EXPECT_TRUE(is_private_literal("127.0.0.1"));
  EXPECT_TRUE(is_private_literal("::1"));
  EXPECT_FALSE(is_private_literal("8.8.8.8"));
  EXPECT_FALSE(is_private_literal("example.com"));
}

}  // namespace
}  // namespace townkrier
