// Crowds and nonsense: the running server against clients made from the grammar of HTTP, and
// against many slow ones at once. TOWNKRIER_LONG_TESTS=1 runs the long forms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/server.hpp"  // why: the server without an engine, with deadlines of its own
#include "support/eventually.hpp"
#include "support/fake_backend.hpp"
#include "support/http_cases.hpp"
#include "support/http_client.hpp"
#include "support/raw_http.hpp"
#include "support/server_process.hpp"
#include "townkrier/password.hpp"

namespace townkrier::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

bool is_long() {
  const char* set = std::getenv("TOWNKRIER_LONG_TESTS");
  return set != nullptr && std::string_view(set) == "1";
}

/// Liveness, on a fresh connection, within a second.
void expect_prompt(std::uint16_t port, const std::string& after) {
  const auto begin = std::chrono::steady_clock::now();
  RawClient probe(port);
  probe.get("/api/health/live");
  const int status = probe.receive(RawClient::Body::kExpected, 5s).status;
  ASSERT_EQ(status, 200) << after;
  ASSERT_LT(std::chrono::steady_clock::now() - begin, 1s) << after;
}

class HostileClients : public ::testing::Test {
 protected:
  void start(http::HttpServerConfig config = {}) {
    config.options.port = 0;
    auto server = http::HttpServer::start(std::move(config), backend_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::uint16_t port() const { return server_->port(); }

  std::shared_ptr<FakeBackend> backend_ = std::make_shared<FakeBackend>();
  std::unique_ptr<http::HttpServer> server_;
};

/// The status of the first answer, and, for a refusal, that nothing else comes after it.
void expect_answer(std::uint16_t port, const HttpCase& one, std::size_t split) {
  RawClient client(port);
  client.send(std::string_view(one.bytes).substr(0, split));
  client.send(std::string_view(one.bytes).substr(split));
  const auto body =
      one.bytes.starts_with("HEAD") ? RawClient::Body::kNone : RawClient::Body::kExpected;
  const RawResponse answer = client.receive(body, 5s);
  if (one.refusals.empty()) {
    EXPECT_TRUE(answer.status >= 200 && answer.status < 500 && answer.status != 408)
        << one.name << " gave " << answer.status;
    return;
  }
  EXPECT_THAT(one.refusals, ::testing::Contains(answer.status)) << one.name;
  EXPECT_TRUE(answer.has("\r\nConnection: close\r\n")) << one.name;
  EXPECT_TRUE(answer.has("\r\nX-Content-Type-Options: nosniff\r\n")) << one.name;
  client.half_close();
  EXPECT_TRUE(client.ends(5s)) << one.name << ": something follows the refusal";
}

TEST_F(HostileClients, EachOfManyMalformedRequestsIsRefusedAndTheNextClientServedAtOnce) {
  start();
  const auto cases = HttpCases::all();
  ASSERT_GE(cases.size(), 500u);
  for (const HttpCase& one : cases) {
    expect_answer(port(), one, one.bytes.size());
    expect_answer(port(), one, one.bytes.size() / 2);
    expect_prompt(port(), one.name);
    if (HasFatalFailure()) return;
  }
  EXPECT_THAT(backend_->calls, ::testing::Each(::testing::AnyOf("enqueue", "query_logs")))
      << "only what is in order may reach the backend";
}

// The long form cuts every request at every byte.
TEST_F(HostileClients, RequestsCutAnywhereAreAnsweredAlike) {
  start();
  const std::size_t every = is_long() ? 1 : 17;
  std::size_t at = 0;
  for (const HttpCase& one : HttpCases::all()) {
    if (one.bytes.size() > 1000) continue;
    for (std::size_t split = 1; split < one.bytes.size(); ++split) {
      if (++at % every != 0) continue;
      expect_answer(port(), one, split);
    }
    expect_prompt(port(), one.name);
    if (HasFailure()) return;
  }
}

struct Crowd {
  std::vector<RawClient> slow_heads;
  std::vector<RawClient> slow_bodies;
  std::vector<RawClient> deaf;
  std::vector<RawClient> idle;
};

/// `size` of each of the first three, twice as many idle ones.
Crowd gather(std::uint16_t port, int size) {
  Crowd crowd;
  std::string greed;
  for (int i = 0; i < 1000; ++i) greed += "GET /dashboard HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < size; ++i) {
    crowd.slow_heads.emplace_back(port).send("GET / HTTP/1.1\r\nX: ");
    crowd.slow_bodies.emplace_back(port).send(
        "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{");
    const int small = 4096;
    const int fd = RawClient::open_socket();
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    crowd.deaf.emplace_back(fd, port).send(greed);
    crowd.idle.emplace_back(port);
    crowd.idle.emplace_back(port);
  }
  return crowd;
}

bool all_gone(std::vector<RawClient>& clients, std::chrono::milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  for (RawClient& client : clients) {
    char bytes[65536];
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (!client.readable(std::max(left, 1ms))) return false;
      if (::recv(client.fd(), bytes, sizeof bytes, 0) <= 0) break;
    }
  }
  return true;
}

TEST_F(HostileClients, ACrowdOfSlowOnesSlowsNobodyDownAndIsGoneAfterItsLimits) {
  start({.options = {.max_connections_per_address = 4096},
         .timeouts = {.head = 1500ms,
                      .body_progress = 1500ms,
                      .body = 3s,
                      .idle = 1500ms,
                      .write = 1500ms,
                      .drain = 300ms}});
  Crowd crowd = gather(port(), 50);
  for (int i = 0; i < 20; ++i) expect_prompt(port(), "with a crowd");
  EXPECT_TRUE(all_gone(crowd.slow_heads, 20s));
  EXPECT_TRUE(all_gone(crowd.slow_bodies, 20s));
  EXPECT_TRUE(all_gone(crowd.idle, 20s));
  // They read nothing, so that the server's end is all that tells of theirs.
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }, 20s))
      << server_->connections();
}

long resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

TEST(SlowClients, TwoThousandFiveHundredCostARealServerLittle) {
  if (!is_long()) GTEST_SKIP() << "TOWNKRIER_LONG_TESTS=1 runs it, for a minute";
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  ServerProcess server({.env = {{"TOWNKRIER_SERVER_MAX_CONNECTIONS_PER_ADDRESS", "4096"}}});
  ASSERT_TRUE(server.start());
  Crowd crowd = gather(server.port(), 500);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 8s) expect_prompt(server.port(), "crowd");
  EXPECT_LT(resident_kib(server.pid()), 256 * 1024);
  EXPECT_TRUE(all_gone(crowd.slow_heads, 60s));
  EXPECT_TRUE(all_gone(crowd.slow_bodies, 60s));
  EXPECT_TRUE(all_gone(crowd.idle, 60s));
  EXPECT_TRUE(all_gone(crowd.deaf, 60s));
  EXPECT_LT(resident_kib(server.pid()), 256 * 1024);
  EXPECT_EQ(server.terminate(), 0);
}

// Pistache's own streams abort the process when another thread flushes them, and get a 408 spliced
// in: nothing is streamed here, and an answer is whole or not there.
TEST_F(HostileClients, A5AnAnswerIsOnePieceWithItsLengthAlsoWhenItComesFromAnotherThread) {
  std::promise<Reply<Job>> held;
  backend_->hold = [&](const JobId&, Reply<Job> reply) { held.set_value(std::move(reply)); };
  start({.timeouts = {.head = 100ms, .idle = 100ms}});
  RawClient client(port());
  client.get("/api/jobs/" + make_job(1).id().to_string());
  Reply<Job> reply = held.get_future().get();
  EXPECT_FALSE(client.readable(400ms)) << "no other limit ends a request that waits";
  std::thread([&] { reply(make_job(1)); }).join();
  const RawResponse answer = client.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.has("Transfer-Encoding"));
  EXPECT_EQ(nlohmann::json::parse(answer.body)["id"], make_job(1).id().to_string());
}

TEST_F(HostileClients, B5EverythingPipelinedIsAnsweredInOrderAndAHalfClosedClientToo) {
  start();
  RawClient client(port());
  client.send(
      "GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "HEAD /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      "GET /api/stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.half_close();
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive(RawClient::Body::kNone).status, 200);
  EXPECT_EQ(client.receive().status, 404);
  EXPECT_TRUE(client.ends()) << "nothing after Connection: close";
}

TEST_F(HostileClients, B7NoInputStartsAHeaderOfAnAnswer) {
  start();
  for (const char* target :
       {"/api/jobs/x%0d%0aSet-Cookie:%20a=b", "/api/jobs?status=%0d%0aX-Evil:1",
        "/dashboard/%0aX-Evil:1", "/api/logs?cursor=%0d%0a%0d%0a<html>"}) {
    RawClient client(port());
    client.get(target, "X-Request-Id: a\r\n");
    const RawResponse answer = client.receive();
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_FALSE(answer.has("\r\nX-Evil") || answer.has("\r\nSet-Cookie")) << answer.head;
  }
}

// Everything a client may send that is nobody else's business, and all that the server writes.
TEST(LogSilence, NoLineHasARecipientABodyATokenOrAPasswordAtAnyLevel) {
  const std::string secret_token = "tk-5ecret-5ecret-5ecret";
  ServerProcess server(
      {.args = {"--log-level", "debug"},
       .env = {{"TOWNKRIER_SERVER_AUTH_USERNAME", "admin"},
               {"TOWNKRIER_SERVER_AUTH_PASSWORD", "pass-5ecret-word"},
               {"TOWNKRIER_SERVER_AUTH_TOKENS_0_NAME", "shop"},
               {"TOWNKRIER_SERVER_AUTH_TOKENS_0_ROLE", "producer"},
               {"TOWNKRIER_SERVER_AUTH_TOKENS_0_HASH", hash_token(secret_token)}}});
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  const nlohmann::json note = {
      {"notification", {{"in_app", {{"title", "title-5ecret"}, {"message", "text-5ecret"}}}}},
      {"recipient", {{"in_app", {{"userId", "user-5ecret"}}}}}};
  const auto post = [&](const std::string& path, const std::string& body, const std::string& auth) {
    return client
        .send({.method = "POST",
               .path = path,
               .body = body,
               .headers = {"Content-Type: application/json", "Authorization: " + auth}})
        .status;
  };
  EXPECT_EQ(post("/api/notifications", note.dump(), "Bearer " + secret_token), 202);
  EXPECT_EQ(post("/api/notifications/send", note.dump(), "Bearer " + secret_token), 200);
  EXPECT_EQ(post("/api/notifications", note.dump(), "Bearer wrong-5ecret"), 401);
  EXPECT_EQ(post("/api/notifications", "{\"body-5ecret", "Bearer " + secret_token), 400);
  EXPECT_EQ(post("/api/notifications", R"({"body-5ecret":1})", "Bearer " + secret_token), 422);
  EXPECT_EQ(post("/api/jobs", R"({"kind":"kind-5ecret"})", "Bearer " + secret_token), 422);
  for (const char* password : {"pass-5ecret-word", "wrong-5ecret-word"}) {
    post("/api/session", nlohmann::json{{"username", "admin"}, {"password", password}}.dump(),
         "Bearer x");
  }
  client.authenticate("admin:pass-5ecret-word");
  EXPECT_EQ(client.get("/api/inbox/user-5ecret").status, 200);
  EXPECT_EQ(client.get("/api/logs?recipient=user-5ecret").status, 200);
  client.get("/api/none/user-5ecret?x=query-5ecret");
  const auto audit = client.get("/api/audit");
  EXPECT_EQ(audit.status, 200);
  EXPECT_THAT(audit.body, Not(HasSubstr("5ecret")));
  EXPECT_THAT(audit.body, HasSubstr("token:shop"));
  EXPECT_EQ(server.terminate(), 0);
  EXPECT_THAT(server.stderr_text(), Not(HasSubstr("5ecret")));
  EXPECT_THAT(server.stdout_text(), Not(HasSubstr("5ecret")));
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=ready"));
}

TEST(AuditLog, OutlivesTheServer) {
  ServerProcess server({.env = {{"TOWNKRIER_SERVER_AUTH_USERNAME", "admin"},
                                {"TOWNKRIER_SERVER_AUTH_PASSWORD", "correct horse battery"}}});
  ASSERT_TRUE(server.start());
  const auto client = [&] {
    HttpClient made(server.port());
    made.authenticate("admin:correct horse battery");
    return made;
  };
  EXPECT_EQ(client().post_text("/api/queues/mail/pause", "{}").status, 200);
  server.kill();
  ASSERT_TRUE(server.start());
  const auto rows = client().get("/api/audit?action=queue.pause").json();
  ASSERT_EQ(rows["count"], 1) << rows.dump();
  EXPECT_EQ(rows["entries"][0]["actor"], "user:admin");
  EXPECT_EQ(rows["entries"][0]["target"], "mail");
  EXPECT_EQ(rows["entries"][0]["result"], "ok");
  EXPECT_EQ(server.terminate(), 0);
}

}  // namespace
}  // namespace townkrier::testing
