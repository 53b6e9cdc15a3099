#include "server/config_loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Result<ServerConfig> load(std::string_view text, ConfigSources sources = {}) {
  return load_config_text(text, "townkrier.toml", sources);
}

ConfigSources with_environment(std::map<std::string, std::string> environment) {
  return {.file = {}, .listen = {}, .data_dir = {}, .environment = std::move(environment)};
}

TEST(ConfigLoader, GivesTheDocumentedDefaultsWithoutAFile) {
  const auto config = load_config({});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.host, "127.0.0.1");
  EXPECT_EQ(config->server.port, 3000);
  EXPECT_EQ(config->server.path, "/dashboard");
  EXPECT_FALSE(config->server.auth.enabled);
  EXPECT_EQ(config->storage.engine, "rocksdb");
  EXPECT_EQ(config->storage.path, "./townkrier-data");
  EXPECT_EQ(config->queue.max_retries, 3u);
  ASSERT_THAT(config->channels, SizeIs(2));
  EXPECT_EQ(config->channels[0].name, "console");
  EXPECT_EQ(config->channels[1].name, "in_app");
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(ConfigLoader, ReadsEveryKeyOfTheReference) {
  const auto config =
      load(R"(
[server]
listen = "[::1]:8080"
path = "/ops"
max_body_bytes = "2MiB"
threads = 2
request_timeout = "5s"
max_connections = 100
max_connections_per_address = 50
hosts = ["townkrier.example.com"]
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
[server.auth]
session_idle = "10m"
session_lifetime = "8h"
users = [{ username = "ann", role = "operator", password_hash = "$argon2id$x" }]
username = "admin"
password_hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"
tokens = [{ name = "shop", role = "producer", hash = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }]
[storage]
engine = "memory"
path = "/var/lib/townkrier"
durability = "os"
min_free_space = "64MiB"
[queue]
max_retries = 7
retry_delay = "500ms"
max_retry_delay = "2h"
jitter = 0
timeout = "10s"
poll_interval = "2s"
ageing = "0s"
max_crashes = 5
max_inflight_jobs = 5000
max_inflight_bytes = 2097152
drain_timeout = "3s"
[queues.default]
concurrency = 8
[queues."mail-out"]
concurrency = 9
[logs]
content_privacy = "private"
retention_days = 7
auto_cleanup = false
[channels.email]
concurrency = 4
rate = "90/m"
strategy = "round-robin"
recipient_limit = "5/10m"
breaker = { failures = 2, cooldown = "5s" }
[[channels.email.providers]]
driver = "smtp"
name = "relay"
weight = 3
rate = "10/s"
concurrency = 2
host = "127.0.0.1"
port = 2525
[[channels.email.providers]]
driver = "resend"
api_key = "env:RESEND_API_KEY"
[channels.console]
enabled = false
[templates]
dir = "/etc/townkrier/templates"
[attachments]
dir = "/var/lib/invoices"
max_bytes = "1MiB"
[suppressions]
file = "/var/lib/townkrier/suppressions.ndjson"
[policy]
time_zone = "Africa/Lagos"
[policy.quiet_hours]
from = "22:00"
to = "07:30"
channels = ["sms"]
[events]
url = "https://example.com/e"
secret = "env:EVENT_SECRET"
events = ["delivery.sent"]
)",
           with_environment({{"RESEND_API_KEY", "re_123"}, {"EVENT_SECRET", "whsec_123"}}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.host, "::1");
  EXPECT_EQ(config->server.port, 8080);
  EXPECT_EQ(config->server.path, "/ops");
  EXPECT_EQ(config->server.max_body_bytes, 2u << 20);
  EXPECT_EQ(config->server.threads, 2);
  EXPECT_EQ(config->server.request_timeout, 5s);
  EXPECT_EQ(config->server.max_connections, 100);
  EXPECT_EQ(config->server.max_connections_per_address, 50);
  EXPECT_TRUE(config->server.auth.enabled);
  EXPECT_EQ(config->server.auth.username, "admin");
  EXPECT_THAT(config->server.auth.password_hash, HasSubstr("$argon2id$"));
  EXPECT_THAT(config->server.hosts, ElementsAre("townkrier.example.com"));
  EXPECT_THAT(config->server.trusted_proxies, ElementsAre("127.0.0.1", "10.0.0.0/8"));
  EXPECT_EQ(config->server.auth.session_idle, 10min);
  EXPECT_EQ(config->server.auth.session_lifetime, 8h);
  ASSERT_EQ(config->server.auth.users.size(), 1u);
  EXPECT_EQ(config->server.auth.users[0].username, "ann");
  EXPECT_EQ(config->server.auth.users[0].role, Role::kOperator);
  ASSERT_EQ(config->server.auth.tokens.size(), 1u);
  EXPECT_EQ(config->server.auth.tokens[0].name, "shop");
  EXPECT_EQ(config->server.auth.tokens[0].role, Role::kProducer);
  EXPECT_EQ(config->storage.engine, "memory");
  EXPECT_EQ(config->storage.path, "/var/lib/townkrier");
  EXPECT_EQ(config->storage.durability, Durability::kOs);
  EXPECT_EQ(config->storage.min_free_space_bytes, 64u << 20);
  EXPECT_EQ(config->queue.max_retries, 7u);
  EXPECT_EQ(config->queue.retry_delay, 500ms);
  EXPECT_EQ(config->queue.max_retry_delay, 2h);
  EXPECT_EQ(config->queue.jitter, 0.0);
  EXPECT_EQ(config->queue.timeout, 10s);
  EXPECT_EQ(config->queue.poll_interval, 2s);
  EXPECT_EQ(config->queue.ageing, 0s);
  EXPECT_EQ(config->queue.max_crashes, 5u);
  EXPECT_EQ(config->queue.max_inflight_jobs, 5000u);
  EXPECT_EQ(config->queue.max_inflight_bytes, 2u << 20);
  EXPECT_EQ(config->queue.drain_timeout, 3s);
  EXPECT_EQ(config->queue.queues.at("default").concurrency, 8);
  EXPECT_EQ(config->queue.queues.at("mail-out").concurrency, 9);
  EXPECT_EQ(config->logs.content_privacy, ContentPrivacy::kPrivate);
  EXPECT_EQ(config->logs.retention_days, 7);
  EXPECT_FALSE(config->logs.auto_cleanup);

  ASSERT_THAT(config->channels, SizeIs(2));
  const ChannelConfig& console = config->channels[0];
  EXPECT_EQ(console.name, "console");
  EXPECT_FALSE(console.enabled);
  const ChannelConfig& email = config->channels[1];
  EXPECT_EQ(email.name, "email");
  EXPECT_EQ(email.concurrency, 4);
  EXPECT_DOUBLE_EQ(email.rate.value(), 1.5);
  EXPECT_EQ(email.strategy, ProviderStrategy::kRoundRobin);
  EXPECT_EQ(email.breaker.failures, 2);
  EXPECT_EQ(email.breaker.cooldown, 5s);
  ASSERT_THAT(email.providers, SizeIs(2));
  EXPECT_EQ(email.providers[0].driver, "smtp");
  EXPECT_EQ(email.providers[0].name, "relay");
  EXPECT_EQ(email.providers[0].weight, 3);
  EXPECT_DOUBLE_EQ(email.providers[0].rate.value(), 10);
  EXPECT_EQ(email.providers[0].concurrency, 2);
  EXPECT_EQ(email.providers[1].weight, 1);
  ASSERT_TRUE(email.recipient_limit);
  EXPECT_EQ(email.recipient_limit->count, 5);
  EXPECT_EQ(email.recipient_limit->window, 10min);
  EXPECT_EQ(config->templates.dir, "/etc/townkrier/templates");
  EXPECT_EQ(config->attachments.dir, "/var/lib/invoices");
  EXPECT_EQ(config->attachments.max_bytes, 1u << 20);
  EXPECT_EQ(config->suppression_file, "/var/lib/townkrier/suppressions.ndjson");
  EXPECT_EQ(config->policy.time_zone, "Africa/Lagos");
  ASSERT_TRUE(config->policy.quiet_hours);
  EXPECT_EQ(config->policy.quiet_hours->from, 22h);
  EXPECT_EQ(config->policy.quiet_hours->to, 7h + 30min);
  EXPECT_THAT(config->policy.quiet_hours->channels, ElementsAre("sms"));
  ASSERT_TRUE(config->events);
  EXPECT_EQ(config->events->value(), (nlohmann::json{{"url", "https://example.com/e"},
                                                     {"secret", "whsec_123"},
                                                     {"events", {"delivery.sent"}}}));
  EXPECT_EQ(email.providers[0].settings.value(),
            (nlohmann::json{{"host", "127.0.0.1"}, {"port", 2525}}));
  EXPECT_EQ(email.providers[1].settings.value(), (nlohmann::json{{"api_key", "re_123"}}));
}

struct WrongConfig {
  const char* text;
  const char* message;
};

/// So that a failing case is shown by its text.
void PrintTo(const WrongConfig& wrong, std::ostream* out) {
  *out << wrong.text;
}

class WrongConfigs : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongConfigs, AreRefusedWithFileLineAndKey) {
  const auto config = load(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::kInvalidConfig);
  EXPECT_EQ(config.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    ConfigLoader, WrongConfigs,
    ::testing::Values(
        // Unknown keys, at every level.
        WrongConfig{
            "[queue]\nmax_retrys = 3\n",
            "townkrier.toml:2: queue.max_retrys: unknown key; did you mean \"max_retries\"?"},
        WrongConfig{"[que]\n", "townkrier.toml:1: que: unknown key; did you mean \"queue\"?"},
        WrongConfig{"color = 1\n", "townkrier.toml:1: color: unknown key"},
        WrongConfig{"[queues.default]\n\nconcurency = 3\n",
                    "townkrier.toml:3: queues.default.concurency: unknown key; did you mean "
                    "\"concurrency\"?"},
        WrongConfig{"[channels.email]\nbreaker = { failure = 3 }\n",
                    "townkrier.toml:2: channels.email.breaker.failure: unknown key; did you mean "
                    "\"failures\"?"},
        WrongConfig{
            "[server.auth]\nusername = \"a\"\npassword_hash = \"$argon2id$x\"\nuser = \"a\"\n",
            "townkrier.toml:4: server.auth.user: unknown key; did you mean \"users\"?"},
        WrongConfig{"[policy.quiet_hours]\nfrom = \"22:00\"\nuntil = \"07:00\"\n",
                    "townkrier.toml:3: policy.quiet_hours.until: unknown key"},
        // Policy.
        WrongConfig{"[policy]\ntime_zone = \"Mars/Base\"\n",
                    "townkrier.toml:2: policy.time_zone: is not a time zone such as Africa/Lagos"},
        WrongConfig{"[policy.quiet_hours]\nfrom = \"22\"\nto = \"07:00\"\n",
                    "townkrier.toml:2: policy.quiet_hours.from: must be a time of day such as "
                    "\"22:00\""},
        WrongConfig{"[policy.quiet_hours]\nfrom = \"07:00\"\nto = \"07:00\"\n",
                    "townkrier.toml:3: policy.quiet_hours.to: must not be the same as from"},
        // Wrong types.
        WrongConfig{"[queue]\nmax_retries = \"3\"\n",
                    "townkrier.toml:2: queue.max_retries: must be a whole number"},
        WrongConfig{"[queue]\nmax_retries = 1.5\n",
                    "townkrier.toml:2: queue.max_retries: must be a whole number"},
        WrongConfig{"[queue]\nretry_delay = 1000\n",
                    "townkrier.toml:2: queue.retry_delay: must be a time in quotes with its unit, "
                    "such as \"500ms\", \"30s\" or \"1h\""},
        WrongConfig{"[queue]\njitter = nan\n", "townkrier.toml:2: queue.jitter: must be a number"},
        WrongConfig{"[logs]\nauto_cleanup = \"yes\"\n",
                    "townkrier.toml:2: logs.auto_cleanup: must be true or false"},
        WrongConfig{"[storage]\npath = 5\n",
                    "townkrier.toml:2: storage.path: must be a text in quotes"},
        WrongConfig{"queue = 5\n", "townkrier.toml:1: queue: must be a table"},
        WrongConfig{"[queues]\ndefault = 5\n", "townkrier.toml:2: queues.default: must be a table"},
        WrongConfig{"[channels]\nemail = \"smtp\"\n",
                    "townkrier.toml:2: channels.email: must be a table"},
        WrongConfig{"[channels.email]\nproviders = { driver = \"smtp\" }\n",
                    "townkrier.toml:2: channels.email.providers: must be an array"},
        WrongConfig{"[channels.email]\nproviders = [\"smtp\"]\n",
                    "townkrier.toml:2: channels.email.providers.0: must be a table"},
        WrongConfig{"[[channels.email.providers]]\ndriver = \"smtp\"\nsince = 2026-01-01\n",
                    "townkrier.toml:3: channels.email.providers.0.since: dates are not supported "
                    "here; write a text in quotes"},
        // Values.
        WrongConfig{"[server]\nlisten = \"3000\"\n",
                    "townkrier.toml:2: server.listen: must be HOST:PORT such as "
                    "\"127.0.0.1:3000\", PORT 0..65535"},
        WrongConfig{"[channels.email]\nrate = \"fast\"\n[[channels.email.providers]]\n"
                    "driver = \"smtp\"\n",
                    "townkrier.toml:2: channels.email.rate: must be a number and a unit such as "
                    "\"100/s\", \"30/m\", \"5/h\""},
        WrongConfig{"[channels.email]\nrecipient_limit = \"5\"\n[[channels.email.providers]]\n"
                    "driver = \"smtp\"\n",
                    "townkrier.toml:2: channels.email.recipient_limit: must be a count and a time "
                    "such as \"5/h\", \"1/30s\", \"20/d\""},
        WrongConfig{"[channels.email]\n[[channels.email.providers]]\ndriver = \"smtp\"\n"
                    "weight = -1\n",
                    "townkrier.toml:4: channels.email.providers.0.weight: must be from 0 to 1000"},
        WrongConfig{"[channels.email]\nstrategy = \"random\"\n[[channels.email.providers]]\n"
                    "driver = \"smtp\"\n",
                    "townkrier.toml:2: channels.email.strategy: must be \"priority\", "
                    "\"round-robin\" or \"weighted\""},
        WrongConfig{"[[channels.email.providers]]\nhost = \"127.0.0.1\"\n",
                    "townkrier.toml:1: channels.email.providers.0.driver: is required"},
        WrongConfig{"[storage]\npath = \"env:NOT_SET\"\n",
                    "townkrier.toml:2: storage.path: environment variable NOT_SET is not set"},
        WrongConfig{"[[channels.email.providers]]\ndriver = \"smtp\"\n"
                    "password = \"file:/nowhere/secret\"\n",
                    "townkrier.toml:3: channels.email.providers.0.password: cannot read "
                    "/nowhere/secret: No such file or directory"},
        // Who may connect.
        WrongConfig{"[server]\nlisten = \"0.0.0.0:3000\"\n",
                    "townkrier.toml:2: server.listen: another address than loopback needs "
                    "[server.auth]: everybody who can connect could read and send"},
        WrongConfig{"[server.auth]\nusername = \"admin\"\n",
                    "townkrier.toml:1: server.auth: needs password_hash or password"},
        WrongConfig{"[server.auth]\npassword_hash = \"$argon2id$x\"\n",
                    "townkrier.toml:1: server.auth.username: is required"},
        WrongConfig{"[server.auth]\nusername = \"a\"\npassword_hash = \"$argon2id$x\"\n"
                    "tokens = [{ name = \"x\", hash = \"secret\" }]\n",
                    "townkrier.toml:4: server.auth.tokens.0.hash: must be \"sha256:\" and the 64 "
                    "hexadecimal digits of the token's SHA-256"},
        WrongConfig{"[[server.auth.users]]\nusername = \"a\"\nrole = \"root\"\n"
                    "password_hash = \"$argon2id$x\"\n",
                    "townkrier.toml:3: server.auth.users.0.role: must be viewer, producer, "
                    "operator or admin"},
        WrongConfig{"[server]\ntrusted_proxies = [\"10.0.0.300\"]\n",
                    "townkrier.toml:2: server.trusted_proxies: must be addresses or networks such "
                    "as \"10.0.0.0/8\""},
        // The document.
        WrongConfig{"[queue]\nmax_retries = \n",
                    "townkrier.toml:2: not valid TOML: Error while parsing key-value pair: "
                    "expected value, saw '\\n'"}));

class OutOfRange : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(OutOfRange, IsRefusedAtItsLine) {
  const auto config = load(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, ::testing::StartsWith(GetParam().message));
  EXPECT_THAT(config.error().fields, SizeIs(1)) << config.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    ConfigLoader, OutOfRange,
    ::testing::Values(
        WrongConfig{"[queue]\nmax_retries = 1001\n", "townkrier.toml:2: queue.max_retries: must "},
        WrongConfig{"[queue]\nmax_retries = -1\n", "townkrier.toml:2: queue.max_retries: must "},
        WrongConfig{"[queue]\nmax_retries = 9223372036854775807\n",
                    "townkrier.toml:2: queue.max_retries: must "},
        WrongConfig{"[queue]\n\njitter = 1.5\n", "townkrier.toml:3: queue.jitter: must "},
        WrongConfig{"[queue]\ntimeout = \"0s\"\n", "townkrier.toml:2: queue.timeout: must "},
        WrongConfig{"[queue]\ntimeout = \"soon\"\n", "townkrier.toml:2: queue.timeout: "},
        WrongConfig{"[queue]\nmax_inflight_bytes = \"1KiB\"\n",
                    "townkrier.toml:2: queue.max_inflight_bytes: must "},
        WrongConfig{"[queues.default]\nconcurrency = 0\n",
                    "townkrier.toml:2: queues.default.concurrency: must "},
        WrongConfig{"[logs]\nretention_days = 0\n", "townkrier.toml:2: logs.retention_days: must "},
        WrongConfig{"[storage]\nengine = \"mysql\"\n", "townkrier.toml:2: storage.engine: must "},
        WrongConfig{"[storage]\ndurability = \"maybe\"\n",
                    "townkrier.toml:2: storage.durability: "},
        WrongConfig{"[server]\nthreads = 65\n", "townkrier.toml:2: server.threads: must "},
        WrongConfig{"[server]\npath = \"dashboard\"\n", "townkrier.toml:2: server.path: must "},
        WrongConfig{"[channels.in_app]\nconcurrency = 0\n",
                    "townkrier.toml:2: channels.in_app.concurrency: must "},
        WrongConfig{"[channels.in_app.breaker]\nfailures = 0\n",
                    "townkrier.toml:2: channels.in_app.breaker.failures: must "}));

enum class ValueKind { kCount, kDuration, kBytes };
enum class Zero { kAllowed, kRefused };
struct NumericKey {
  const char* key;
  ValueKind kind;
  Zero zero;
};

/// Every key that is a number, a duration or a size.
constexpr std::array kNumericKeys = {
    NumericKey{"server.max_body_bytes", ValueKind::kBytes, Zero::kRefused},
    NumericKey{"server.threads", ValueKind::kCount, Zero::kRefused},
    NumericKey{"server.request_timeout", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"server.max_connections", ValueKind::kCount, Zero::kRefused},
    NumericKey{"server.max_connections_per_address", ValueKind::kCount, Zero::kRefused},
    NumericKey{"storage.min_free_space", ValueKind::kBytes, Zero::kAllowed},
    NumericKey{"queue.max_retries", ValueKind::kCount, Zero::kAllowed},
    NumericKey{"queue.retry_delay", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"queue.max_retry_delay", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"queue.timeout", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"queue.poll_interval", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"queue.ageing", ValueKind::kDuration, Zero::kAllowed},
    NumericKey{"queue.max_crashes", ValueKind::kCount, Zero::kRefused},
    NumericKey{"queue.max_inflight_jobs", ValueKind::kCount, Zero::kRefused},
    NumericKey{"queue.max_inflight_bytes", ValueKind::kBytes, Zero::kRefused},
    NumericKey{"queue.drain_timeout", ValueKind::kDuration, Zero::kAllowed},
    NumericKey{"queues.default.concurrency", ValueKind::kCount, Zero::kRefused},
    NumericKey{"logs.retention_days", ValueKind::kCount, Zero::kRefused},
    NumericKey{"retention.interval", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"retention.completed.max_age", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"retention.completed.max_count", ValueKind::kCount, Zero::kAllowed},
    NumericKey{"retention.completed.max_bytes", ValueKind::kBytes, Zero::kAllowed},
    NumericKey{"retention.failed.max_age", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"retention.failed.max_count", ValueKind::kCount, Zero::kAllowed},
    NumericKey{"retention.failed.max_bytes", ValueKind::kBytes, Zero::kAllowed},
    NumericKey{"retention.cancelled.max_age", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"retention.cancelled.max_count", ValueKind::kCount, Zero::kAllowed},
    NumericKey{"retention.cancelled.max_bytes", ValueKind::kBytes, Zero::kAllowed},
    NumericKey{"retention.inbox.max_age", ValueKind::kDuration, Zero::kRefused},
    NumericKey{"retention.inbox.max_count", ValueKind::kCount, Zero::kAllowed},
    NumericKey{"retention.inbox.max_bytes", ValueKind::kBytes, Zero::kAllowed},
    NumericKey{"channels.in_app.concurrency", ValueKind::kCount, Zero::kRefused},
    NumericKey{"channels.in_app.breaker.failures", ValueKind::kCount, Zero::kRefused},
    NumericKey{"channels.in_app.breaker.cooldown", ValueKind::kDuration, Zero::kRefused},
};

std::vector<std::string> wrong_values(const NumericKey& key) {
  std::vector<std::string> wrong;
  switch (key.kind) {
    case ValueKind::kCount:
      wrong = {"-1", "-9223372036854775808", "9223372036854775807"};
      if (key.zero == Zero::kRefused) wrong.emplace_back("0");
      break;
    case ValueKind::kDuration:
      wrong = {"-1s", "99999999999999999999s", "9223372036854775807ms", "40000d", "1.5s", "soon"};
      if (key.zero == Zero::kRefused) wrong.emplace_back("0s");
      break;
    case ValueKind::kBytes:
      wrong = {"-1", "99999999999999999999", "9223372036854775807", "8388607TiB", "1.5MiB", "much"};
      if (key.zero == Zero::kRefused) wrong.emplace_back("0");
      break;
  }
  return wrong;
}

void expect_names(const Result<ServerConfig>& config, const std::string& key,
                  const std::string& value) {
  ASSERT_FALSE(config) << key << " = " << value << " was taken";
  EXPECT_THAT(config.error().message, HasSubstr(key)) << value;
}

TEST(ConfigLoader, NamesEveryNumberThatIsNegativeZeroOrAbsurdInAFile) {
  for (const NumericKey& key : kNumericKeys) {
    const std::string path = key.key;
    const std::size_t dot = path.rfind('.');
    for (const std::string& value : wrong_values(key)) {
      const std::string written = key.kind == ValueKind::kCount ? value : '"' + value + '"';
      expect_names(
          load("[" + path.substr(0, dot) + "]\n" + path.substr(dot + 1) + " = " + written + "\n"),
          path, value);
    }
  }
}

TEST(ConfigLoader, NamesEveryNumberThatIsNegativeZeroOrAbsurdInAVariable) {
  for (const NumericKey& key : kNumericKeys) {
    if (std::string_view(key.key).starts_with("channels.")) continue;  // need a table in the file
    std::string name = "TOWNKRIER_" + std::string(key.key);
    for (char& c : name) {
      if (c == '.') c = '_';
      if (c >= 'a' && c <= 'z') c = char(c - 'a' + 'A');
    }
    auto values = wrong_values(key);
    values.emplace_back("99999999999999999999");
    values.emplace_back("");
    for (const std::string& value : values) {
      expect_names(load("", with_environment({{name, value}})), key.key, value);
    }
  }
}

TEST(ConfigLoader, ReadsTheRetentionOfEachStatus) {
  const auto config = load(
      "[retention]\ninterval = \"5m\"\n[retention.completed]\nmax_age = \"7d\"\n"
      "max_count = 1000000\nmax_bytes = \"2GiB\"\n[retention.inbox]\nmax_count = 5\n",
      with_environment({{"TOWNKRIER_RETENTION_FAILED_MAX_AGE", "90d"}}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->retention.interval, 5min);
  EXPECT_EQ(config->retention.completed.max_age, std::chrono::days{7});
  EXPECT_EQ(config->retention.completed.max_count, 1'000'000u);
  EXPECT_EQ(config->retention.completed.max_bytes, 2ull << 30);
  EXPECT_EQ(config->retention.failed.max_age, std::chrono::days{90});
  EXPECT_FALSE(config->retention.cancelled.max_age);
  EXPECT_EQ(config->retention.inbox.max_count, 5u);
}

TEST(ConfigLoader, ReportsEveryProblemInTheOrderOfTheFile) {
  const auto config =
      load("[logs]\nretention_days = \"x\"\n[queue]\ntimeot = \"1s\"\njitter = true\n",
           with_environment({{"TOWNKRIER_QUEUE_TIMEOT", "1s"}}));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message,
            "townkrier.toml:2: logs.retention_days: must be a whole number\n"
            "townkrier.toml:4: queue.timeot: unknown key; did you mean \"timeout\"?\n"
            "townkrier.toml:5: queue.jitter: must be a number\n"
            "TOWNKRIER_QUEUE_TIMEOT: unknown variable; did you mean TOWNKRIER_QUEUE_TIMEOUT?");
  EXPECT_THAT(config.error().fields, SizeIs(4));
}

TEST(ConfigLoader, NeverRepeatsAValueInItsMessages) {
  const auto config = load("[server.auth]\nusername = \"a\"\npassword = [\"hunter2hunter2\"]\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, ::testing::Not(HasSubstr("hunter2")));
}

TEST(ConfigLoader, RefusesAFileThatIsNotThere) {
  const auto config = load_config(
      {.file = "/nowhere/townkrier.toml", .listen = {}, .data_dir = {}, .environment = {}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::kInvalidConfig);
  EXPECT_EQ(config.error().message,
            "cannot read /nowhere/townkrier.toml: No such file or directory");
}

TEST(ConfigLoader, LetsTheEnvironmentWinOverTheFile) {
  const auto config = load(
      "[server.auth]\nusername = \"admin\"\npassword = \"from the file\"\n"
      "[queue]\nmax_retries = 1\n[channels.email-out]\nconcurrency = 2\n"
      "[[channels.email-out.providers]]\ndriver = \"smtp\"\nport = 25\n",
      with_environment({{"TOWNKRIER_SERVER_LISTEN", "0.0.0.0:80"},
                        {"TOWNKRIER_SERVER_AUTH_PASSWORD", "from the environment"},
                        {"TOWNKRIER_STORAGE_PATH", "/data"},
                        {"TOWNKRIER_QUEUE_MAX_RETRIES", "9"},
                        {"TOWNKRIER_QUEUE_JITTER", "0.5"},
                        {"TOWNKRIER_QUEUE_MAX_INFLIGHT_BYTES", "32MiB"},
                        {"TOWNKRIER_LOGS_AUTO_CLEANUP", "false"},
                        {"TOWNKRIER_QUEUES_DEFAULT_CONCURRENCY", "5"},
                        {"TOWNKRIER_CHANNELS_EMAIL_OUT_CONCURRENCY", "6"},
                        {"TOWNKRIER_CHANNELS_EMAIL_OUT_RATE", "2/s"},
                        {"TOWNKRIER_CHANNELS_EMAIL_OUT_BREAKER_COOLDOWN", "7s"},
                        {"TOWNKRIER_CHANNELS_EMAIL_OUT_PROVIDERS_0_PORT", "2525"},
                        {"TOWNKRIER_CHANNELS_EMAIL_OUT_PROVIDERS_0_HOST", "mail.example.com"},
                        {"TOWNKRIER_CHANNELS_EMAIL_OUT_PROVIDERS_0_USERNAME", "\"42\""}}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.host, "0.0.0.0");
  EXPECT_EQ(config->server.port, 80);
  EXPECT_EQ(config->server.auth.password, "from the environment");
  EXPECT_EQ(config->storage.path, "/data");
  EXPECT_EQ(config->queue.max_retries, 9u);
  EXPECT_EQ(config->queue.jitter, 0.5);
  EXPECT_EQ(config->queue.max_inflight_bytes, 32u << 20);
  EXPECT_FALSE(config->logs.auto_cleanup);
  EXPECT_EQ(config->queue.queues.at("default").concurrency, 5);
  ASSERT_THAT(config->channels, SizeIs(1));
  EXPECT_EQ(config->channels[0].concurrency, 6);
  EXPECT_EQ(config->channels[0].rate, 2.0);
  EXPECT_EQ(config->channels[0].breaker.cooldown, 7s);
  EXPECT_EQ(config->channels[0].providers[0].settings.value(),
            (nlohmann::json{{"port", 2525}, {"host", "mail.example.com"}, {"username", "42"}}));
}

TEST(ConfigLoader, ConfiguresAWholeChannelFromTheEnvironment) {
  const auto config =
      load_config(with_environment({{"TOWNKRIER_CHANNELS_EMAIL_PROVIDERS_0_DRIVER", "resend"},
                                    {"TOWNKRIER_CHANNELS_EMAIL_PROVIDERS_0_API_KEY", "env:KEY"},
                                    {"TOWNKRIER_CHANNELS_IN_APP_CONCURRENCY", "3"},
                                    {"KEY", "12345"}}));
  ASSERT_TRUE(config) << config.error().message;
  std::map<std::string, ChannelConfig> channels;
  for (const ChannelConfig& channel : config->channels) channels[channel.name] = channel;
  ASSERT_THAT(channels, SizeIs(3));
  EXPECT_EQ(channels["in_app"].concurrency, 3);
  ASSERT_THAT(channels["email"].providers, SizeIs(1));
  EXPECT_EQ(channels["email"].providers[0].driver, "resend");
  // What a reference leads to is a text, also when it looks like a number.
  EXPECT_EQ(channels["email"].providers[0].settings.value(),
            (nlohmann::json{{"api_key", "12345"}}));
}

TEST(ConfigLoader, RefusesVariablesItDoesNotKnow) {
  const auto config = load_config(with_environment({{"TOWNKRIER_QUEUE_MAX_RETRIS", "3"},
                                                    {"TOWNKRIER_NONSENSE", "1"},
                                                    {"TOWNKRIER_QUEUE_MAX_CRASHES", "x"}}));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message,
            "TOWNKRIER_QUEUE_MAX_CRASHES: queue.max_crashes: must be a whole number\n"
            "TOWNKRIER_NONSENSE: unknown variable\n"
            "TOWNKRIER_QUEUE_MAX_RETRIS: unknown variable; did you mean "
            "TOWNKRIER_QUEUE_MAX_RETRIES?");
}

TEST(ConfigLoader, IgnoresWhatContainersFindInTheirEnvironment) {
  const auto config = load_config(with_environment({{"TOWNKRIER_PORT", "tcp://10.0.0.1:3000"},
                                                    {"TOWNKRIER_PORT_3000_TCP_ADDR", "10.0.0.1"},
                                                    {"TOWNKRIER_SERVICE_HOST", "10.0.0.1"},
                                                    {"TOWNKRIER_SERVICE_PORT_HTTP", "3000"},
                                                    {"TOWNKRIER_CONFIG", "x.toml"},
                                                    {"TOWNKRIER_LOG_LEVEL", "info"}}));
  EXPECT_TRUE(config) << config.error().message;
}

TEST(ConfigLoader, LetsFlagsWinOverEverything) {
  const auto config = load_config_text("[server]\nlisten = \"127.0.0.1:1\"\n", "townkrier.toml",
                                       {.file = {},
                                        .listen = "127.0.0.1:0",
                                        .data_dir = "/flag",
                                        .environment = {{"TOWNKRIER_SERVER_LISTEN", "127.0.0.1:2"},
                                                        {"TOWNKRIER_STORAGE_PATH", "x"}}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.port, 0);
  EXPECT_EQ(config->storage.path, "/flag");
}

TEST(ConfigLoader, NamesTheFlagThatIsWrong) {
  const auto config =
      load_config({.file = {}, .listen = "0.0.0.0:3000", .data_dir = {}, .environment = {}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message,
              ::testing::StartsWith("--listen: server.listen: another address than loopback"));
}

TEST(ConfigLoader, WarnsAboutAPlainPassword) {
  const auto config =
      load("[server.auth]\nusername = \"admin\"\npassword = \"correct horse battery\"\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->warnings,
              ElementsAre("townkrier.toml:3: server.auth.password: is kept in plain text; "
                          "password_hash is safer"));
}

TEST(ConfigLoader, GivesALaterProblemItsPlace) {
  const auto config = load(
      "[channels.console]\n[[channels.email.providers]]\ndriver = \"smtp\"\n"
      "port = \"x\"\n[channels.email.providers.tls]\nmode = 1\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto place = [&](const char* key) { return problem_at(*config, key, "no").to_string(); };
  EXPECT_EQ(place("channels.email.providers.0.port"),
            "townkrier.toml:4: channels.email.providers.0.port: no");
  EXPECT_EQ(place("channels.email.providers.0.tls.mode"),
            "townkrier.toml:6: channels.email.providers.0.tls.mode: no");
  EXPECT_EQ(place("channels.email.providers.0.host"),
            "townkrier.toml:2: channels.email.providers.0.host: no");
  EXPECT_EQ(place("logs.retention_days"), "logs.retention_days: no");
}

}  // namespace
}  // namespace townkrier::server
