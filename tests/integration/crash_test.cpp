// kill -9 at the worst moments: what was acknowledged is not lost, and little is done twice.
//
// TORTURE_CYCLES: how many kills: scripts/torture.

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "support/environment.hpp"
#include "support/http_peer.hpp"
#include "support/server_world.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier::testing {
namespace {

using Steady = std::chrono::steady_clock;

std::string hook_channel(const HttpPeer& hook) {
  return "[[channels.hook.providers]]\ndriver = \"webhook\"\nurl = \"" + hook.url() +
         "\"\nallow_private = true\n";
}

Json hook_job(int number) {
  return {{"notification", {{"hook", {{"body", {{"n", number}}}}}}}};
}

TEST(Crash, AScheduledJobIsDeliveredOnceAtItsTimeAfterAKill) {
  HttpPeer hook{[](const PeerRequest&, std::size_t) { return PeerReply::answer(200); }};
  ServerWorld world{hook_channel(hook)};
  ASSERT_TRUE(world.start());
  Json body = hook_job(1);
  body["options"] = {{"delay", 3000}};
  const auto posted = Steady::now();
  const std::string id = world.post(body)["id"];
  world.server->kill();
  ASSERT_TRUE(world.start());
  EXPECT_EQ(world.status(id), "scheduled");
  ASSERT_TRUE(hook.wait_requests(1));
  EXPECT_GE(Steady::now() - posted, std::chrono::milliseconds(2990));
  EXPECT_TRUE(world.reaches(id, "completed"));
  EXPECT_EQ(hook.requests().size(), 1u);
}

TEST(Crash, AJobWaitingForItsRetryGoesOnAfterAKill) {
  // Both times are the receiver's: when the test hears of a failure the wait has begun already.
  std::array<std::atomic<Steady::time_point>, 2> asked{};
  HttpPeer hook{[&](const PeerRequest&, std::size_t number) {
    if (number < asked.size()) asked[number] = Steady::now();
    return PeerReply::answer(number == 0 ? 500 : 200);
  }};
  ServerWorld world{hook_channel(hook)};
  ASSERT_TRUE(world.start());
  Json body = hook_job(1);
  body["options"] = {{"retryDelay", 2500}};
  const std::string id = world.post(body)["id"];
  ASSERT_TRUE(world.reaches(id, "retrying"));
  world.server->kill();
  ASSERT_TRUE(world.start());
  EXPECT_TRUE(world.reaches(id, "completed"));
  EXPECT_GE(asked[1].load() - asked[0].load(), std::chrono::milliseconds(2500));
  EXPECT_EQ(hook.requests().size(), 2u);
}

// Producers enqueue while the server is killed again and again; the receiver lives outside.
TEST(Crash, ManyKillsLoseNoAcknowledgedJobAndRepeatOnlyWhatWasInFlight) {
  const int cycles = static_cast<int>(number_of_environment("TORTURE_CYCLES", 20));
  constexpr int kConcurrency = 16;
  std::mutex mutex;
  std::map<int, int> handled;
  HttpPeer hook{[&](const PeerRequest& request, std::size_t) {
    const std::lock_guard lock{mutex};
    ++handled[Json::parse(request.body)["data"]["n"].get<int>()];
    return PeerReply::answer(200);
  }};
  ServerWorld world{hook_channel(hook) + "[channels.hook]\nconcurrency = " +
                    std::to_string(kConcurrency) + "\n[queue]\nmax_crashes = 100\n"};
  std::set<int> acknowledged;
  int next = 0;
  std::mt19937 random{20261124};
  for (int cycle = 0; cycle < cycles; ++cycle) {
    ASSERT_TRUE(world.start());
    std::atomic<bool> stop{false};
    std::jthread producer{[&, port = world.server->port()] {
      HttpClient client{port, std::chrono::seconds(2)};
      while (!stop) {
        const int number = next++;
        if (client.post("/api/notifications", hook_job(number)).status == 202) {
          acknowledged.insert(number);
        }
      }
    }};
    const auto until = std::chrono::milliseconds(50 + random() % 450);
    eventually([] { return false; }, until);  // a random moment is the point here
    world.server->kill();
    stop = true;
  }
  const auto restarted = Steady::now();
  ASSERT_TRUE(world.start());
  EXPECT_LT(Steady::now() - restarted, std::chrono::seconds(5));
  ASSERT_TRUE(eventually(
      [&] {
        const Json queue = world.http->get("/api/stats").json()["queue"];
        return queue["pending"] == 0 && queue["processing"] == 0 && queue["retrying"] == 0;
      },
      std::chrono::seconds(60)));
  const std::lock_guard lock{mutex};
  int lost = 0;
  int repeats = 0;
  for (int number : acknowledged) lost += handled[number] == 0;
  for (const auto& [number, times] : handled) repeats += times > 1 ? times - 1 : 0;
  EXPECT_EQ(lost, 0);
  EXPECT_GT(acknowledged.size(), 100u);
  EXPECT_LE(repeats, cycles * kConcurrency);
  const auto findings = check_store(world.server->data_dir());
  EXPECT_EQ(findings.value(), std::vector<std::string>{});
  RecordProperty("acknowledged", int(acknowledged.size()));
  RecordProperty("repeats", repeats);
  std::printf("torture: kill9 cycles=%d acknowledged=%zu lost=%d repeated=%d findings=%zu\n",
              cycles, acknowledged.size(), lost, repeats, findings->size());
}

TEST(Crash, RestartsWithAHundredThousandStoredJobs) {
  ServerWorld world{"[channels.console]\n"};
  ASSERT_TRUE(world.start());
  ASSERT_EQ(world.http->post("/api/queues/default/pause", Json::object()).status, 200);
  std::string rows;
  for (int i = 0; i < 2000; ++i) {
    rows += R"({"notification":{"console":{"text":"x"}},"recipient":{}})";
    rows += '\n';
  }
  for (int batch = 0; batch < 50; ++batch) {
    const auto answer =
        world.http->post_text("/api/notifications/batch", rows, "application/x-ndjson");
    ASSERT_EQ(answer.status, 202) << answer.body.substr(0, 300);
  }
  world.server->kill();
  const auto start = Steady::now();
  ASSERT_TRUE(world.start());
  const auto took = Steady::now() - start;
  EXPECT_EQ(world.http->get("/api/stats").json()["queue"]["pending"], 100'000);
  std::printf(
      "ready after %lld ms with 100000 stored jobs\n",
      static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace townkrier::testing
