// The dashboard inside a service's own Pistache server.
#include <gtest/gtest.h>
#include <pistache/endpoint.h>  // why: a caller's own Pistache server is what is mounted into
#include <pistache/router.h>    // why: as above

#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "http/mount.hpp"  // why: mounted without an engine, so that answers can be held back
#include "support/fake_backend.hpp"
#include "support/raw_http.hpp"

namespace townkrier::http {
namespace {

using testing::FakeBackend;
using testing::make_job;
using testing::RawClient;
using testing::RawResponse;
using namespace std::chrono_literals;

class MountTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    Pistache::Rest::Router router;
    Pistache::Rest::Routes::Get(
        router, "/own",
        [](const Pistache::Rest::Request&, Pistache::Http::ResponseWriter response) {
          response.send(Pistache::Http::Code::Ok, "mine");
          return Pistache::Rest::Route::Result::Ok;
        });
    auto mount = Mount::create(options, backend_, std::make_shared<SystemClock>());
    ASSERT_TRUE(mount) << mount.error().message;
    mount_ = std::move(*mount);
    mount_->add_to(router);
    endpoint_ = std::make_unique<Pistache::Http::Endpoint>(
        Pistache::Address(Pistache::Ipv4::loopback(), Pistache::Port(0)));
    endpoint_->init(Pistache::Http::Endpoint::options().threads(1).maxRequestSize(65536));
    endpoint_->setHandler(router.handler());
    endpoint_->serveThreaded();
  }
  void TearDown() override {
    if (mount_) mount_->stop();
    if (endpoint_) endpoint_->shutdown();
  }

  RawClient connect() { return RawClient(static_cast<std::uint16_t>(endpoint_->getPort())); }
  RawResponse send(const std::string& request) {
    RawClient client = connect();
    client.send(request);
    return client.receive();
  }
  RawResponse get(const std::string& target) {
    return send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  std::shared_ptr<FakeBackend> backend_ = std::make_shared<FakeBackend>();
  std::shared_ptr<Mount> mount_;
  std::unique_ptr<Pistache::Http::Endpoint> endpoint_;
};

TEST_F(MountTest, ServesPageAndApiBesideTheServicesOwnRoutes) {
  start({.path = "/notifications"});
  EXPECT_EQ(get("/own").body, "mine");
  const RawResponse page = get("/notifications");
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(page.has("\r\nContent-Security-Policy: default-src 'none';"));
  EXPECT_TRUE(page.has("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_EQ(get("/notifications/api/stats").status, 200);
  EXPECT_EQ(get("/notifications/api/nothing").status, 404);
  EXPECT_EQ(get("/notificationsx").status, 404);
  EXPECT_NE(get("/api/stats").status, 200) << "the service's own path space is left alone";
}

TEST_F(MountTest, ReadsQueryBodyAndHeaders) {
  start({.path = "/town"});
  EXPECT_EQ(get("/town/api/jobs?status=failed&q=a%20b").status, 200);
  EXPECT_EQ(backend_->job_filter->status, JobStatus::kFailed);
  EXPECT_EQ(backend_->job_filter->text, "a b");
  const std::string body = R"({"kind":"report"})";
  const auto post = [&](const std::string& type) {
    return send("POST /town/api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  EXPECT_EQ(post("application/json").status, 202);
  EXPECT_EQ(post("text/plain").status, 415);
  EXPECT_EQ(backend_->enqueued.size(), 1u);
}

TEST_F(MountTest, AnswersFromAnotherThreadReachTheirClient) {
  std::mutex mutex;
  std::vector<std::jthread> threads;
  backend_->hold = [&](const JobId& id, Reply<Job> reply) {
    const std::lock_guard lock(mutex);
    threads.emplace_back([id, reply] { reply(make_job(id.bytes[15])); });
  };
  start({.path = "/town"});
  for (std::uint8_t i = 1; i < 30; ++i) {
    const RawResponse response = get("/town/api/jobs/" + make_job(i).id().to_string());
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(nlohmann::json::parse(response.body)["id"], make_job(i).id().to_string());
  }
  const std::lock_guard lock(mutex);
  threads.clear();
}

TEST_F(MountTest, WritesLargeAnswersToSlowReaders) {
  NotificationLog log;
  log.id = make_job(1).id();
  log.content = std::string(1'000'000, 'x');
  backend_->log_page.logs.assign(12, log);
  start({.path = "/town"});
  RawClient client = connect();
  client.get("/town/api/logs");
  ASSERT_TRUE(client.readable(10s));
  EXPECT_EQ(get("/own").body, "mine");
  EXPECT_GT(client.receive().body.size(), 12'000'000u);
}

TEST_F(MountTest, Answers503AtTheDeadlineAndDropsTheLateAnswer) {
  std::promise<Reply<Job>> held;
  backend_->hold = [&](const JobId&, Reply<Job> reply) { held.set_value(std::move(reply)); };
  start({.path = "/town", .request_timeout = 100ms});
  EXPECT_EQ(get("/town/api/jobs/" + make_job(1).id().to_string()).status, 503);
  held.get_future().get()(make_job(1));
}

TEST_F(MountTest, NeedsTheLoginAndAnswers503OnceStopped) {
  start({.path = "/town",
         .auth = {.enabled = true, .username = "admin", .password = "correct horse battery"}});
  EXPECT_EQ(get("/town/api/stats").status, 401);
  EXPECT_EQ(get("//town").status, 404) << "Pistache drops a slash, we do not";
  EXPECT_EQ(get("/town/api/health/live").status, 200);
  mount_->stop();
  EXPECT_EQ(get("/town/api/health/live").status, 503);
  EXPECT_EQ(get("/own").body, "mine");
}

TEST(MountOptions, AreCheckedLikeAServersOwn) {
  const auto mount = Mount::create({.host = "0.0.0.0"}, std::make_shared<FakeBackend>(),
                                   std::make_shared<SystemClock>());
  ASSERT_FALSE(mount);
  EXPECT_EQ(mount.error().code, Errc::kInvalidConfig);
}

}  // namespace
}  // namespace townkrier::http
