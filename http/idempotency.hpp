#pragma once

/// \file http/idempotency.hpp
/// The request header `Idempotency-Key`. Pure.

#include <optional>
#include <string_view>

#include "http/identity.hpp"
#include "http/request.hpp"
#include "townkrier/backend.hpp"

namespace townkrier::http {

/// The key of a request to `route`, which belongs to its sender alone; nullopt: it has none. As a
/// structured string ("...") or bare: 1..200 printable ASCII characters; else, and when there are
/// several, kMalformed. The body is part of the fingerprint: read it before it is let go.
Result<std::optional<IdempotencyKey>> read_idempotency_key(const Request& request,
                                                           const Identity& sender,
                                                           std::string_view route);

}  // namespace townkrier::http
