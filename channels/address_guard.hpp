#pragma once

/// \file address_guard.hpp
/// Which IP addresses an outgoing request to a user-given URL may reach. Pure; table-driven.

#include <sys/socket.h>

#include <string_view>

namespace townkrier {

/// True for addresses of the public internet: not loopback, private, link-local, carrier-grade NAT,
/// cloud metadata, multicast, documentation, reserved, and no IPv6 form that embeds such an IPv4
/// address (mapped, compatible, NAT64, 6to4, Teredo). Other families are never public.
/// Source: the IANA special-purpose address registries (RFC 6890 and its updates).
bool is_public_address(const sockaddr& address);

/// The same for a literal ("10.0.0.1", "::1", without brackets); false when it is not a literal.
bool is_private_literal(std::string_view host);

}  // namespace townkrier
