#pragma once

/// \file http/forwarding.hpp
/// Where a request really comes from when a proxy stands in front. Pure but for parsing.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

/// Addresses and networks, IPv4 and IPv6.
class NetworkList {
 public:
  /// "10.0.0.0/8", "::1". kInvalidConfig names the first wrong one as `key` + "." + its index.
  static Result<NetworkList> parse(const std::vector<std::string>& networks, std::string_view key);
  /// Of a numeric address; false for anything else.
  bool contains(const std::string& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  using Address = std::array<std::uint8_t, 16>;  ///< IPv4 as ::ffff:a.b.c.d.
  struct Network {
    Address address{};
    int bits = 128;
  };
  static std::optional<Address> parse_address(const std::string& text);
  static std::optional<Network> parse_network(const std::string& text);

  std::vector<Network> networks_;
};

/// The peer itself, unless it is a trusted proxy: then what its X-Forwarded-For, -Proto, -Host and
/// -Prefix say. Of a chain of addresses the last that is no trusted proxy counts, because those
/// before it are whatever the client wrote. Values that are not well-formed are left out.
RequestOrigin origin_of(const Request& request, const NetworkList& trusted);

/// The path without the origin's prefix; nullopt when the path does not start with it.
std::optional<std::vector<std::string>> without_prefix(const Request& request);

}  // namespace townkrier::http
