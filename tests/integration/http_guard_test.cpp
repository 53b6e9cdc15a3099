// The running server against clients that misbehave, over real sockets. A1-A5 and B1-B9 are the
// holes of Pistache 0.0.5 that docs/ lists.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/server.hpp"  // why: the server without an engine, so that answers can be held back
#include "support/fake_backend.hpp"
#include "support/raw_http.hpp"

namespace townkrier::http {
namespace {

using testing::FakeBackend;
using testing::make_job;
using testing::RawClient;
using testing::RawResponse;
using namespace std::chrono_literals;

std::string path_of(std::uint8_t number) {
  return "/api/jobs/" + make_job(number).id().to_string();
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(
      std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

std::chrono::microseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// Answers get_job from a thread of its own, as an engine does.
class Answerer {
 public:
  explicit Answerer(FakeBackend& backend) {
    backend.hold = [this](const JobId& id, Reply<Job> reply) {
      std::lock_guard lock(mutex_);
      waiting_.push_back({id, std::move(reply)});
      arrived_.notify_all();
    };
  }
  ~Answerer() { thread_ = {}; }

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      for (;;) {
        std::pair<JobId, Reply<Job>> next;
        {
          std::unique_lock lock(mutex_);
          if (!arrived_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
          next = std::move(waiting_.front());
          waiting_.pop_front();
        }
        next.second(make_job(next.first.bytes[15]));
      }
    });
  }
  // Waits for a held request and takes it.
  std::pair<JobId, Reply<Job>> take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, 20s, [this] { return !waiting_.empty(); })) return {};
    auto taken = std::move(waiting_.front());
    waiting_.pop_front();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<std::pair<JobId, Reply<Job>>> waiting_;
  std::jthread thread_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint8_t i = 1; i < 100; ++i) backend_->jobs[make_job(i).id()] = make_job(i);
  }

  void start(HttpServerConfig config = {}) {
    config.options.port = 0;
    auto server = HttpServer::start(std::move(config), backend_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  RawClient connect() { return RawClient(server_->port()); }
  int status_of(const std::string& request) {
    RawClient client = connect();
    client.send(request);
    return client.receive().status;
  }
  // Another client is served as if nothing had happened.
  void expect_healthy() {
    RawClient client = connect();
    client.get("/api/health/live");
    EXPECT_EQ(client.receive().status, 200);
  }
  // A page of about `megabytes` MB for GET /api/logs.
  void make_large_logs(std::size_t megabytes) {
    NotificationLog log;
    log.id = make_job(1).id();
    log.channel = "email";
    log.content = std::string(1'000'000, 'x');
    backend_->log_page.logs.assign(megabytes, log);
  }

  std::shared_ptr<FakeBackend> backend_ = std::make_shared<FakeBackend>();
  Answerer answerer_{*backend_};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersWithHeadersOnOneConnection) {
  answerer_.start();
  start();
  RawClient client = connect();
  for (std::uint8_t i = 1; i < 50; ++i) {
    client.get(path_of(i));
    const RawResponse response = client.receive();
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(nlohmann::json::parse(response.body)["id"], make_job(i).id().to_string());
    EXPECT_TRUE(response.has("\r\nX-Request-Id: "));
    EXPECT_TRUE(response.has("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_TRUE(response.has("\r\nContent-Security-Policy: default-src 'none';"));
  }
}

TEST_F(HttpServerTest, ReadsARequestSplitAtEveryByte) {
  start();
  const std::string body = R"({"kind":"report"})";
  const std::string request =
      "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  RawClient client = connect();
  for (std::size_t at = 1; at < request.size(); ++at) {
    client.send(std::string_view(request).substr(0, at));
    client.send(std::string_view(request).substr(at));
    ASSERT_EQ(client.receive().status, 202) << "split at " << at;
  }
  for (const char c : request) client.send({&c, 1});
  EXPECT_EQ(client.receive().status, 202);
}

// TOWNKRIER_LONG_TESTS=1: for 30 s, with 20,000 checked answers at least.
TEST_F(HttpServerTest, KeepsClientsApartWhileOthersAbort) {
  const char* set = std::getenv("TOWNKRIER_LONG_TESTS");
  const bool is_long = set != nullptr && std::string_view(set) == "1";
  const auto until = std::chrono::steady_clock::now() + (is_long ? 30s : 0s);

  answerer_.start();
  start();
  const std::size_t before = open_descriptors();
  std::atomic<bool> done{false};
  std::atomic<int> aborted{0};
  std::vector<std::jthread> aborters;
  for (int t = 0; t < (is_long ? 4 : 2); ++t) {
    aborters.emplace_back([&, t] {
      for (int i = 0; i < 1000 || std::chrono::steady_clock::now() < until; ++i) {
        RawClient client = connect();
        client.get(path_of(static_cast<std::uint8_t>(50 + t)));
        if (i % 2 == 0) client.abort();
        ++aborted;
        // More than some thousand a second only fill the seats.
        if (is_long) ::poll(nullptr, 0, 1);
      }
    });
  }
  std::jthread waiter([&] {
    aborters.clear();
    done = true;
  });
  int checked = 0;
  while (!done || checked < 100) {
    const auto number = static_cast<std::uint8_t>(1 + checked % 49);
    RawClient client = connect();
    for (int i = 0; i < 2; ++i) {
      client.get(path_of(number));
      const RawResponse response = client.receive();
      // With so many connections coming and going one may be turned away; none gets another's.
      if (response.status == 503) break;
      ++checked;
      ASSERT_EQ(response.status, 200);
      ASSERT_EQ(nlohmann::json::parse(response.body)["id"], make_job(number).id().to_string());
    }
  }
  waiter.join();
  EXPECT_GE(aborted, is_long ? 60'000 : 2000);
  EXPECT_GE(checked, is_long ? 20'000 : 100);
  server_->stop();
  EXPECT_EQ(server_->connections(), 0);
  EXPECT_LE(open_descriptors(), before);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client = connect();
  std::string requests;
  for (std::uint8_t i = 1; i <= 20; ++i) {
    requests += "GET " + path_of(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  client.send(requests);
  // One at a time: the second is not begun before the first is answered.
  auto first = answerer_.take();
  EXPECT_EQ(first.first, make_job(1).id());
  EXPECT_FALSE(client.readable(20ms));
  first.second(make_job(1));
  answerer_.start();
  for (std::uint8_t i = 1; i <= 20; ++i) {
    const RawResponse response = client.receive();
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(nlohmann::json::parse(response.body)["id"], make_job(i).id().to_string());
  }
}

TEST_F(HttpServerTest, BoundsWhatAClientSendsAhead) {
  start();
  RawClient client = connect();
  client.get(path_of(1));
  auto held = answerer_.take();
  const std::string more = "GET " + path_of(2) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string flood;
  while (flood.size() < 1'000'000) flood += more;
  client.send(flood);
  expect_healthy();  // Served by the same loop, so the flood was read before.
  held.second(make_job(1));
  const RawResponse response = client.receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpServerTest, AHalfClosingClientGetsItsAnswers) {
  start();
  RawClient client = connect();
  client.get(path_of(1));
  client.get(path_of(2));
  client.half_close();
  auto first = answerer_.take();
  // The end has been seen when a request that came later has been answered on the same loop.
  expect_healthy();
  first.second(make_job(1));
  EXPECT_EQ(nlohmann::json::parse(client.receive().body)["id"], make_job(1).id().to_string());
  auto second = answerer_.take();
  second.second(make_job(2));
  EXPECT_EQ(nlohmann::json::parse(client.receive().body)["id"], make_job(2).id().to_string());
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpServerTest, AnswersErrorsOnTheWire) {
  start({.options = {.max_body_bytes = 1024}});
  const auto post = [](const std::string& target, const std::string& type,
                       const std::string& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  EXPECT_EQ(status_of("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
  EXPECT_EQ(status_of("PUT /api/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  EXPECT_EQ(status_of(post("/api/jobs", "text/plain", "{}")), 415);
  EXPECT_EQ(status_of(post("/api/jobs", "application/json", "{")), 400);
  EXPECT_EQ(status_of(post("/api/jobs", "application/json", std::string(1025, 'x'))), 413);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), 421);
}

TEST_F(HttpServerTest, ARefusedBodyDoesNotHideTheAnswer) {
  start({.options = {.max_body_bytes = 1024}});
  RawClient client = connect();
  client.send("POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n");
  const std::string part(100'000, 'x');
  for (int i = 0; i < 30; ++i) client.send(part);
  const RawResponse response = client.receive();
  EXPECT_EQ(response.status, 413);
  EXPECT_TRUE(response.has("\r\nConnection: close\r\n"));
  EXPECT_EQ(nlohmann::json::parse(response.body)["code"], "too_large");
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  start();
  RawClient client = connect();
  client.send("HEAD /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawResponse head = client.receive(RawClient::Body::kNone);
  EXPECT_EQ(head.status, 200);
  EXPECT_FALSE(head.has("Content-Length: 0\r\n"));
  client.get("/api/health/live");
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(HttpServerTest, Answers100ContinueBeforeTheBody) {
  start();
  RawClient client = connect();
  client.send(
      "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.send(R"({"kind":"report"})");
  EXPECT_EQ(client.receive().status, 202);
}

TEST_F(HttpServerTest, ClosesWhenTheClientAsksForIt) {
  start();
  for (const char* request :
       {"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /api/health/live HTTP/1.0\r\n\r\n"}) {
    RawClient client = connect();
    client.send(request);
    const RawResponse response = client.receive();
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.has("\r\nConnection: close\r\n"));
    EXPECT_TRUE(client.ends());
  }
}

TEST_F(HttpServerTest, CutsASlowHeadHoweverItDrips) {
  start({.timeouts = {.head = 300ms}});
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  const auto begin = std::chrono::steady_clock::now();
  while (!client.readable(20ms) && std::chrono::steady_clock::now() - begin < 10s) client.send("y");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpServerTest, CutsASlowBody) {
  start({.timeouts = {.body_progress = 200ms, .body = 600ms}});
  const std::string head =
      "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n";
  RawClient silent = connect();
  silent.send(head + "x");
  EXPECT_EQ(silent.receive().status, 408);
  RawClient dripping = connect();
  dripping.send(head);
  const auto begin = std::chrono::steady_clock::now();
  while (!dripping.readable(20ms) && std::chrono::steady_clock::now() - begin < 10s)
    dripping.send("x");
  EXPECT_EQ(dripping.receive().status, 408);
}

TEST_F(HttpServerTest, ClosesIdleConnectionsWithoutAWord) {
  start({.timeouts = {.head = 200ms, .idle = 200ms}});
  RawClient never_used = connect();
  RawClient used = connect();
  used.get("/api/health/live");
  EXPECT_EQ(used.receive().status, 200);
  EXPECT_TRUE(used.ends());
  EXPECT_TRUE(never_used.ends());
}

TEST_F(HttpServerTest, Answers503AtTheDeadlineAndDropsTheLateAnswer) {
  start({.options = {.request_timeout = 200ms}});
  RawClient client = connect();
  client.get(path_of(1));
  auto held = answerer_.take();
  const RawResponse response = client.receive();
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.has("\r\nRetry-After: "));
  EXPECT_EQ(nlohmann::json::parse(response.body)["code"], "timeout");
  held.second(make_job(1));
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpServerTest, LimitsConnectionsOfOneAddress) {
  start({.options = {.max_connections_per_address = 2}});
  RawClient one = connect();
  RawClient two = connect();
  one.get("/api/health/live");
  two.get("/api/health/live");
  EXPECT_EQ(one.receive().status, 200);
  EXPECT_EQ(two.receive().status, 200);
  RawClient three = connect();
  const RawResponse refused = three.receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has("\r\nRetry-After: "));
  one.close();
  // The seat is free once the server has seen the end.
  int status = 503;
  for (int i = 0; i < 1000 && status != 200; ++i) {
    status = status_of("GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  EXPECT_EQ(status, 200);
}

// Pistache reads one connection until nothing more is there.
TEST_F(HttpServerTest, AClientThatNeverPausesDoesNotKeepTheLoopToItself) {
  start();
  RawClient greedy = connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += "GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    while (!done && greedy.send(requests)) {
    }
    greedy.half_close();
  });
  std::jthread reader([&] {
    while (greedy.receive().status == 200) {
    }
  });
  int answered = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (answered < 20 && std::chrono::steady_clock::now() - begin < 20s) {
    RawClient other = connect();
    other.get("/api/health/live");
    if (other.receive(RawClient::Body::kExpected, 5s).status == 200) ++answered;
  }
  done = true;
  EXPECT_EQ(answered, 20);
}

TEST_F(HttpServerTest, StopLetsRunningRequestsFinish) {
  start();
  RawClient idle = connect();
  idle.get("/api/health/live");
  EXPECT_EQ(idle.receive().status, 200);
  RawClient running = connect();
  running.get(path_of(1));
  auto held = answerer_.take();
  std::jthread stopper([&] { server_->stop(); });
  EXPECT_TRUE(idle.ends());
  held.second(make_job(1));
  const RawResponse response = running.receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("\r\nConnection: close\r\n"));
  running.close();
  stopper.join();
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(HttpServerTest, StopGivesUpOnRequestsThatNeverEndAndTheirLateAnswersAreHarmless) {
  start({.stop_grace = 100ms});
  RawClient client = connect();
  client.get(path_of(1));
  auto held = answerer_.take();
  const std::uint16_t port = server_->port();
  server_.reset();
  EXPECT_EQ(client.receive().status, 0);
  held.second(make_job(1));
  EXPECT_FALSE(RawClient(port).connected());
  start();
  expect_healthy();
}

TEST_F(HttpServerTest, RefusesToStartWhereItMust) {
  const auto code = [&](ServerOptions options) {
    const auto server = HttpServer::start({.options = std::move(options)}, backend_);
    return server ? Errc{} : server.error().code;
  };
  EXPECT_EQ(code({.host = "0.0.0.0", .port = 0}), Errc::kInvalidConfig);
  EXPECT_EQ(
      code({.host = "192.0.2.1",
            .port = 0,
            .auth = {.enabled = true, .username = "admin", .password = "correct horse battery"}}),
      Errc::kIo);
  start();
  EXPECT_EQ(code({.port = server_->port()}), Errc::kIo);
}

TEST_F(HttpServerTest, ServesFromSeveralLoops) {
  answerer_.start();
  start({.options = {.threads = 3}});
  std::vector<RawClient> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(connect());
  for (std::uint8_t round = 1; round < 20; ++round) {
    for (RawClient& client : clients) client.get(path_of(round));
    for (RawClient& client : clients) {
      EXPECT_EQ(nlohmann::json::parse(client.receive().body)["id"],
                make_job(round).id().to_string());
    }
  }
}

// ---- The holes of Pistache 0.0.5, over the wire.

using HttpTraps = HttpServerTest;

TEST_F(HttpTraps, A1AChunkSplitAtItsEndDoesNotHangTheServer) {
  start();
  RawClient client = connect();
  client.send(
      "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n11\r\n{\"kind\":\"report\"}\r");
  expect_healthy();
  client.send("\n0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 202);
}

TEST_F(HttpTraps, A2ThousandsOfSlashesAreRefused) {
  start();
  EXPECT_EQ(status_of("GET " + std::string(14'500, '/') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            414);
  EXPECT_EQ(status_of("GET " + std::string(4'000, '/') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            400);
  expect_healthy();
}

TEST_F(HttpTraps, A3AClientThatDoesNotReadStallsNobodyAndSpinsNothing) {
  make_large_logs(12);
  start();
  RawClient deaf = connect();
  deaf.get("/api/logs");
  ASSERT_TRUE(deaf.readable(10s));
  for (int i = 0; i < 20; ++i) expect_healthy();
  const auto before = cpu_time();
  RawClient quiet = connect();
  EXPECT_FALSE(quiet.readable(400ms));
  EXPECT_LT(cpu_time() - before, 200ms) << "a loop is spinning";
  // It may still read all of it.
  const RawResponse response = deaf.receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_GT(response.body.size(), 12'000'000u);
  deaf.get("/api/health/live");
  EXPECT_EQ(deaf.receive().status, 200);
}

TEST_F(HttpTraps, A3AClientThatNeverReadsIsCut) {
  make_large_logs(12);
  start({.timeouts = {.write = 200ms, .drain = 200ms}});
  {
    RawClient deaf = connect();
    deaf.get("/api/logs");
    ASSERT_TRUE(deaf.readable(10s));
    RawClient watch = connect();
    const auto begin = std::chrono::steady_clock::now();
    while (server_->connections() > 1 && std::chrono::steady_clock::now() - begin < 10s) {
      watch.get("/api/health/live");
      ASSERT_EQ(watch.receive().status, 200);
    }
    EXPECT_EQ(server_->connections(), 1) << "only the watching client is left";
  }
}

TEST_F(HttpTraps, A4ATlsClientIsRefusedAtOnce) {
  start();
  RawClient client = connect();
  client.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_EQ(client.receive().status, 400);
  EXPECT_TRUE(client.ends());
  expect_healthy();
}

TEST_F(HttpTraps, B1NothingAfterARefusalIsServed) {
  start({.options = {.max_body_bytes = 1024}});
  RawClient client = connect();
  client.send(
      "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n"
      "GET /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.receive().status, 413);
  client.get("/api/stats");
  EXPECT_TRUE(client.ends()) << "a second answer came";
}

TEST_F(HttpTraps, B2AmbiguousFramingIsRefused) {
  start();
  for (const char* lines : {"Content-Length: abc\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
                            "Content-Length: +3\r\n", "Host: two\r\n", "No colon\r\n", "A : b\r\n",
                            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_EQ(status_of(std::string("POST /api/jobs HTTP/1.1\r\nHost: localhost\r\n") + lines +
                        "\r\nabc"),
              400)
        << lines;
  }
}

TEST_F(HttpTraps, B3NoOtherSpellingOfAPathGetsPastTheLogin) {
  start({.options = {
             .auth = {.enabled = true, .username = "admin", .password = "correct horse battery"}}});
  for (const char* target : {"//api/stats", "xapi/stats", "/api/health/live/../../stats",
                             "/%2fapi/stats", "/api/./stats", "http://localhost/api/stats"}) {
    const int status =
        status_of(std::string("GET ") + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(status == 400 || status == 401) << target << " gave " << status;
  }
  EXPECT_EQ(status_of("GET /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
  EXPECT_EQ(status_of("GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
}

TEST_F(HttpTraps, B4OddHeadersAreNoServerError) {
  start();
  for (const char* lines : {"Cookie: nothing\r\n", "Date: yesterday\r\n", "Cache-Control: =,=\r\n",
                            "Accept:\r\n", "Authorization: \xff\r\n", "Content-Type: /\r\n"}) {
    EXPECT_EQ(
        status_of(std::string("GET /api/stats HTTP/1.1\r\nHost: localhost\r\n") + lines + "\r\n"),
        200)
        << lines;
  }
}

TEST_F(HttpTraps, B8EveryMethodIsAnswered) {
  start();
  for (const char* method : {"TRACE", "CONNECT", "PATCH", "PROPFIND", "LINK", "M-SEARCH"}) {
    EXPECT_EQ(status_of(std::string(method) + " /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              405)
        << method;
  }
  EXPECT_EQ(status_of("OPTIONS /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"), 204);
  EXPECT_EQ(status_of("BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 501);
}

TEST_F(HttpTraps, B9RunningOutOfDescriptorsNeitherSpinsNorCrashes) {
  start();
  expect_healthy();
  std::vector<int> sockets;
  for (int i = 0; i < 40; ++i) sockets.push_back(RawClient::open_socket());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // Room for a few accepted connections beside the sockets that are open already.
  const rlimit tight{static_cast<rlim_t>(sockets.back() + 6), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  std::vector<RawClient> clients;
  for (const int fd : sockets) clients.emplace_back(fd, server_->port());
  const auto cpu = cpu_time();
  EXPECT_TRUE(clients.back().readable(10s)) << "turned away, not left waiting";
  EXPECT_FALSE(clients.front().readable(300ms));
  EXPECT_LT(cpu_time() - cpu, 200ms) << "the acceptor is spinning";
  clients.front().get("/api/health/live");
  EXPECT_EQ(clients.front().receive().status, 200);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  clients.clear();
  expect_healthy();
}

}  // namespace
}  // namespace townkrier::http
