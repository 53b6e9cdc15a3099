// The DashboardServer facade over a real engine in memory.
#include "townkrier/dashboard_server.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/http_client.hpp"
#include "townkrier/notification_manager.hpp"

namespace townkrier {
namespace {

using testing::HttpClient;

class DashboardServerTest : public ::testing::Test {
 protected:
  DashboardServerConfig config() {
    DashboardServerConfig config;
    config.queue_manager = &queue_;
    config.port = 0;
    return config;
  }

  NotificationManager notifications_;
  QueueManager queue_{InMemoryQueueAdapter(), notifications_};
};

TEST_F(DashboardServerTest, StartsServesAndStops) {
  DashboardServer server(config());
  EXPECT_EQ(server.port(), 0);
  ASSERT_TRUE(server.start());
  ASSERT_TRUE(server.start()) << "a second start has no effect";
  const std::uint16_t port = server.port();
  ASSERT_NE(port, 0);
  EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(port) + "/dashboard");
  HttpClient client(port);
  const auto stats = client.get("/api/stats");
  EXPECT_EQ(stats.status, 200);
  EXPECT_EQ(stats.json()["queue"]["pending"], 0);
  EXPECT_EQ(client.get("/dashboard").header("content-type"), "text/html; charset=utf-8");
  server.stop();
  server.stop();
  EXPECT_EQ(server.port(), 0);
  EXPECT_EQ(HttpClient(port).get("/api/stats").status, 0);
  ASSERT_TRUE(server.start()) << "it may be started again";
  EXPECT_EQ(HttpClient(server.port()).get("/api/stats").status, 200);
}

TEST_F(DashboardServerTest, ReadsLogsFromTheStorageManager) {
  StorageManager storage(InMemoryStorageAdapter());
  NotificationLog log;
  log.notification_id = "by-hand";
  log.channel = "email";
  log.recipient = "user@example.com";
  log.status = LogStatus::kSent;
  ASSERT_TRUE(storage.log_notification(log));
  DashboardServerConfig with_storage = config();
  with_storage.storage_manager = &storage;
  DashboardServer server(std::move(with_storage));
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  const auto logs = client.get("/api/logs?channel=email").json();
  ASSERT_EQ(logs["total"], 1);
  EXPECT_EQ(logs["logs"][0]["notificationId"], "by-hand");
  EXPECT_EQ(client.get("/api/logs/" + logs["logs"][0]["id"].get<std::string>()).status, 200);
  EXPECT_EQ(client.get("/api/stats").json()["notifications"]["sent"], 1);
  EXPECT_EQ(client.post("/api/logs/cleanup", {{"olderThan", "2999-01-01T00:00:00Z"}}).json(),
            nlohmann::json({{"deleted", 1}}));
}

TEST_F(DashboardServerTest, SaysWhyItCannotStart) {
  DashboardServerConfig no_queue = config();
  no_queue.queue_manager = nullptr;
  EXPECT_EQ(DashboardServer(std::move(no_queue)).start().error().code, Errc::kInvalidConfig);
  DashboardServerConfig open = config();
  open.host = "0.0.0.0";
  EXPECT_EQ(DashboardServer(std::move(open)).start().error().code, Errc::kInvalidConfig);
  DashboardServer first(config());
  ASSERT_TRUE(first.start());
  DashboardServerConfig taken = config();
  taken.port = first.port();
  EXPECT_EQ(DashboardServer(std::move(taken)).start().error().code, Errc::kIo);
}

TEST_F(DashboardServerTest, AsksForTheLogin) {
  DashboardServerConfig with_login = config();
  with_login.auth = {.enabled = true, .username = "admin", .password = "correct horse battery"};
  DashboardServer server(std::move(with_login));
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  const auto refused = client.get("/api/stats");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("www-authenticate"), R"(Basic realm="TownKrier", charset="UTF-8")");
  client.authenticate("admin:correct horse battery");
  EXPECT_EQ(client.get("/api/stats").status, 200);
}

}  // namespace
}  // namespace townkrier
