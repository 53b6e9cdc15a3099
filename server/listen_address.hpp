#pragma once

/// \file listen_address.hpp
/// "HOST:PORT" and who can reach it.

#include <cstdint>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier::server {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;  ///< 0 = any free port.
};

/// "127.0.0.1:3000", "localhost:0", "[::1]:3000".
Result<ListenAddress> parse_listen(std::string_view text);

/// True for 127.0.0.0/8, ::1 and localhost: only this machine can connect.
bool is_loopback(std::string_view host);

/// An address or a network, "10.0.0.0/8".
bool is_network(const std::string& text);

}  // namespace townkrier::server
