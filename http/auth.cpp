#include "http/auth.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "core/base64.hpp"

namespace townkrier::http {

namespace {

using namespace std::chrono_literals;

constexpr auto kRememberVerified = 5min;
constexpr std::size_t kMaxPending = 64;
constexpr std::size_t kMaxPasswordBytes = 1024;
// OWASP ASVS 4.0.3, 2.2.1: this many wrong passwords an address in this time, then 429.
constexpr int kMaxFailures = 20;
constexpr auto kFailureWindow = 60s;
constexpr std::size_t kMaxTrackedAddresses = 10'000;

std::unexpected<Error> unauthorized() {
  return fail(Errc::kUnauthorized, "a valid user name and password are needed");
}

}  // namespace

Result<std::unique_ptr<Authenticator>> Authenticator::create(const AuthOptions& options) {
  if (sodium_init() < 0) return fail(Errc::kInternal, "libsodium does not start");
  if (options.enabled) {
    if (options.username.empty())
      return fail(Errc::kInvalidConfig, "server.auth.username is required");
    if (options.password.empty() && options.password_hash.empty()) {
      return fail(Errc::kInvalidConfig, "server.auth needs password_hash or password");
    }
    if (!options.password_hash.empty() && !options.password_hash.starts_with("$argon2id$")) {
      return fail(Errc::kInvalidConfig, "server.auth.password_hash must be an Argon2id hash");
    }
  }
  return std::unique_ptr<Authenticator>(new Authenticator(options));
}

Authenticator::Authenticator(const AuthOptions& options)
    : enabled_(options.enabled), password_hash_(options.password_hash) {
  randombytes_buf(key_.data(), key_.size());
  user_ = digest_of(options.username);
  password_ = digest_of(options.password);
  if (enabled_ && !password_hash_.empty()) {
    verifier_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
}

Authenticator::~Authenticator() {
  stop();
}

void Authenticator::stop() {
  if (!verifier_.joinable()) return;
  verifier_.request_stop();
  verifier_.join();
  std::deque<Pending> waiting;
  {
    std::lock_guard lock(mutex_);
    waiting.swap(pending_);
    stopped_ = true;
  }
  for (Pending& pending : waiting) {
    pending.done(fail(Errc::kUnavailable, "the server is stopping"));
  }
}

Authenticator::Digest Authenticator::digest_of(std::string_view text) const {
  Digest digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), key_.data(),
                     key_.size());
  return digest;
}

void Authenticator::check(const std::string* authorization, const std::string& address, Done done) {
  if (!enabled_) return done({});
  // Without credentials nothing is guessed: a browser's first request is no failure.
  if (!authorization) return done(unauthorized());
  if (is_blocked(address)) {
    return done(fail(Errc::kOverloaded, "too many wrong passwords from this address"));
  }
  const auto credentials = parse_basic(*authorization);
  if (!credentials || credentials->password.size() > kMaxPasswordBytes) {
    return done(settle(false, address));
  }
  const bool user_right =
      sodium_memcmp(digest_of(credentials->user).data(), user_.data(), user_.size()) == 0;
  const Digest digest = digest_of(credentials->password);
  if (password_hash_.empty()) {
    const bool right = sodium_memcmp(digest.data(), password_.data(), digest.size()) == 0;
    return done(settle(right && user_right, address));
  }
  if (user_right && remembers(digest)) return done({});
  // A wrong name costs the same check, so that the answer's time does not tell which one was wrong.
  verify_later({digest, user_right, credentials->password, address, std::move(done)});
}

bool Authenticator::remembers(const Digest& digest) {
  std::lock_guard lock(mutex_);
  if (!verified_ || std::chrono::steady_clock::now() - verified_at_ > kRememberVerified)
    return false;
  return sodium_memcmp(digest.data(), verified_->data(), digest.size()) == 0;
}

bool Authenticator::is_blocked(const std::string& address) {
  std::lock_guard lock(mutex_);
  const auto found = failures_.find(address);
  if (found == failures_.end()) return false;
  if (std::chrono::steady_clock::now() - found->second.since > kFailureWindow) {
    failures_.erase(found);
    return false;
  }
  return found->second.count >= kMaxFailures;
}

Result<void> Authenticator::settle(bool right, const std::string& address) {
  std::lock_guard lock(mutex_);
  if (right) {
    failures_.erase(address);
    return {};
  }
  // Full: forgetting all is better than growing without end.
  if (failures_.size() >= kMaxTrackedAddresses) failures_.clear();
  Failures& failures = failures_[address];
  if (failures.count++ == 0) failures.since = std::chrono::steady_clock::now();
  return unauthorized();
}

void Authenticator::verify_later(Pending pending) {
  {
    std::lock_guard lock(mutex_);
    if (pending_.size() < kMaxPending && !stopped_) {
      pending_.push_back(std::move(pending));
      wake_.notify_one();
      return;
    }
  }
  pending.done(fail(Errc::kOverloaded, "too many logins are being checked"));
}

void Authenticator::run(const std::stop_token& stop) {
  for (;;) {
    Pending next;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return !pending_.empty(); })) return;
      next = std::move(pending_.front());
      pending_.pop_front();
    }
    // Many requests of one page load wait here with the same password: the first check counts.
    const bool right = (next.user_right && remembers(next.digest)) ||
                       (!is_blocked(next.address) &&
                        crypto_pwhash_str_verify(password_hash_.c_str(), next.password.data(),
                                                 next.password.size()) == 0 &&
                        next.user_right);
    if (right) {
      std::lock_guard lock(mutex_);
      verified_ = next.digest;
      verified_at_ = std::chrono::steady_clock::now();
    }
    sodium_memzero(next.password.data(), next.password.size());
    next.done(settle(right, next.address));
  }
}

std::optional<BasicCredentials> parse_basic(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  if (authorization.size() < kScheme.size() ||
      !std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, same)) {
    return std::nullopt;
  }
  const auto decoded = base64_decode(authorization.substr(kScheme.size()));
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace townkrier::http
