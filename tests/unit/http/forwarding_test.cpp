#include "http/forwarding.hpp"

#include <gtest/gtest.h>

namespace townkrier::http {
namespace {

NetworkList networks(const std::vector<std::string>& list) {
  auto parsed = NetworkList::parse(list, "server.trusted_proxies");
  EXPECT_TRUE(parsed);
  return parsed.value_or(NetworkList{});
}

RequestOrigin origin(std::vector<Header> headers, const std::string& peer = "192.0.2.1") {
  Request request;
  request.remote_address = peer;
  request.headers = std::move(headers);
  request.headers.push_back({"host", "127.0.0.1:3000"});
  return origin_of(request, networks({"192.0.2.0/24", "2001:db8::/32"}));
}

TEST(NetworkList, HoldsAddressesAndNetworksOfBothKinds) {
  const NetworkList list = networks({"10.0.0.0/9", "192.0.2.7", "2001:db8::/33", "::1"});
  for (const char* inside : {"10.127.0.1", "192.0.2.7", "2001:db8::7", "::1", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(list.contains(inside)) << inside;
  }
  for (const char* outside :
       {"10.128.0.1", "192.0.2.8", "2001:db8:8000::1", "::2", "", "localhost", "10.1"}) {
    EXPECT_FALSE(list.contains(outside)) << outside;
  }
}

TEST(NetworkList, NamesWhatIsNoNetwork) {
  for (const char* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::1/129", "proxy", "",
                            "10.0.0.0/8x", "10.0.0.0/-1"}) {
    const auto list = NetworkList::parse({"::1", wrong}, "server.trusted_proxies");
    ASSERT_FALSE(list) << wrong;
    EXPECT_EQ(list.error().fields.at(0).pointer, "server.trusted_proxies.1");
  }
}

TEST(Forwarding, AStrangersHeadersAreNotBelieved) {
  const RequestOrigin seen = origin({{"x-forwarded-for", "198.51.100.1"},
                                     {"x-forwarded-proto", "https"},
                                     {"x-forwarded-host", "evil.example.com"},
                                     {"x-forwarded-prefix", "/x"}},
                                    "203.0.113.5");
  EXPECT_EQ(seen, (RequestOrigin{.address = "203.0.113.5", .host = "127.0.0.1:3000"}));
}

TEST(Forwarding, AListedProxySaysWhereARequestComesFrom) {
  const RequestOrigin seen = origin({{"x-forwarded-for", "198.51.100.1"},
                                     {"x-forwarded-proto", "https"},
                                     {"x-forwarded-host", "town.example.com"},
                                     {"x-forwarded-prefix", "/ops/"}});
  EXPECT_EQ(seen.address, "198.51.100.1");
  EXPECT_EQ(seen.host, "town.example.com");
  EXPECT_EQ(seen.scheme, RequestOrigin::Scheme::kHttps);
  EXPECT_EQ(seen.prefix, "/ops");
}

TEST(Forwarding, OfAChainTheLastUntrustedAddressCounts) {
  const auto address = [](std::vector<Header> headers) {
    return origin(std::move(headers)).address;
  };
  EXPECT_EQ(address({{"x-forwarded-for", "1.1.1.1, 198.51.100.1, 192.0.2.9"}}), "198.51.100.1");
  EXPECT_EQ(address({{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "198.51.100.1"}}),
            "198.51.100.1");
  EXPECT_EQ(address({{"x-forwarded-for", "[2001:db9::1]:4711"}}), "2001:db9::1");
  EXPECT_EQ(address({{"x-forwarded-for", "198.51.100.1:4711"}}), "198.51.100.1");
  EXPECT_EQ(address({{"x-forwarded-for", "192.0.2.8, 192.0.2.9"}}), "192.0.2.8");
  for (const char* junk : {"", "unknown", "1.1.1.1, _hidden", ",", "198.51.100.1\"<script>"}) {
    EXPECT_EQ(address({{"x-forwarded-for", junk}}), "192.0.2.1") << junk;
  }
}

TEST(Forwarding, OddValuesAreLeftOut) {
  const RequestOrigin seen = origin({{"x-forwarded-proto", "ftp"},
                                     {"x-forwarded-host", "a b"},
                                     {"x-forwarded-prefix", "javascript:alert(1)"}});
  EXPECT_EQ(seen.scheme, RequestOrigin::Scheme::kHttp);
  EXPECT_EQ(seen.host, "127.0.0.1:3000");
  EXPECT_EQ(seen.prefix, "");
}

TEST(Forwarding, APrefixThatTheProxyLeftIsTakenOff) {
  const auto rest = [](std::vector<std::string> segments, std::string prefix) {
    Request request;
    request.segments = std::move(segments);
    request.origin.prefix = std::move(prefix);
    return without_prefix(request);
  };
  using Segments = std::vector<std::string>;
  EXPECT_EQ(rest({"ops", "api", "stats"}, "/ops"), (Segments{"api", "stats"}));
  EXPECT_EQ(rest({"a", "b", "api"}, "/a/b"), Segments{"api"});
  EXPECT_EQ(rest({"ops"}, "/ops"), Segments{""});
  EXPECT_FALSE(rest({"opsx", "api"}, "/ops"));
  EXPECT_FALSE(rest({"api"}, "/a/b"));
  EXPECT_FALSE(rest({"api"}, ""));
}

}  // namespace
}  // namespace townkrier::http
