// Durations and byte counts as written in configuration files: parse_duration, parse_bytes.
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "townkrier/config.hpp"

namespace townkrier {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kDurationUnits = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

constexpr std::array<Unit, 6> kByteUnits = {{{"", 1},
                                             {"B", 1},
                                             {"KiB", 1ull << 10},
                                             {"MiB", 1ull << 20},
                                             {"GiB", 1ull << 30},
                                             {"TiB", 1ull << 40}}};

// Digits, then a unit, nothing else; nullopt also when the product does not fit in an int64.
template <std::size_t kCount>
std::optional<std::uint64_t> read_quantity(std::string_view text,
                                           const std::array<Unit, kCount>& units) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name(stop, static_cast<std::size_t>(end - stop));
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > kMost / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto ms = read_quantity(text, kDurationUnits);
  if (!ms)
    return fail(Errc::kMalformed,
                "not a duration like \"500ms\", \"30s\", \"5m\", \"1h\" or \"2d\"");
  return Duration{static_cast<std::int64_t>(*ms)};
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = read_quantity(text, kByteUnits);
  if (!bytes)
    return fail(Errc::kMalformed, "not a size like \"100B\", \"64KiB\", \"1MiB\" or \"2GiB\"");
  return *bytes;
}

}  // namespace townkrier
