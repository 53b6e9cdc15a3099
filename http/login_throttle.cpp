#include "http/login_throttle.hpp"

#include <algorithm>

namespace townkrier::http {

namespace {

// So long after the last failure it is forgotten.
constexpr Duration kForget = std::chrono::minutes(30);
// Beyond it the entries that failed longest ago go.
constexpr std::size_t kMaxEntries = 10'000;

std::string pair_of(const std::string& address, const std::string& user) {
  return address + '\n' + user;
}

}  // namespace

Duration LoginThrottle::wait_in(const Table& table, const std::string& key, const Rule& rule,
                                TimePoint now) {
  const auto found = table.find(key);
  if (found == table.end() || found->second.count < rule.free) return Duration{0};
  const int doublings = std::min(found->second.count - rule.free, 20);
  const Duration pause = std::min(Duration{1000} * (1 << doublings), rule.longest);
  // A clock that was set back must not lock anybody out for longer.
  const Duration passed = std::max(now - found->second.last, Duration{0});
  return std::max(pause - passed, Duration{0});
}

Duration LoginThrottle::wait(const std::string& address, const std::string& user,
                             TimePoint now) const {
  return std::max({wait_in(pairs_, pair_of(address, user), kPair, now),
                   wait_in(addresses_, address, kAddress, now), wait_in(users_, user, kUser, now)});
}

void LoginThrottle::count(Table& table, const std::string& key, TimePoint now) {
  if (table.size() >= kMaxEntries && !table.contains(key)) {
    std::erase_if(table, [&](const auto& entry) { return now - entry.second.last > kForget; });
    if (table.size() >= kMaxEntries) {
      table.erase(
          std::ranges::min_element(table, {}, [](const auto& entry) { return entry.second.last; }));
    }
  }
  Failures& failures = table[key];
  if (now - failures.last > kForget) failures.count = 0;
  ++failures.count;
  failures.last = now;
}

void LoginThrottle::failed(const std::string& address, const std::string& user, TimePoint now) {
  count(pairs_, pair_of(address, user), now);
  count(addresses_, address, now);
  count(users_, user, now);
}

void LoginThrottle::succeeded(const std::string& address, const std::string& user) {
  pairs_.erase(pair_of(address, user));
  users_.erase(user);
}

}  // namespace townkrier::http
