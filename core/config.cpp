#include "townkrier/config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "core/enum_names.hpp"
#include "core/json_reader.hpp"
#include "core/time_zone.hpp"
#include "core/utf8.hpp"
#include "townkrier/password.hpp"

namespace townkrier {

namespace {

using std::chrono::days;

constexpr std::array<std::string_view, 3> kDurabilityNames = {"fsync", "os", "none"};
constexpr std::array<std::string_view, 4> kRoleNames = {"viewer", "producer", "operator", "admin"};
constexpr std::uint64_t kMaxFreeSpaceFloor = 1ull << 40;

// Notifications have members of these names beside their channels.
constexpr std::array<std::string_view, 8> kReservedChannelNames = {
    "via", "template", "context", "subject", "text", "strategy", "fallback", "policy"};

// Takes one check after the other and keeps the first that fails.
class Validation {
 public:
  explicit Validation(std::string prefix) : prefix_(std::move(prefix)) {}

  Validation& require(bool holds, std::string_view key, std::string detail) {
    if (result_ && !holds) {
      result_ = fail_field(Errc::kInvalidConfig, prefix_ + std::string(key), std::move(detail));
    }
    return *this;
  }
  template <class Number>
  Validation& range(std::string_view key, Number value, Number min, Number max) {
    return require(value >= min && value <= max, key,
                   "must be from " + std::to_string(min) + " to " + std::to_string(max));
  }
  Validation& duration(std::string_view key, Duration value, Duration min, Duration max) {
    return require(value >= min && value <= max, key,
                   "must be from " + text(min) + " to " + text(max));
  }
  const Result<void>& result() const { return result_; }

 private:
  static std::string text(Duration duration) {
    if (duration.count() == 0) return "0";
    if (duration % days{1} == 0ms) return std::to_string(duration / days{1}) + "d";
    if (duration % 1h == 0ms) return std::to_string(duration / 1h) + "h";
    if (duration % 1min == 0ms) return std::to_string(duration / 1min) + "m";
    if (duration % 1s == 0ms) return std::to_string(duration / 1s) + "s";
    return std::to_string(duration.count()) + "ms";
  }

  std::string prefix_;
  Result<void> result_;
};

constexpr auto kRateRule = "must be more than 0 and at most 1000000 a second";

bool is_rate(const std::optional<double>& rate) {
  return !rate || (std::isfinite(*rate) && *rate > 0 && *rate <= 1e6);
}

bool is_object_or_empty(const JsonText& settings) {
  return settings.empty() || settings.value().is_object();
}

constexpr std::size_t kMaxLogins = 1000;
constexpr auto kUserNameRule = "is 1 to 64 bytes without ':' and control characters";

bool is_token_hash(std::string_view hash) {
  constexpr std::string_view kPrefix = "sha256:";
  return hash.starts_with(kPrefix) && hash.size() == kPrefix.size() + 64 &&
         hash.find_first_not_of("0123456789abcdefABCDEF", kPrefix.size()) == hash.npos;
}

// 127.0.0.0/8 in dotted form, ::1, localhost.
bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "/dashboard", "/a/b": no empty, "." or ".." part, no end slash, only characters that need no
// escape.
bool is_base_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() > 200) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (!is_valid_name(part) || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

// A person's name: shown in the audit log, sent before the ':' of Basic.
bool is_user_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.find(':') == name.npos &&
         std::ranges::none_of(name, is_control) && is_valid_utf8(name);
}

void check_password(Validation& check, const std::string& key, const std::string& password,
                    const std::string& hash) {
  const bool plain = hash.empty();
  check.require(!plain || !password.empty(), key, "needs password_hash or password")
      .require(!plain || password.size() >= kMinPasswordBytes, key + ".password",
               "must have at least 12 characters")
      .require(!plain || password.size() <= kMaxPasswordBytes, key + ".password",
               "must have at most 1024 characters")
      .require(plain || hash.starts_with("$argon2id$"), key + ".password_hash",
               "must be an Argon2id hash (townkrier hash-password)");
}

void check_users(Validation& check, const AuthOptions& auth) {
  std::set<std::string_view> names;
  if (!auth.username.empty()) names.insert(auth.username);
  check.require(auth.users.size() <= kMaxLogins, ".users", "are too many");
  for (std::size_t i = 0; i < auth.users.size(); ++i) {
    const UserOptions& user = auth.users[i];
    const std::string key = ".users." + std::to_string(i);
    check.require(is_user_name(user.username), key + ".username", kUserNameRule)
        .require(names.insert(user.username).second, key + ".username", "is used twice");
    check_password(check, key, user.password, user.password_hash);
  }
}

void check_tokens(Validation& check, const AuthOptions& auth) {
  std::set<std::string_view> names;
  std::set<std::string_view> hashes;
  check.require(auth.tokens.size() <= kMaxLogins, ".tokens", "are too many");
  for (std::size_t i = 0; i < auth.tokens.size(); ++i) {
    const TokenOptions& token = auth.tokens[i];
    const std::string key = ".tokens." + std::to_string(i);
    check
        .require(is_valid_name(token.name), key + ".name",
                 "a token's name is 1 to 64 of [A-Za-z0-9_.-]")
        .require(names.insert(token.name).second, key + ".name", "is used twice")
        .require(is_token_hash(token.hash), key + ".hash",
                 "must be \"sha256:\" and the 64 hexadecimal digits of the token's SHA-256")
        .require(hashes.insert(token.hash).second, key + ".hash", "is used twice");
  }
}

Result<void> validate_auth(const AuthOptions& auth, std::string_view host) {
  Validation check("server.auth");
  if (!auth.enabled) {
    return check
        .require(is_loopback(host), "", "is required when server.listen is not a loopback address")
        .result();
  }
  const bool has_admin =
      !auth.username.empty() || !auth.password.empty() || !auth.password_hash.empty();
  if (has_admin || (auth.users.empty() && auth.tokens.empty())) {
    check.require(!auth.username.empty(), ".username", "is required")
        .require(is_user_name(auth.username), ".username", kUserNameRule);
    check_password(check, "", auth.password, auth.password_hash);
  }
  check_users(check, auth);
  check_tokens(check, auth);
  return check.duration(".session_idle", auth.session_idle, 1min, days{30})
      .duration(".session_lifetime", auth.session_lifetime, 1min, days{30})
      .result();
}

// A DNS name or an address, as a Host header has it before the port.
bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         host.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-._:[]") == host.npos;
}

}  // namespace

Result<Durability> parse_durability(std::string_view text) {
  return enum_from_name<Durability>(text, kDurabilityNames);
}

std::string_view to_string(Durability durability) {
  const auto index = static_cast<std::size_t>(durability);
  return index < kDurabilityNames.size() ? kDurabilityNames[index] : "unknown";
}

Result<Role> parse_role(std::string_view text) {
  return enum_from_name<Role>(text, kRoleNames);
}

std::string_view to_string(Role role) {
  const auto index = static_cast<std::size_t>(role);
  return index < kRoleNames.size() ? kRoleNames[index] : "unknown";
}

Result<void> QueueOptions::validate() const {
  constexpr std::uint64_t kMiB = 1u << 20;
  Validation check("queue.");
  check.range("max_retries", max_retries, 0u, 1000u)
      .duration("retry_delay", retry_delay, 1ms, days{30})
      .duration("max_retry_delay", max_retry_delay, 1ms, days{30})
      .require(jitter >= 0.0 && jitter <= 1.0, "jitter", "must be from 0 to 1")  // refuses NaN too
      .duration("timeout", timeout, 1ms, days{7})
      .duration("poll_interval", poll_interval, 10ms, 1h)
      .duration("ageing", ageing, 0ms, days{7})
      .range("max_crashes", max_crashes, 1u, 100u)
      .range<std::uint64_t>("max_inflight_jobs", max_inflight_jobs, 1, 10'000'000)
      .range<std::uint64_t>("max_inflight_bytes", max_inflight_bytes, kMiB, 16 * 1024 * kMiB)
      .duration("drain_timeout", drain_timeout, 0ms, 1h);
  if (!check.result()) return check.result();
  for (const auto& [name, limits] : queues) {
    Validation queue("queues." + name);
    queue.require(is_valid_name(name), "", "a queue's name is 1 to 64 of [A-Za-z0-9_.-]")
        .range(".concurrency", limits.concurrency, 1, 100'000);
    if (!queue.result()) return queue.result();
  }
  return {};
}

Result<void> LogOptions::validate() const {
  return Validation("logs.").range("retention_days", retention_days, 1, 36'500).result();
}

Result<void> RetentionOptions::validate() const {
  constexpr std::uint64_t kMostCount = 1'000'000'000'000;
  constexpr std::uint64_t kMostBytes = 1ull << 50;
  Validation check("retention.");
  check.duration("interval", interval, 1s, days{1});
  const auto limits = [&](const std::string& name, const RetentionLimits& kept) {
    if (kept.max_age) check.duration(name + ".max_age", *kept.max_age, 1min, days{36'500});
    check.range<std::uint64_t>(name + ".max_count", kept.max_count, 0, kMostCount)
        .require(kept.max_bytes <= kMostBytes, name + ".max_bytes", "must be from 0 to 1024TiB");
  };
  limits("completed", completed);
  limits("failed", failed);
  limits("cancelled", cancelled);
  limits("inbox", inbox);
  return check.result();
}

Result<void> StorageOptions::validate() const {
  return Validation("storage.")
      .require(engine == "rocksdb" || engine == "memory", "engine", "must be rocksdb or memory")
      .require(engine == "memory" || !path.empty(), "path", "is required")
      .require(path.find('\0') == std::string::npos, "path", "must not contain a zero byte")
      .require(backup.find('\0') == std::string::npos, "backup", "must not contain a zero byte")
      .require(backup.empty() || backup != path, "backup", "must be another directory than path")
      .require(min_free_space_bytes <= kMaxFreeSpaceFloor, "min_free_space",
               "must be from 0 to 1TiB")
      .result();
}

Result<void> ChannelConfig::validate() const {
  Validation check("channels." + name);
  check.require(is_valid_name(name), "", "a channel's name is 1 to 64 of [A-Za-z0-9_.-]")
      .require(std::ranges::find(kReservedChannelNames, name) == kReservedChannelNames.end(), "",
               "is a reserved name")
      .range(".concurrency", concurrency, 1, 100'000)
      .require(is_rate(rate), ".rate", kRateRule)
      .range(".breaker.failures", breaker.failures, 1, 1000)
      .duration(".breaker.cooldown", breaker.cooldown, 100ms, days{1});
  if (recipient_limit) {
    check.range(".recipient_limit", recipient_limit->count, 1, 1000)
        .duration(".recipient_limit", recipient_limit->window, 1s, days{31});
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const ProviderConfig& provider = providers[i];
    const std::string key = ".providers." + std::to_string(i);
    check.require(!provider.driver.empty(), key + ".driver", "is required")
        .require(provider.name.empty() || is_valid_name(provider.name), key + ".name",
                 "a provider's name is 1 to 64 of [A-Za-z0-9_.-]")
        .require(provider.name.empty() || names.insert(provider.name).second, key + ".name",
                 "is used twice in this channel")
        .require(is_object_or_empty(provider.settings), key, "must be a table")
        .range(key + ".weight", provider.weight, 0, 1000)
        .range(key + ".concurrency", provider.concurrency, 0, 100'000)
        .require(is_rate(provider.rate), key + ".rate", kRateRule);
  }
  return check.result();
}

Result<void> PolicyOptions::validate() const {
  Validation check("policy.");
  check.require(is_time_zone(time_zone), "time_zone", "is not a time zone such as Africa/Lagos");
  if (quiet_hours) {
    const Duration last = days{1} - 1ms;
    check.duration("quiet_hours.from", quiet_hours->from, 0ms, last)
        .duration("quiet_hours.to", quiet_hours->to, 0ms, last)
        .require(quiet_hours->from != quiet_hours->to, "quiet_hours.to",
                 "must not be the same as from");
  }
  return check.result();
}

Result<void> ServerOptions::validate() const {
  Validation check("server.");
  check.require(!host.empty(), "listen", "needs a host")
      .require(is_base_path(path), "path",
               "must begin with '/', be made of [A-Za-z0-9_.-] parts and not end with '/'")
      .require(path != "/api" && !path.starts_with("/api/") && path != "/metrics", "path",
               "is taken by the API")
      .range<std::uint64_t>("max_body_bytes", max_body_bytes, 1u << 10, 64u << 20)
      .range("threads", threads, 1, 64)
      .duration("request_timeout", request_timeout, 100ms, 10min)
      .range("max_connections", max_connections, 1, 100'000)
      .range("max_connections_per_address", max_connections_per_address, 1, 100'000);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    check.require(is_host_name(hosts[i]), "hosts." + std::to_string(i),
                  "must be a host's name or address without port");
  }
  if (!check.result()) return check.result();
  return validate_auth(auth, host);
}

}  // namespace townkrier
