#include "townkrier/config.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier {
namespace {

using std::chrono::days;

template <class Options>
struct Case {
  std::string key;
  std::function<void(Options&)> change;
};

template <class Options>
void expect_refused(Options options, const Case<Options>& wrong) {
  wrong.change(options);
  const auto result = options.validate();
  ASSERT_FALSE(result) << wrong.key;
  EXPECT_EQ(result.error().code, Errc::kInvalidConfig);
  ASSERT_EQ(result.error().fields.size(), 1u);
  EXPECT_EQ(result.error().fields[0].pointer, wrong.key);
  EXPECT_NE(result.error().message.find(wrong.key), std::string::npos);
}

template <class Options>
void expect_accepted(Options options, const Case<Options>& right) {
  right.change(options);
  const auto result = options.validate();
  EXPECT_TRUE(result) << right.key << ": " << (result ? "" : result.error().message);
}

ChannelConfig email_channel() {
  return {.name = "email"};
}

TEST(Config, IsValidByDefault) {
  EXPECT_TRUE(QueueOptions{}.validate());
  EXPECT_TRUE(LogOptions{}.validate());
  EXPECT_TRUE(StorageOptions{}.validate());
  EXPECT_TRUE(ServerOptions{}.validate());
  EXPECT_TRUE(email_channel().validate());
}

TEST(QueueOptions, RefusesEveryValueOutOfRangeByItsKey) {
  const double nan = std::nan("");
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Case<QueueOptions>> cases = {
      {"queue.max_retries", [](auto& o) { o.max_retries = 1001; }},
      {"queue.max_retries", [](auto& o) { o.max_retries = std::uint32_t(-1); }},
      {"queue.retry_delay", [](auto& o) { o.retry_delay = 0ms; }},
      {"queue.retry_delay", [](auto& o) { o.retry_delay = -1ms; }},
      {"queue.retry_delay", [](auto& o) { o.retry_delay = days{30} + 1ms; }},
      {"queue.retry_delay", [](auto& o) { o.retry_delay = Duration::max(); }},
      {"queue.retry_delay", [](auto& o) { o.retry_delay = Duration::min(); }},
      {"queue.max_retry_delay", [](auto& o) { o.max_retry_delay = 0ms; }},
      {"queue.max_retry_delay", [](auto& o) { o.max_retry_delay = days{31}; }},
      {"queue.jitter", [](auto& o) { o.jitter = -0.01; }},
      {"queue.jitter", [](auto& o) { o.jitter = 1.01; }},
      {"queue.jitter", [nan](auto& o) { o.jitter = nan; }},
      {"queue.jitter", [inf](auto& o) { o.jitter = inf; }},
      {"queue.timeout", [](auto& o) { o.timeout = 0ms; }},
      {"queue.timeout", [](auto& o) { o.timeout = days{7} + 1ms; }},
      {"queue.poll_interval", [](auto& o) { o.poll_interval = 9ms; }},
      {"queue.poll_interval", [](auto& o) { o.poll_interval = 1h + 1ms; }},
      {"queue.ageing", [](auto& o) { o.ageing = -1ms; }},
      {"queue.ageing", [](auto& o) { o.ageing = days{8}; }},
      {"queue.max_crashes", [](auto& o) { o.max_crashes = 0; }},
      {"queue.max_crashes", [](auto& o) { o.max_crashes = 101; }},
      {"queue.max_inflight_jobs", [](auto& o) { o.max_inflight_jobs = 0; }},
      {"queue.max_inflight_jobs", [](auto& o) { o.max_inflight_jobs = 10'000'001; }},
      {"queue.max_inflight_bytes", [](auto& o) { o.max_inflight_bytes = (1u << 20) - 1; }},
      {"queue.max_inflight_bytes", [](auto& o) { o.max_inflight_bytes = (16ull << 30) + 1; }},
      {"queue.drain_timeout", [](auto& o) { o.drain_timeout = -1ms; }},
      {"queue.drain_timeout", [](auto& o) { o.drain_timeout = 1h + 1ms; }},
      {"queues.mail.concurrency", [](auto& o) { o.queues["mail"].concurrency = 0; }},
      {"queues.mail.concurrency", [](auto& o) { o.queues["mail"].concurrency = -1; }},
      {"queues.mail.concurrency", [](auto& o) { o.queues["mail"].concurrency = 100'001; }},
      {"queues.a b", [](auto& o) { o.queues["a b"]; }},
      {"queues.", [](auto& o) { o.queues[""]; }},
  };
  for (const auto& wrong : cases) expect_refused(QueueOptions{}, wrong);
}

TEST(QueueOptions, AcceptsTheEndsOfEachRange) {
  const std::vector<Case<QueueOptions>> cases = {
      {"low",
       [](auto& o) {
         o.max_retries = 0;
         o.retry_delay = o.max_retry_delay = o.timeout = 1ms;
         o.jitter = 0;
         o.poll_interval = 10ms;
         o.ageing = o.drain_timeout = 0ms;
         o.max_crashes = 1;
         o.max_inflight_jobs = 1;
         o.max_inflight_bytes = 1u << 20;
         o.queues["q"].concurrency = 1;
       }},
      {"high", [](auto& o) {
         o.max_retries = 1000;
         o.retry_delay = o.max_retry_delay = days{30};
         o.timeout = o.ageing = days{7};
         o.jitter = 1;
         o.poll_interval = o.drain_timeout = 1h;
         o.max_crashes = 100;
         o.max_inflight_jobs = 10'000'000;
         o.max_inflight_bytes = 16ull << 30;
         o.queues[std::string(64, 'q')].concurrency = 100'000;
       }}};
  for (const auto& right : cases) expect_accepted(QueueOptions{}, right);
}

TEST(LogOptions, RefusesARetentionOutOfRange) {
  for (const int wrong : {0, -1, 36'501, std::numeric_limits<int>::min()}) {
    expect_refused(LogOptions{},
                   {"logs.retention_days", [wrong](auto& o) { o.retention_days = wrong; }});
  }
  for (const int right : {1, 36'500}) {
    expect_accepted(LogOptions{},
                    {"logs.retention_days", [right](auto& o) { o.retention_days = right; }});
  }
}

TEST(RetentionOptions, RefusesEveryValueOutOfRangeByItsKey) {
  const std::vector<Case<RetentionOptions>> cases = {
      {"retention.interval", [](auto& o) { o.interval = 0ms; }},
      {"retention.interval", [](auto& o) { o.interval = -1s; }},
      {"retention.interval", [](auto& o) { o.interval = days{2}; }},
      {"retention.completed.max_age", [](auto& o) { o.completed.max_age = 0ms; }},
      {"retention.completed.max_age", [](auto& o) { o.completed.max_age = Duration::max(); }},
      {"retention.failed.max_age", [](auto& o) { o.failed.max_age = -1h; }},
      {"retention.failed.max_count", [](auto& o) { o.failed.max_count = std::uint64_t(-1); }},
      {"retention.cancelled.max_count", [](auto& o) { o.cancelled.max_count = std::uint64_t(-5); }},
      {"retention.inbox.max_bytes", [](auto& o) { o.inbox.max_bytes = (1ull << 50) + 1; }},
      {"retention.inbox.max_age", [](auto& o) { o.inbox.max_age = 59s; }},
  };
  for (const auto& wrong : cases) expect_refused(RetentionOptions{}, wrong);
  expect_accepted(RetentionOptions{}, {"low", [](auto& o) {
                                         o.interval = 1s;
                                         o.inbox.max_age = 1min;
                                       }});
  expect_accepted(RetentionOptions{},
                  {"high", [](auto& o) {
                     o.interval = days{1};
                     o.completed = {days{36'500}, 1'000'000'000'000, 1ull << 50};
                   }});
}

TEST(StorageOptions, RefusesUnknownEnginesAndUnusablePaths) {
  expect_refused(StorageOptions{}, {"storage.engine", [](auto& o) { o.engine = "mysql"; }});
  expect_refused(StorageOptions{}, {"storage.engine", [](auto& o) { o.engine = ""; }});
  expect_refused(StorageOptions{}, {"storage.path", [](auto& o) { o.path = ""; }});
  expect_refused(StorageOptions{}, {"storage.min_free_space",
                                    [](auto& o) { o.min_free_space_bytes = (1ull << 40) + 1; }});
  expect_refused(StorageOptions{},
                 {"storage.path", [](auto& o) { o.path = std::string("a\0b", 3); }});
  expect_accepted(StorageOptions{},
                  {"memory", [](auto& o) { o = {.engine = "memory", .path = ""}; }});
}

TEST(ChannelConfig, RefusesEveryValueOutOfRangeByItsKey) {
  const std::vector<Case<ChannelConfig>> cases = {
      {"channels.", [](auto& o) { o.name = ""; }},
      {"channels.a/b", [](auto& o) { o.name = "a/b"; }},
      {"channels.via", [](auto& o) { o.name = "via"; }},
      {"channels.template", [](auto& o) { o.name = "template"; }},
      {"channels.text", [](auto& o) { o.name = "text"; }},
      {"channels.email.concurrency", [](auto& o) { o.concurrency = 0; }},
      {"channels.email.concurrency", [](auto& o) { o.concurrency = 100'001; }},
      {"channels.email.rate", [](auto& o) { o.rate = 0; }},
      {"channels.email.rate", [](auto& o) { o.rate = -5; }},
      {"channels.email.rate", [](auto& o) { o.rate = std::nan(""); }},
      {"channels.email.rate", [](auto& o) { o.rate = std::numeric_limits<double>::infinity(); }},
      {"channels.email.breaker.failures", [](auto& o) { o.breaker.failures = 0; }},
      {"channels.email.breaker.failures", [](auto& o) { o.breaker.failures = 1001; }},
      {"channels.email.breaker.cooldown", [](auto& o) { o.breaker.cooldown = 99ms; }},
      {"channels.email.breaker.cooldown", [](auto& o) { o.breaker.cooldown = days{1} + 1ms; }},
      {"channels.email.providers.0.driver", [](auto& o) { o.providers = {ProviderConfig{}}; }},
      {"channels.email.providers.1.name",
       [](auto& o) {
         o.providers = {{.driver = "smtp", .name = "a"}, {.driver = "smtp", .name = "a"}};
       }},
      {"channels.email.providers.0.name",
       [](auto& o) { o.providers = {{.driver = "smtp", .name = "a b"}}; }},
      {"channels.email.providers.0",
       [](auto& o) { o.providers = {{.driver = "smtp", .settings = nlohmann::json::array()}}; }},
  };
  for (const auto& wrong : cases) expect_refused(email_channel(), wrong);
}

TEST(ChannelConfig, AcceptsSeveralProvidersOfOneDriver) {
  expect_accepted(email_channel(),
                  {"providers", [](auto& o) {
                     o.rate = 0.5;
                     o.providers = {{.driver = "smtp"},
                                    {.driver = "smtp", .name = "backup"},
                                    {.driver = "resend", .settings = nlohmann::json::object()}};
                   }});
}

TEST(ServerOptions, RefusesEveryValueOutOfRangeByItsKey) {
  const std::vector<Case<ServerOptions>> cases = {
      {"server.listen", [](auto& o) { o.host = ""; }},
      {"server.path", [](auto& o) { o.path = ""; }},
      {"server.path", [](auto& o) { o.path = "dashboard"; }},
      {"server.path", [](auto& o) { o.path = "/dashboard/"; }},
      {"server.path", [](auto& o) { o.path = "//dashboard"; }},
      {"server.path", [](auto& o) { o.path = "/a/../b"; }},
      {"server.path", [](auto& o) { o.path = "/a b"; }},
      {"server.path", [](auto& o) { o.path = "/api"; }},
      {"server.path", [](auto& o) { o.path = "/api/x"; }},
      {"server.path", [](auto& o) { o.path = "/metrics"; }},
      {"server.max_body_bytes", [](auto& o) { o.max_body_bytes = 1023; }},
      {"server.max_body_bytes", [](auto& o) { o.max_body_bytes = (64u << 20) + 1; }},
      {"server.threads", [](auto& o) { o.threads = 0; }},
      {"server.threads", [](auto& o) { o.threads = 65; }},
      {"server.request_timeout", [](auto& o) { o.request_timeout = 99ms; }},
      {"server.request_timeout", [](auto& o) { o.request_timeout = 10min + 1ms; }},
      {"server.max_connections", [](auto& o) { o.max_connections = 0; }},
      {"server.max_connections", [](auto& o) { o.max_connections = 100'001; }},
      {"server.max_connections_per_address", [](auto& o) { o.max_connections_per_address = -1; }},
  };
  for (const auto& wrong : cases) expect_refused(ServerOptions{}, wrong);
}

TEST(ServerOptions, NeedsAuthenticationOutsideLoopback) {
  for (const char* host : {"127.0.0.1", "127.0.0.53", "::1", "localhost"}) {
    expect_accepted(ServerOptions{}, {host, [host](auto& o) { o.host = host; }});
  }
  for (const char* host :
       {"0.0.0.0", "::", "192.168.1.2", "example.com", "127.0.0.1.example.com", "127.evil"}) {
    expect_refused(ServerOptions{}, {"server.auth", [host](auto& o) { o.host = host; }});
    expect_accepted(ServerOptions{}, {host, [host](auto& o) {
                                        o.host = host;
                                        o.auth = {.enabled = true,
                                                  .username = "admin",
                                                  .password = "a long password"};
                                      }});
  }
}

TEST(ServerOptions, RefusesUnusableCredentials) {
  const AuthOptions good{.enabled = true, .username = "admin", .password = "a long password"};
  const auto with = [good](std::function<void(AuthOptions&)> change) {
    return [good, change](ServerOptions& o) {
      o.auth = good;
      change(o.auth);
    };
  };
  expect_refused(ServerOptions{}, {"server.auth.username", with([](auto& a) { a.username = ""; })});
  expect_refused(ServerOptions{},
                 {"server.auth.username", with([](auto& a) { a.username = "a:b"; })});
  expect_refused(ServerOptions{}, {"server.auth", with([](auto& a) { a.password = ""; })});
  expect_refused(ServerOptions{},
                 {"server.auth.password", with([](auto& a) { a.password = "secret"; })});
  expect_refused(ServerOptions{},
                 {"server.auth.password_hash", with([](auto& a) { a.password_hash = "md5:x"; })});
  expect_accepted(ServerOptions{}, {"hash", with([](auto& a) {
                                      a.password = "";
                                      a.password_hash =
                                          "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$aGFzaA";
                                    })});
}

TEST(ServerOptions, NeverShowsAPasswordInAnError) {
  ServerOptions options;
  options.auth = {.enabled = true, .username = "admin", .password = "hunter2"};
  ASSERT_FALSE(options.validate());
  EXPECT_EQ(options.validate().error().message.find("hunter2"), std::string::npos);
}

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("2d"), Duration{days{2}});
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(parse_duration("9223372036854775807ms"), Duration::max());
}

TEST(ParseDuration, RefusesSignsFractionsSpacesAndOverflow) {
  for (const char* text : {"", "5", "s", "-5s", "+5s", "1.5s", "5 s", " 5s", "5s ", "5S", "5sec",
                           "1h30m", "0x5s", "9223372036854775808ms", "9223372036854776s",
                           "106751991168d", "99999999999999999999999ms"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, Errc::kMalformed);
  }
}

TEST(ParseBytes, ReadsEveryUnit) {
  EXPECT_EQ(parse_bytes("100"), 100u);
  EXPECT_EQ(parse_bytes("100B"), 100u);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536u);
  EXPECT_EQ(parse_bytes("1MiB"), 1u << 20);
  EXPECT_EQ(parse_bytes("2GiB"), 2ull << 30);
}

TEST(ParseBytes, RefusesSignsFractionsSpacesAndOverflow) {
  for (const char* text : {"", "B", "-1", "+1", "1.5MiB", "1 MiB", "1KB", "1kib", "1MiBs",
                           "9223372036854775808", "8589934592GiB", "99999999999999999999"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Durability, ReadsItsOwnNames) {
  for (const auto durability : {Durability::kFsync, Durability::kOs, Durability::kNone}) {
    EXPECT_EQ(parse_durability(to_string(durability)), durability);
  }
  const auto wrong = parse_durability("Fsync");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "must be one of fsync, os, none");
}

}  // namespace
}  // namespace townkrier
