#include "http/sessions.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

namespace townkrier::http {

namespace {

constexpr std::size_t kKeyBytes = 32;

}  // namespace

Sessions::Sessions(Limits limits) : limits_(limits) {}

Sessions::Digest Sessions::digest_of(std::string_view key) {
  Digest digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return digest;
}

bool Sessions::is_over(const Session& session, TimePoint now) const {
  return now - session.opened >= limits_.lifetime || now - session.used >= limits_.idle;
}

void Sessions::make_room(const std::string& name, TimePoint now) {
  std::erase_if(sessions_, [&](const auto& entry) { return is_over(entry.second, now); });
  const auto longest_idle = [this](auto counts) {
    auto oldest = sessions_.end();
    std::size_t counted = 0;
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
      if (!counts(it->second)) continue;
      ++counted;
      if (oldest == sessions_.end() || it->second.used < oldest->second.used) oldest = it;
    }
    return std::pair(oldest, counted);
  };
  const auto [mine, count] =
      longest_idle([&](const Session& session) { return session.identity.name == name; });
  if (count >= limits_.per_name) sessions_.erase(mine);
  if (sessions_.size() < limits_.total) return;
  sessions_.erase(longest_idle([](const Session&) { return true; }).first);
}

std::string Sessions::open(Identity identity, TimePoint now) {
  std::array<unsigned char, kKeyBytes> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, 2 * kKeyBytes + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), random.data(), random.size());
  std::string key = hex.data();
  const std::lock_guard lock(mutex_);
  make_room(identity.name, now);
  sessions_[digest_of(key)] = {std::move(identity), now, now};
  return key;
}

std::optional<Sessions::Found> Sessions::find(std::string_view key, TimePoint now) {
  const Digest digest = digest_of(key);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(digest);
  if (found == sessions_.end()) return std::nullopt;
  if (is_over(found->second, now)) {
    sessions_.erase(found);
    return std::nullopt;
  }
  found->second.used = std::max(found->second.used, now);
  return Found{found->second.identity, found->second.opened + limits_.lifetime};
}

bool Sessions::is_open(std::string_view key, TimePoint now) const {
  const Digest digest = digest_of(key);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(digest);
  return found != sessions_.end() && !is_over(found->second, now);
}

std::optional<Identity> Sessions::close(std::string_view key, TimePoint now) {
  const Digest digest = digest_of(key);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(digest);
  if (found == sessions_.end()) return std::nullopt;
  std::optional<Identity> identity;
  if (!is_over(found->second, now)) identity = std::move(found->second.identity);
  sessions_.erase(found);
  return identity;
}

std::size_t Sessions::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace townkrier::http
