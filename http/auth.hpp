#pragma once

/// \file http/auth.hpp
/// Who may use the interface: HTTP Basic with one user. An Argon2id check costs a tenth of a second
/// and much memory, so it runs on a thread of its own, one at a time, and a password that was right
/// is remembered (as a keyed hash) for some minutes.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "townkrier/config.hpp"
#include "townkrier/result.hpp"

namespace townkrier::http {

/// Thread-safe.
class Authenticator {
 public:
  /// Called once, from any thread: kUnauthorized, kOverloaded (too many failures from that address,
  /// or too many checks waiting) or success.
  using Done = std::function<void(Result<void>)>;

  /// With `options.enabled` off everything is allowed. kInvalidConfig when the options cannot work.
  static Result<std::unique_ptr<Authenticator>> create(const AuthOptions& options);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// Ends the checking thread; what waits is answered kUnavailable. To be called before the last
  /// reference may go, which must not happen on that thread.
  void stop();

  /// `authorization` is the header's value, or null without one. Usually calls `done` before it
  /// returns.
  void check(const std::string* authorization, const std::string& address, Done done);

 private:
  using Digest = std::array<unsigned char, 32>;
  using Time = std::chrono::steady_clock::time_point;
  struct Pending {
    Digest digest{};
    bool user_right = false;
    std::string password;
    std::string address;
    Done done;
  };
  struct Failures {
    int count = 0;
    Time since;
  };

  explicit Authenticator(const AuthOptions& options);
  Digest digest_of(std::string_view text) const;
  Result<void> settle(bool right, const std::string& address);
  bool is_blocked(const std::string& address);
  bool remembers(const Digest& digest);
  void verify_later(Pending pending);
  void run(const std::stop_token& stop);

  const bool enabled_;
  const std::string password_hash_;  ///< Argon2id; empty when a plain password was given.
  Digest key_{};                     ///< Random per process; makes the digests useless elsewhere.
  Digest user_{};
  Digest password_{};  ///< Of the plain password.

  std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  std::map<std::string, Failures> failures_;
  std::optional<Digest> verified_;  ///< The password that was right at `verified_at_`.
  Time verified_at_;
  std::deque<Pending> pending_;
  bool stopped_ = false;

  std::jthread verifier_;  ///< Last: it uses all of the above.
};

/// "Basic dXNlcjpwYXNz" → {"user","pass"}; nullopt for anything else.
struct BasicCredentials {
  std::string user;
  std::string password;
};
std::optional<BasicCredentials> parse_basic(std::string_view authorization);

}  // namespace townkrier::http
