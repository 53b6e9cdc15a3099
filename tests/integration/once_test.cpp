// Idempotency-Key on a real server: one job a key, whatever happens in between.

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/server_world.hpp"

namespace townkrier::testing {
namespace {

Json in_app(const std::string& user, const std::string& title = "Hello") {
  return {{"notification", {{"in_app", {{"title", title}, {"message", "Hello"}}}}},
          {"recipient", {{"in_app", {{"userId", user}}}}}};
}

HttpResponse post(HttpClient& http, const std::string& key, const Json& body,
                  const std::string& path = "/api/notifications") {
  return http.send({.method = "POST",
                    .path = path,
                    .body = body.dump(),
                    .headers = {"Content-Type: application/json", "Idempotency-Key: " + key}});
}

TEST(Once, ARepetitionAnswersTheFirstJobAfterItEndedAndAfterARestart) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  const auto first = post(*world.http, "order-7", in_app("42"));
  ASSERT_EQ(first.status, 202) << first.body;
  EXPECT_FALSE(first.json().contains("deduplicated"));
  const std::string id = first.json().at("id");
  ASSERT_TRUE(world.reaches(id, "completed"));
  const auto check = [&] {
    const auto again = post(*world.http, "order-7", in_app("42"));
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(again.json().at("id"), id);
    EXPECT_EQ(again.json().at("deduplicated"), true);
    EXPECT_EQ(again.json().at("status"), "completed");
  };
  check();
  ASSERT_EQ(world.server->terminate(), 0);
  ASSERT_TRUE(world.start());
  check();
  world.server->kill();
  ASSERT_TRUE(world.start());
  check();
  EXPECT_EQ(world.http->get("/api/stats").json().at("queue").at("completed"), 1);
  EXPECT_EQ(world.http->get("/api/inbox/42").json().at("messages").size(), 1u);
}

TEST(Once, AKeyServesOneRequestOnly) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  ASSERT_EQ(post(*world.http, "k", in_app("42")).status, 202);
  const auto other = post(*world.http, "k", in_app("42", "Something else"));
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(other.json().at("errors")[0].at("pointer"), "Idempotency-Key");
  EXPECT_EQ(post(*world.http, "k2", in_app("42", "Something else")).status, 202);
}

TEST(Once, ABatchIsTakenOnceAsAWhole) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  const Json wrong = {{"notification", Json::object()}};
  const Json batch = Json::array({in_app("1"), wrong, in_app("2")});
  const auto first = post(*world.http, "batch", batch, "/api/notifications/batch");
  ASSERT_EQ(first.status, 202) << first.body;
  EXPECT_EQ(first.json().at("accepted"), 2);
  const auto again = post(*world.http, "batch", batch, "/api/notifications/batch");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json().at("ids"), first.json().at("ids"));
  EXPECT_EQ(again.json().at("rejected"), first.json().at("rejected"));
  EXPECT_EQ(again.json().at("deduplicated"), true);
  EXPECT_EQ(world.http->get("/api/jobs").json().at("total"), 2);
}

TEST(Once, OfRequestsAtTheSameTimeOneMakesTheJob) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::string> ids;
  std::multiset<long> statuses;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, port = world.server->port()] {
      HttpClient http(port);
      for (int turn = 0; turn < 10; ++turn) {
        const auto response = post(http, "turn-" + std::to_string(turn), in_app("42"));
        const std::lock_guard lock(mutex);
        statuses.insert(response.status);
        ids.insert(response.json().value("id", response.body));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 10u);
  EXPECT_EQ(statuses.count(202), 10u);
  EXPECT_EQ(statuses.count(200), 70u);
}

TEST(Once, AJobThatWasDeletedIsNotMadeAgain) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  const std::string id = post(*world.http, "k", in_app("42")).json().at("id");
  ASSERT_TRUE(world.reaches(id, "completed"));
  ASSERT_EQ(world.http->del("/api/jobs/" + id).status, 200);
  EXPECT_EQ(post(*world.http, "k", in_app("42")).status, 409);
  EXPECT_EQ(world.http->get("/api/jobs").json().at("total"), 0);
}

}  // namespace
}  // namespace townkrier::testing
