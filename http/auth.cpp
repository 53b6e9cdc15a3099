#include "http/auth.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "townkrier/password.hpp"

namespace townkrier::http {

namespace {

using namespace std::chrono_literals;

constexpr Duration kRememberVerified = 5min;
constexpr std::size_t kMaxPending = 64;
constexpr std::size_t kTokenPrefixBytes = 7;  // "sha256:"

Error unauthorized() {
  return {Errc::kUnauthorized, "a valid user name and password, or a token, are needed", {}};
}

}  // namespace

std::string_view session_cookie_name(RequestOrigin::Scheme scheme) {
  return scheme == RequestOrigin::Scheme::kHttps ? "__Host-townkrier" : "townkrier";
}

Result<std::unique_ptr<Authenticator>> Authenticator::create(const AuthOptions& options,
                                                             std::shared_ptr<const Clock> clock) {
  if (sodium_init() < 0) return fail(Errc::kInternal, "libsodium does not start");
  if (options.enabled) {
    // All but the address is as in the server's own check.
    ServerOptions server;
    server.auth = options;
    if (auto valid = server.validate(); !valid) {
      return fail(Errc::kInvalidConfig, valid.error().message);
    }
  }
  return std::unique_ptr<Authenticator>(new Authenticator(options, std::move(clock)));
}

Authenticator::Authenticator(const AuthOptions& options, std::shared_ptr<const Clock> clock)
    : enabled_(options.enabled),
      clock_(std::move(clock)),
      sessions_({.idle = options.session_idle, .lifetime = options.session_lifetime}) {
  randombytes_buf(key_.data(), key_.size());
  if (!enabled_) return;
  if (!options.username.empty()) {
    add_user({options.username, Role::kAdmin, options.password, options.password_hash});
  }
  for (const UserOptions& user : options.users) add_user(user);
  for (const TokenOptions& token : options.tokens) add_token(token);
  for (const User& user : users_) {
    if (!user.hash.empty()) decoy_hash_ = user.hash;
  }
  if (!decoy_hash_.empty()) {
    verifier_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
}

void Authenticator::add_user(const UserOptions& options) {
  users_.push_back({.identity = {Identity::Kind::kUser, options.username, options.role},
                    .name = digest_of(options.username),
                    .password = digest_of(options.password),
                    .hash = options.password_hash});
}

void Authenticator::add_token(const TokenOptions& options) {
  Token token{.identity = {Identity::Kind::kToken, options.name, options.role}};
  const std::string hex = options.hash.substr(kTokenPrefixBytes);
  sodium_hex2bin(token.hash.data(), token.hash.size(), hex.data(), hex.size(), nullptr, nullptr,
                 nullptr);
  tokens_.push_back(std::move(token));
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
    const std::lock_guard lock(mutex_);
    waiting.swap(pending_);
    stopped_ = true;
  }
  for (Pending& pending : waiting) {
    pending.done(std::unexpected(LoginFailure{{Errc::kUnavailable, "the server is stopping", {}}}));
  }
}

Authenticator::Digest Authenticator::digest_of(std::string_view text) const {
  Digest digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), key_.data(),
                     key_.size());
  return digest;
}

// Looks at all of them, so that the time does not tell which one it was.
std::size_t Authenticator::find_user(std::string_view name) const {
  const Digest digest = digest_of(name);
  std::size_t found = kNoUser;
  for (std::size_t i = 0; i < users_.size(); ++i) {
    if (sodium_memcmp(users_[i].name.data(), digest.data(), digest.size()) == 0) found = i;
  }
  return found;
}

void Authenticator::check(const Request& request, Done done) {
  if (!enabled_) return done(Identity{});
  const std::string& address = request.origin.address;
  if (const std::string* authorization = request.header("authorization")) {
    if (const auto token = parse_bearer(*authorization)) {
      return check_token(*token, address, std::move(done));
    }
    if (auto credentials = parse_basic(*authorization)) {
      return check_password(*std::move(credentials), address, std::move(done));
    }
    return done(std::unexpected(LoginFailure{unauthorized()}));
  }
  const auto key = find_cookie(request, session_cookie_name(request.origin.scheme));
  if (key) {
    if (auto session = sessions_.find(*key, clock_->now())) return done(session->identity);
  }
  // Nothing is guessed: a browser's first request is no failure, an old cookie neither.
  done(std::unexpected(
      LoginFailure{.error = unauthorized(), .tried = LoginFailure::Tried::kNothing}));
}

void Authenticator::check_token(std::string_view token, const std::string& address, Done done) {
  Digest digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size());
  const Token* found = nullptr;
  for (const Token& each : tokens_) {
    if (sodium_memcmp(each.hash.data(), digest.data(), digest.size()) == 0) found = &each;
  }
  if (found) return done(found->identity);
  const Duration wait = wait_of(address, "");
  if (wait.count() > 0) return done(std::unexpected(too_soon(wait, kNoUser)));
  done(settle({.user = kNoUser, .digest = {}, .credentials = {}, .address = address, .done = {}},
              nullptr));
}

void Authenticator::check_password(BasicCredentials credentials, const std::string& address,
                                   Done done) {
  if (!enabled_) return done(Identity{});
  const std::size_t user = find_user(credentials.user);
  Pending pending{user, digest_of(credentials.password), std::move(credentials), address,
                  std::move(done)};
  // Who is in already is not kept out by others' failures from the same address.
  if (user != kNoUser && remembers(user, pending.digest)) {
    return pending.done(users_[user].identity);
  }
  const Duration wait = wait_of(address, pending.credentials.user);
  if (wait.count() > 0) return pending.done(std::unexpected(too_soon(wait, user)));
  if (pending.credentials.password.size() > kMaxPasswordBytes) {
    return pending.done(settle(pending, nullptr));
  }
  const bool plain = user == kNoUser ? decoy_hash_.empty() : users_[user].hash.empty();
  if (!plain) return verify_later(std::move(pending));
  const Digest& wanted = user == kNoUser ? key_ : users_[user].password;
  const bool right = sodium_memcmp(pending.digest.data(), wanted.data(), wanted.size()) == 0;
  pending.done(settle(pending, right && user != kNoUser ? &users_[user].identity : nullptr));
}

bool Authenticator::remembers(std::size_t user, const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const User& known = users_[user];
  if (!known.verified || clock_->now() - known.verified_at > kRememberVerified) return false;
  return sodium_memcmp(digest.data(), known.verified->data(), digest.size()) == 0;
}

Duration Authenticator::wait_of(const std::string& address, const std::string& name) {
  const std::lock_guard lock(mutex_);
  return throttle_.wait(address, name, clock_->now());
}

LoginFailure Authenticator::refusal(std::size_t user) const {
  return {.error = unauthorized(),
          .actor = user == kNoUser ? std::string{} : users_[user].identity.label()};
}

LoginFailure Authenticator::too_soon(Duration wait, std::size_t user) const {
  LoginFailure failure = refusal(user);
  failure.error = {Errc::kOverloaded, "too many logins have failed; try again later", {}};
  failure.retry_after = wait;
  return failure;
}

Authenticator::Outcome Authenticator::settle(const Pending& pending, const Identity* right) {
  const std::lock_guard lock(mutex_);
  if (right != nullptr) {
    throttle_.succeeded(pending.address, pending.credentials.user);
    return *right;
  }
  throttle_.failed(pending.address, pending.credentials.user, clock_->now());
  return std::unexpected(refusal(pending.user));
}

void Authenticator::verify_later(Pending pending) {
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() < kMaxPending && !stopped_) {
      pending_.push_back(std::move(pending));
      wake_.notify_one();
      return;
    }
  }
  pending.done(std::unexpected(LoginFailure{
      .error = {Errc::kOverloaded, "too many logins are being checked", {}}, .retry_after = 1s}));
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
    verify(std::move(next));
  }
}

void Authenticator::verify(Pending pending) {
  const bool known = pending.user != kNoUser;
  // Many requests of one page load wait here with the same password: the first check counts.
  bool right = known && remembers(pending.user, pending.digest);
  if (!right) {
    const Duration wait = wait_of(pending.address, pending.credentials.user);
    if (wait.count() > 0) return pending.done(std::unexpected(too_soon(wait, pending.user)));
    // A name that does not exist costs the same, so that the time does not tell which one was
    // wrong.
    const std::string& hash = known ? users_[pending.user].hash : decoy_hash_;
    std::string& password = pending.credentials.password;
    right = crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0 && known;
    sodium_memzero(password.data(), password.size());
  }
  if (right) {
    const std::lock_guard lock(mutex_);
    users_[pending.user].verified = pending.digest;
    users_[pending.user].verified_at = clock_->now();
  }
  pending.done(settle(pending, right ? &users_[pending.user].identity : nullptr));
}

}  // namespace townkrier::http
