#pragma once

/// \file http/sessions.hpp
/// Who has signed in: random keys in cookies, their holders here. In memory: a restart ends all.

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "http/identity.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Thread-safe.
class Sessions {
 public:
  struct Limits {
    Duration idle{1'800'000};
    Duration lifetime{43'200'000};
    std::size_t total = 10'000;  ///< Beyond them the session that is idle for longest ends.
    std::size_t per_name = 50;
  };
  explicit Sessions(Limits limits);

  /// A session's key, 64 characters; only its hash is kept.
  std::string open(Identity identity, TimePoint now);

  struct Found {
    Identity identity;
    TimePoint expires_at{};  ///< Whatever is done with it.
  };
  /// nullopt: unknown or expired. Being found is being used.
  std::optional<Found> find(std::string_view key, TimePoint now);
  /// Whether it goes on; being looked at is not being used.
  bool is_open(std::string_view key, TimePoint now) const;
  /// The identity whose session it was.
  std::optional<Identity> close(std::string_view key, TimePoint now);
  std::size_t size() const;
  const Limits& limits() const { return limits_; }

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Session {
    Identity identity;
    TimePoint opened{};
    TimePoint used{};
  };
  using Table = std::map<Digest, Session>;

  static Digest digest_of(std::string_view key);
  bool is_over(const Session& session, TimePoint now) const;
  void make_room(const std::string& name, TimePoint now);

  const Limits limits_;
  mutable std::mutex mutex_;
  Table sessions_;  ///< Guarded by mutex_.
};

}  // namespace townkrier::http
