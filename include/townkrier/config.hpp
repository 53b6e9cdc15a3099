#pragma once

/// \file config.hpp
/// Every setting as a plain struct with its default. `validate()` names the first value that is out
/// of range by its configuration key ("queue.max_retries"). Only programs read files and
/// environment.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "townkrier/json_text.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// What an acknowledged write survives. A group of writes shares one sync.
enum class Durability : std::uint8_t {
  kFsync,  ///< Power loss and kernel crash. The default.
  kOs,     ///< A crash or kill of the process, not of the machine.
  /// No promise, for throw-away data and tests. The RocksDB store writes it as it does kOs: its log
  /// is what keeps a job and its indexes together, so there is nothing to save by leaving it out.
  kNone,
};
Result<Durability> parse_durability(std::string_view text);
std::string_view to_string(Durability durability);

/// One queue's own limits.
struct QueueLimits {
  /// Attempts of this queue that may run at the same time on each channel or job kind; 1..100,000.
  int concurrency = 64;
};

/// `[queue]`: defaults for jobs and how the scheduler behaves.
struct QueueOptions {
  std::uint32_t max_retries = 3;  ///< Retries after the first attempt; 0..1000, 0 = never retry.
  Duration retry_delay{1000};     ///< Before retry 1, doubled for each further; 1 ms..30 days.
  Duration max_retry_delay{3'600'000};  ///< Cap of the doubling; 1 ms..30 days.
  double jitter = 0.1;            ///< Up to this share is added to each delay; 0..1, 0 = exact.
  Duration timeout{30'000};       ///< Of one attempt; 1 ms..7 days.
  Duration poll_interval{1000};   ///< The safety-net sweep; 10 ms..1 h. Work starts by message.
  Duration ageing{30'000};        ///< Waiting this long gains one priority step; 0 = off; ..7 days.
  std::uint32_t max_crashes = 3;  ///< Process deaths during a job before it is parked; 1..100.
  std::map<std::string, QueueLimits> queues;  ///< `[queues.NAME]`; others get the defaults.
  std::uint64_t max_inflight_jobs =
      100'000;  ///< Enqueues accepted but not yet durable; 1..10 million.
  std::uint64_t max_inflight_bytes = 64u << 20;  ///< The same in payload bytes; 1 MiB..16 GiB.
  Duration drain_timeout{10'000};  ///< A stop waits this long for running attempts; 0..1 h.

  Result<void> validate() const;
};

/// `[logs]`.
struct LogOptions {
  ContentPrivacy content_privacy = ContentPrivacy::kMasked;
  int retention_days = 30;  ///< 1..36,500.
  bool auto_cleanup = true;
  Result<void> validate() const;
};

/// How much is kept of what has ended. What is over any of the limits goes, oldest first.
struct RetentionLimits {
  /// Since it ended (a message: since it was created); 1 min..36,500 days. Absent: the days of
  /// LogOptions::retention_days; for messages no limit.
  std::optional<Duration> max_age = std::nullopt;
  std::uint64_t max_count = 0;  ///< 0 = no limit; ..10^12.
  std::uint64_t max_bytes = 0;  ///< Of its records; 0 = no limit; ..1 PiB.
};

/// `[retention]`: one table each for jobs that completed, failed or were cancelled, and for in-app
/// messages (of all users together). Deleted in slices by time; nothing when
/// LogOptions::auto_cleanup is off.
struct RetentionOptions {
  RetentionLimits completed;
  RetentionLimits failed;
  RetentionLimits cancelled;
  RetentionLimits inbox;
  Duration interval{60'000};  ///< Between two looks; 1 s..1 day.
  Result<void> validate() const;
};

/// `[storage]`.
struct StorageOptions {
  std::string engine = "rocksdb";  ///< rocksdb | memory
  std::string path = "./townkrier-data";
  Durability durability = Durability::kFsync;
  /// Key `min_free_space`. With less free in `path`, new jobs are refused (503) and running ones
  /// still finish; 0 = no floor, ..1 TiB. Keep room for what finishing writes.
  std::uint64_t min_free_space_bytes = 512u << 20;
  /// Directory for backups that are made while the server runs; empty: none are.
  std::string backup;
  Result<void> validate() const;
};

/// One provider of a channel: `settings` is the TOML table (without the keys of the other members)
/// as a JSON object; the driver checks its keys.
struct ProviderConfig {
  std::string driver;
  std::string name;  ///< Default: the driver, made unique by a number.
  JsonText settings;
  /// With strategy kWeighted: its share of first tries among the weights of all; 0..1000, 0 = only
  /// a fallback.
  int weight = 1;
  /// Deliveries a second, above 0 up to 1e6; absent = no limit. What is over it goes to the next
  /// provider; where there is none it waits.
  std::optional<double> rate = std::nullopt;
  int concurrency = 0;  ///< Deliveries in flight; 0..100,000, 0 = no limit but the channel's.
};

/// How often one address may get something over a channel.
struct RecipientLimit {
  int count = 1;            ///< Deliveries in any `window`; 1..1000.
  Duration window{60'000};  ///< 1 s..31 days.
};

struct BreakerOptions {
  int failures = 5;           ///< Consecutive failures that open it; 1..1000.
  Duration cooldown{30'000};  ///< Until one probe is let through; 100 ms..1 day.
};

enum class ProviderStrategy : std::uint8_t { kPriority, kRoundRobin, kWeighted };

/// `[channels.NAME]`.
struct ChannelConfig {
  std::string name;  ///< 1..64 of [A-Za-z0-9_.-]; not via, template, context, subject,
                     ///< text, strategy, fallback, policy.
  bool enabled = true;
  int concurrency = 32;        ///< Deliveries in flight; 1..100,000.
  std::optional<double> rate;  ///< Deliveries a second, above 0 up to 1e6; absent = no limit.
  ProviderStrategy strategy = ProviderStrategy::kPriority;
  BreakerOptions breaker;
  /// What is over it is tried again when its turn comes, without using up a retry. Counted by this
  /// process, afresh after a restart.
  std::optional<RecipientLimit> recipient_limit = std::nullopt;
  std::vector<ProviderConfig> providers;
  Result<void> validate() const;
};

/// `[policy.quiet_hours]`: when nothing is sent that can wait. Local times of the recipient; when
/// `from` is later than `to`, the night in between.
struct QuietHours {
  Duration from{0};  ///< Since midnight, below 24 h; not the same as `to`.
  Duration to{0};
  /// Types of the channels that keep quiet ("sms", "push", ...). Empty: sms, push, whatsapp.
  std::vector<std::string> channels = {};
};

/// `[policy]`.
struct PolicyOptions {
  std::string time_zone = "UTC";  ///< Of recipients that name none; IANA, "Africa/Lagos".
  std::optional<QuietHours> quiet_hours = std::nullopt;
  Result<void> validate() const;
};

/// What somebody who is known to the HTTP interface may do. Not an order: a producer may not look
/// around. docs/security.md has the table.
enum class Role : std::uint8_t {
  kViewer,    ///< See everything but the audit log, change nothing.
  kProducer,  ///< Enqueue and send, see the jobs it knows the ids of, use inboxes. For programs.
  kOperator,  ///< What viewer and producer may; retry, cancel, delete, pause, resume.
  kAdmin,     ///< Everything; also deleting log rows and reading the audit log.
};
Result<Role> parse_role(std::string_view text);
std::string_view to_string(Role role);

/// A person, for Basic and for signing in at the dashboard.
struct UserOptions {
  std::string username;  ///< 1..64 bytes without ':' and control characters.
  Role role = Role::kViewer;
  std::string password;       ///< Plain, at least 12 bytes. Programs warn when it is in a file.
  std::string password_hash;  ///< Argon2id (`townkrier hash-password`); wins over `password`.
};

/// A program, which sends "Authorization: Bearer TOKEN".
struct TokenOptions {
  std::string name;  ///< 1..64 of [A-Za-z0-9_.-]; what the audit log shows.
  Role role = Role::kProducer;
  std::string hash;  ///< "sha256:" and the hex SHA-256 of the token.
};

/// Who may use the HTTP interface. Off is allowed on loopback only.
struct AuthOptions {
  bool enabled = false;
  /// An admin, beside `users`; empty: none.
  std::string username;
  std::string password;                   ///< As in UserOptions.
  std::string password_hash;              ///< As in UserOptions.
  std::vector<UserOptions> users = {};    ///< At most 1,000; names differ.
  std::vector<TokenOptions> tokens = {};  ///< At most 1,000; names and hashes differ.
  Duration session_idle{1'800'000};       ///< A session unused for that long ends; 1 min..30 days.
  Duration session_lifetime{43'200'000};  ///< A session ends after that; 1 min..30 days.
};

/// `[server]` and the DashboardServer facade.
struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3000;        ///< 0 = any free port, see DashboardServer::port().
  std::string path = "/dashboard";  ///< Begins with '/'; parts of [A-Za-z0-9_.-]; no end slash.
  AuthOptions auth;
  std::uint64_t max_body_bytes = 1u << 20;  ///< 1 KiB..64 MiB.
  int threads = 1;                          ///< Event loops; 1..64.
  Duration request_timeout{15'000};         ///< Until a 503 is written; 100 ms..10 min.
  int max_connections = 4096;               ///< In total; 1..100,000.
  int max_connections_per_address = 2048;
  /// Names that are answered as Host, without port, beside the bound one and this machine's
  /// loopback names. Empty: any name when there is a login, else only those.
  std::vector<std::string> hosts = {};
  /// Addresses or networks ("10.0.0.0/8") whose X-Forwarded-For, -Proto, -Host and -Prefix are
  /// believed.
  std::vector<std::string> trusted_proxies = {};
  Result<void> validate() const;
};

/// "22:00" → the time since midnight; kMalformed.
Result<Duration> parse_time_of_day(std::string_view text);
/// "500ms", "30s", "5m", "1h", "2d" → duration. No sign, no fraction, no overflow.
Result<Duration> parse_duration(std::string_view text);
/// "64KiB", "1MiB", "2GiB", "100B", plain digits = bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace townkrier
