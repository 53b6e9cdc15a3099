// Actions on many jobs of a real server, and lists with cursors.

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/server_world.hpp"

namespace townkrier::testing {
namespace {

constexpr int kJobs = 250;

// Jobs of a paused queue stay where they are.
class BulkApi : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world_.start());
    ASSERT_EQ(world_.http->post_text("/api/queues/held/pause", "").status, 200);
    Json rows = Json::array();
    for (int i = 0; i < kJobs; ++i) {
      rows.push_back({{"notification", {{"in_app", {{"title", "Hello"}, {"message", "Hello"}}}}},
                      {"recipient", {{"in_app", {{"userId", "42"}}}}},
                      {"options", {{"queue", "held"}}}});
    }
    const auto accepted = world_.http->post("/api/notifications/batch", rows);
    ASSERT_EQ(accepted.status, 202) << accepted.body;
  }
  Json bulk(const Json& body, long status = 202) {
    const auto answer = world_.http->post("/api/jobs/bulk", body);
    EXPECT_EQ(answer.status, status) << answer.body;
    return answer.json();
  }
  Json finished(const Json& operation) {
    const std::string path = "/api/operations/" + operation.at("id").get<std::string>();
    Json last;
    EXPECT_TRUE(eventually([&] {
      last = world_.http->get(path).json();
      return last.at("status") != "running";
    }));
    return last;
  }
  std::uint64_t count(const std::string& status) {
    return world_.http->get("/api/jobs?queue=held&limit=1&status=" + status).json().at("total");
  }

  ServerWorld world_{""};
};

TEST_F(BulkApi, CancelsEveryJobOfAFilter) {
  const Json filter = {{"queue", "held"}, {"status", "pending"}};
  const Json counted = bulk({{"action", "cancel"}, {"filter", filter}, {"dryRun", true}}, 200);
  EXPECT_EQ(counted, (Json{{"matched", kJobs}, {"exact", true}}));
  bulk({{"action", "cancel"}, {"filter", filter}, {"expect", 100}}, 409);
  EXPECT_EQ(count("cancelled"), 0u);
  const Json over =
      finished(bulk({{"action", "cancel"}, {"filter", filter}, {"expect", kJobs + 5}}));
  EXPECT_EQ(over.at("done"), kJobs);
  EXPECT_EQ(over.at("status"), "completed");
  EXPECT_EQ(count("cancelled"), std::uint64_t{kJobs});
  const Json again = finished(bulk({{"action", "delete"}, {"filter", {{"queue", "held"}}}}));
  EXPECT_EQ(again.at("done"), kJobs);
  EXPECT_EQ(world_.http->get("/api/jobs?queue=held").json().at("total"), 0);
}

TEST_F(BulkApi, LeavesOtherJobsAlone) {
  const Json page = world_.http->get("/api/jobs?queue=held&limit=3").json();
  Json ids = Json::array();
  for (const Json& job : page.at("jobs")) ids.push_back(job.at("id"));
  const Json over = finished(bulk({{"action", "delete"}, {"ids", ids}}));
  EXPECT_EQ(over.at("done"), 3);
  EXPECT_EQ(count("pending"), std::uint64_t{kJobs - 3});
  EXPECT_EQ(finished(bulk({{"action", "delete"}, {"ids", ids}})).at("skipped"), 3);
}

TEST_F(BulkApi, PagesForthAndBackOverHttp) {
  std::set<std::string> seen;
  std::string cursor;
  Json page;
  int pages = 0;
  do {
    page = world_.http
               ->get("/api/jobs?queue=held&limit=100" +
                     (cursor.empty() ? std::string() : "&cursor=" + cursor))
               .json();
    for (const Json& job : page.at("jobs")) EXPECT_TRUE(seen.insert(job.at("id")).second);
    cursor = page.value("next", "");
  } while (!cursor.empty() && ++pages < 10);
  EXPECT_EQ(seen.size(), std::size_t{kJobs});
  const Json back =
      world_.http
          ->get("/api/jobs?queue=held&limit=100&cursor=" + page.at("prev").get<std::string>())
          .json();
  EXPECT_EQ(back.at("jobs").size(), 100u);
  EXPECT_EQ(
      world_.http->get("/api/jobs?queue=other&cursor=" + back.at("next").get<std::string>()).status,
      400);
}

}  // namespace
}  // namespace townkrier::testing
