// What the dashboard polls, from a real server: counters, rates, history and grouped errors.

#include <string>

#include <gtest/gtest.h>

#include "support/server_world.hpp"

namespace townkrier::testing {
namespace {

Json in_app(const std::string& user) {
  return {{"notification", {{"in_app", {{"title", "Hello"}, {"message", "Hello"}}}}},
          {"recipient", {{"in_app", {{"userId", user}}}}}};
}

std::uint64_t sum_of(const Json& series) {
  std::uint64_t sum = 0;
  for (const auto& one : series.at("series")) {
    for (const auto& value : one.at("values")) sum += value.get<std::uint64_t>();
  }
  return sum;
}

TEST(ActivityApi, LiveNamesTheJobThatWasJustAccepted) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  const auto before = world.http->get("/api/live").json();
  const std::string id = world.post(in_app("42")).at("id");
  ASSERT_TRUE(world.reaches(id, "completed"));
  const auto answer = world.http->get("/api/live?rev=" + before.at("rev").dump());
  EXPECT_LT(answer.body.size(), 2000u);
  const Json live = answer.json();
  EXPECT_EQ(live.at("changed"), Json::array({id}));
  EXPECT_GT(live.at("rev"), before.at("rev"));
  EXPECT_EQ(live.at("queue").at("completed"), 1);
  EXPECT_EQ(live.at("totals").at("enqueued"), 1);
  EXPECT_EQ(live.at("totals").at("completed"), 1);
}

TEST(ActivityApi, SeriesSumUpToWhatWasDoneAlsoAfterARestart) {
  ServerWorld world("");
  ASSERT_TRUE(world.start());
  constexpr int kJobs = 20;
  for (int i = 0; i < kJobs; ++i) world.post(in_app("42"));
  ASSERT_TRUE(eventually(
      [&] { return world.http->get("/api/stats").json().at("queue").at("completed") == kJobs; }));
  const auto series = [&](const std::string& query) {
    return sum_of(world.http->get("/api/series?" + query).json());
  };
  EXPECT_EQ(series("metric=completed&step=minute"), 20u);
  EXPECT_EQ(series("metric=enqueued&step=hour&by=queue"), 20u);
  ASSERT_EQ(world.server->terminate(), 0);
  ASSERT_TRUE(world.start());
  world.post(in_app("43"));
  ASSERT_TRUE(eventually([&] { return series("metric=completed&step=minute") == 21u; }));
  EXPECT_EQ(series("metric=completed&step=hour&by=channel"), 21u);
  EXPECT_EQ(series("metric=completed&step=day"), 21u);
}

TEST(ActivityApi, ChannelsAndQueuesSayWhatTheyDoAndHowFast) {
  ServerWorld world("[queues.mail]\nconcurrency = 7\n");
  ASSERT_TRUE(world.start());
  const std::string id = world.post(in_app("42")).at("id");
  ASSERT_TRUE(world.reaches(id, "completed"));
  const Json channels = world.http->get("/api/channels").json().at("channels");
  const auto found =
      std::ranges::find_if(channels, [](const Json& one) { return one.at("name") == "in_app"; });
  ASSERT_NE(found, channels.end());
  EXPECT_EQ(found->at("sent"), 1);
  EXPECT_EQ(found->at("providers").at(0).at("latency").at("count"), 1);
  const Json queues = world.http->get("/api/queues").json().at("queues");
  const auto mail =
      std::ranges::find_if(queues, [](const Json& one) { return one.at("name") == "mail"; });
  ASSERT_NE(mail, queues.end());
  EXPECT_EQ(mail->at("concurrency"), 7);
  ASSERT_EQ(world.http->post_text("/api/queues/mail/pause", "").status, 200);
  Json held = in_app("42");
  held["options"] = {{"queue", "mail"}};
  world.post(held);
  EXPECT_TRUE(eventually([&] {
    const Json now = world.http->get("/api/channels").json();
    for (const Json& one : now.at("channels")) {
      if (one.at("name") == "in_app") return one.at("waiting") == 1;
    }
    return false;
  }));
}

TEST(ActivityApi, ErrorsAreGroupedByWhatWentWrong) {
  ServerWorld world(smtp_channel(9));  // nobody listens on the discard port
  ASSERT_TRUE(world.start());
  for (int i = 0; i < 3; ++i) {
    Json body = email_to("user" + std::to_string(i) + "@example.com");
    body["options"] = {{"maxRetries", 0}};
    ASSERT_TRUE(world.reaches(world.post(body).at("id"), "failed"));
  }
  const Json errors = world.http->get("/api/errors").json();
  ASSERT_EQ(errors.at("errors").size(), 1u) << errors.dump();
  EXPECT_EQ(errors.at("errors").at(0).at("count"), 3);
  EXPECT_EQ(errors.at("errors").at(0).at("channels"), Json::array({"email"}));
  EXPECT_EQ(errors.dump().find("@example.com"), std::string::npos);
}

}  // namespace
}  // namespace townkrier::testing
