#pragma once

/// \file id.hpp
/// Identifiers of jobs, logs and inbox messages: UUIDs of version 7 (RFC 9562), which sort by the
/// time they were made.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

/// 16 bytes, compared bytewise. A default-constructed value is "nil" and never names anything.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }

  /// 36 characters, lower case, with dashes.
  std::string to_string() const;

  /// Accepts the 36-character form in either case; anything else is kMalformed.
  static Result<Uuid> parse(std::string_view text);
};

using JobId = Uuid;
using LogId = Uuid;

}  // namespace townkrier

template <>
struct std::hash<townkrier::Uuid> {
  std::size_t operator()(const townkrier::Uuid& id) const noexcept;
};
