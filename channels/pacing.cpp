#include "channels/pacing.hpp"

#include <algorithm>

namespace townkrier {

Pacer::Pacer(double rate)
    : interval_(static_cast<std::int64_t>(1e9 / rate)),
      tolerance_(interval_ * static_cast<std::int64_t>(std::max(0.0, rate / 10 - 1))) {}

std::chrono::nanoseconds Pacer::wait(SteadyTime now) const {
  return std::max(next_ - tolerance_ - now, std::chrono::nanoseconds{0});
}

std::optional<std::chrono::nanoseconds> Pacer::take(SteadyTime now,
                                                    std::chrono::nanoseconds max_wait) {
  const auto needed = wait(now);
  if (needed > max_wait) return std::nullopt;
  next_ = std::max(next_, now) + interval_;
  return needed;
}

std::optional<Duration> RecipientThrottle::admit(std::uint64_t address, std::uint64_t delivery,
                                                 SteadyTime now) {
  forget_old(now);
  auto& entries = seen_[address];
  while (!entries.empty() && entries.front().at + limit_.window <= now) entries.pop_front();
  if (std::ranges::find(entries, delivery, &Entry::delivery) != entries.end()) return std::nullopt;
  if (entries.size() < static_cast<std::size_t>(limit_.count)) {
    entries.push_back({now, delivery});
    return std::nullopt;
  }
  return std::chrono::ceil<Duration>(entries.front().at + limit_.window - now);
}

// Once a window: what is over in it goes, so that the map holds two windows' addresses at most.
void RecipientThrottle::forget_old(SteadyTime now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + limit_.window;
  std::erase_if(seen_, [&](const auto& pair) {
    return pair.second.empty() || pair.second.back().at + limit_.window <= now;
  });
}

}  // namespace townkrier
