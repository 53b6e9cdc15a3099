#pragma once

/// \file http/auth.hpp
/// Who sent a request: a person by HTTP Basic or by the cookie of a session, a program by a bearer
/// token. An Argon2id check costs a tenth of a second and much memory, so it runs on a thread of
/// its own, one at a time, and a password that was right is remembered (as a keyed hash) for some
/// minutes. Tokens are as long as keys: one hash of theirs is compared at once.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/credentials.hpp"
#include "http/identity.hpp"
#include "http/login_throttle.hpp"
#include "http/request.hpp"
#include "http/sessions.hpp"
#include "townkrier/config.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// kUnauthorized, kOverloaded (too many failures, or too many checks waiting) or kUnavailable.
struct LoginFailure {
  Error error;
  Duration retry_after{0};  ///< With kOverloaded.
  /// The label of the user that was tried, if there is one of that name.
  std::string actor = {};
  /// Nothing was tried: the request says nothing about its sender.
  enum class Tried : std::uint8_t { kNothing, kCredentials };
  Tried tried = Tried::kCredentials;
};

/// The cookie of a session. Over https its name binds it to the host and to https.
std::string_view session_cookie_name(RequestOrigin::Scheme scheme);

/// Thread-safe.
class Authenticator {
 public:
  using Outcome = std::expected<Identity, LoginFailure>;
  /// Called once, from any thread.
  using Done = std::function<void(Outcome)>;

  /// With `options.enabled` off everybody is a local admin. kInvalidConfig when the options cannot
  /// work.
  static Result<std::unique_ptr<Authenticator>> create(const AuthOptions& options,
                                                       std::shared_ptr<const Clock> clock);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  bool enabled() const { return enabled_; }
  Sessions& sessions() { return sessions_; }

  /// Ends the checking thread; what waits is answered kUnavailable. To be called before the last
  /// reference may go, which must not happen on that thread.
  void stop();

  /// By Authorization, or, without it, by the session's cookie. The request's origin has to be set.
  /// Usually calls `done` before it returns.
  void check(const Request& request, Done done);
  /// By name and password.
  void check_password(BasicCredentials credentials, const std::string& address, Done done);

 private:
  using Digest = std::array<unsigned char, 32>;
  struct User {
    Identity identity;
    Digest name{};
    Digest password{};  ///< Of a plain password.
    std::string hash;   ///< Argon2id; empty with a plain password.
    // Guarded by mutex_.
    std::optional<Digest> verified = {};  ///< The password that was right at `verified_at`.
    TimePoint verified_at{};
  };
  struct Token {
    Identity identity;
    Digest hash{};  ///< SHA-256 of the token.
  };
  struct Pending {
    std::size_t user = 0;  ///< kNoUser: none of that name.
    Digest digest{};
    BasicCredentials credentials;
    std::string address;
    Done done;
  };
  static constexpr std::size_t kNoUser = static_cast<std::size_t>(-1);

  Authenticator(const AuthOptions& options, std::shared_ptr<const Clock> clock);
  void add_user(const UserOptions& options);
  void add_token(const TokenOptions& options);
  Digest digest_of(std::string_view text) const;
  std::size_t find_user(std::string_view name) const;
  void check_token(std::string_view token, const std::string& address, Done done);
  bool remembers(std::size_t user, const Digest& digest);
  Duration wait_of(const std::string& address, const std::string& name);
  Outcome settle(const Pending& pending, const Identity* right);
  LoginFailure refusal(std::size_t user) const;
  LoginFailure too_soon(Duration wait, std::size_t user) const;
  void verify_later(Pending pending);
  void run(const std::stop_token& stop);
  void verify(Pending pending);

  const bool enabled_;
  const std::shared_ptr<const Clock> clock_;
  Digest key_{};  ///< Random per process; makes the digests useless elsewhere.
  std::vector<User> users_;
  std::vector<Token> tokens_;
  std::string decoy_hash_;  ///< Checked for names that do not exist; empty: all are plain.
  Sessions sessions_;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  LoginThrottle throttle_;
  std::deque<Pending> pending_;
  bool stopped_ = false;

  std::jthread verifier_;  ///< Last: it uses all of the above.
};

}  // namespace townkrier::http
