#include "core/uuid_generator.hpp"

#include <algorithm>
#include <array>

#include <sodium.h>

#include "core/transitions.hpp"

namespace townkrier {

namespace {

constexpr std::uint32_t kCounterBits = 26;
constexpr std::uint32_t kCounterEnd = 1u << kCounterBits;

// libsodium asks the operating system (getrandom) on every call, so a forked child repeats nothing.
template <std::size_t kBytes>
std::array<std::uint8_t, kBytes> random_bytes() {
  static const int initialised = sodium_init();
  if (initialised < 0) invariant_broken("no source of randomness");
  std::array<std::uint8_t, kBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

// RFC 9562 §5.7: unix_ts_ms (48) | ver (4) | rand_a (12) | var (2) | rand_b (62).
Uuid compose(std::uint64_t ms, std::uint32_t counter, const std::array<std::uint8_t, 6>& random) {
  Uuid id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (counter >> 22));
  id.bytes[7] = static_cast<std::uint8_t>(counter >> 14);
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | ((counter >> 8) & 0x3f));
  id.bytes[9] = static_cast<std::uint8_t>(counter);
  std::ranges::copy(random, id.bytes.begin() + 10);
  return id;
}

}  // namespace

Uuid UuidV7Generator::next() {
  const auto random = random_bytes<10>();
  std::uint32_t start = 0;
  for (std::size_t i = 6; i < random.size(); ++i) start = start << 8 | random[i];
  start %= kCounterEnd / 2;
  const auto now = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, clock_.now().time_since_epoch().count()));

  const std::lock_guard lock(mutex_);
  if (now > last_ms_) {
    last_ms_ = now;
    counter_ = start;
  } else if (++counter_ == kCounterEnd) {
    ++last_ms_;
    counter_ = start;
  }
  std::array<std::uint8_t, 6> tail;
  std::copy_n(random.begin(), tail.size(), tail.begin());
  return compose(last_ms_, counter_, tail);
}

TimePoint time_of(const Uuid& id) {
  if (id.bytes[6] >> 4 != 7) return TimePoint{};
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | id.bytes[i];
  return TimePoint{Duration{ms}};
}

Uuid random_uuid() {
  Uuid id{random_bytes<16>()};
  id.bytes[6] = static_cast<std::uint8_t>(0x40 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

}  // namespace townkrier
