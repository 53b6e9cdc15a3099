#pragma once

/// \file pacing.hpp
/// How often something may happen, as decisions: time is passed in, nothing waits. Not thread-safe.

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "townkrier/config.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A rate with turns: who has to wait gets a turn of his own, so that a crowd comes back one by
/// one. Source: the generic cell rate algorithm (ITU-T I.371) in its virtual scheduling form.
class Pacer {
 public:
  /// `rate` > 0 a second. A tenth of a second's worth may come at once, one at least.
  explicit Pacer(double rate);

  /// The wait until the turn that is now taken; nullopt, and no turn taken, when that is more than
  /// `max_wait`: see `wait`.
  std::optional<std::chrono::nanoseconds> take(SteadyTime now, std::chrono::nanoseconds max_wait);
  /// How long the next one would have to wait.
  std::chrono::nanoseconds wait(SteadyTime now) const;

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds tolerance_;
  SteadyTime next_{};  // when the next one is due by the rate alone
};

/// At most so many deliveries to one address in any window of time. A delivery counts once, however
/// often it is tried. Holds no address, only hashes of them.
class RecipientThrottle {
 public:
  explicit RecipientThrottle(RecipientLimit limit) : limit_(limit) {}

  /// nullopt: go, and it is counted; else how long it has to wait.
  std::optional<Duration> admit(std::uint64_t address, std::uint64_t delivery, SteadyTime now);
  std::size_t addresses() const { return seen_.size(); }

 private:
  struct Entry {
    SteadyTime at;
    std::uint64_t delivery = 0;
  };
  void forget_old(SteadyTime now);

  RecipientLimit limit_;
  std::unordered_map<std::uint64_t, std::deque<Entry>> seen_;
  SteadyTime next_sweep_{};
};

}  // namespace townkrier
