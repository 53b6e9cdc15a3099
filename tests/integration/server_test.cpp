// The real townkrierd: its flags, its ready line, its ways to end.

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/http_peer.hpp"
#include "support/server_process.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using namespace std::chrono_literals;

json in_app_notification(const std::string& user) {
  return {{"notification", {{"in_app", {{"title", "Hello"}, {"message", "Hello"}}}}},
          {"recipient", {{"in_app", {{"userId", user}}}}}};
}

TEST(Townkrierd, SaysWhereItsDashboardIsAndServesIt) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  EXPECT_THAT(server.ready_line(), MatchesRegex("TownKrier [0-9]+\\.[0-9]+\\.[0-9]+ ready: "
                                                "http://127\\.0\\.0\\.1:[0-9]+/dashboard"));
  HttpClient client(server.port());
  const HttpResponse health = client.get("/api/health");
  EXPECT_EQ(health.status, 200) << health.error;
  EXPECT_EQ(health.json().value("status", ""), "ok") << health.body;
  EXPECT_EQ(client.get("/dashboard").status, 200);
}

TEST(Townkrierd, DeliversWhatItAcceptsAndKeepsItOverARestart) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  std::string id;
  {
    HttpClient client(server.port());
    const HttpResponse accepted = client.post("/api/notifications", in_app_notification("42"));
    ASSERT_EQ(accepted.status, 202) << accepted.body << accepted.error;
    id = accepted.json().at("id").get<std::string>();
    EXPECT_TRUE(eventually(
        [&] { return client.get("/api/jobs/" + id).json().value("status", "") == "completed"; }));
  }
  EXPECT_EQ(server.terminate(), 0) << server.stderr_text();
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  const json job = client.get("/api/jobs/" + id).json();
  EXPECT_EQ(job.value("status", ""), "completed");
  const json inbox = client.get("/api/inbox/42").json();
  EXPECT_THAT(inbox.dump(), HasSubstr("Hello"));
}

TEST(Townkrierd, KeepsItsDataFromOthers) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  using std::filesystem::perms;
  const perms all = perms::group_all | perms::others_all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(server.data_dir())) {
    EXPECT_EQ(entry.status().permissions() & all, perms::none) << entry.path();
  }
  EXPECT_EQ(std::filesystem::status(server.data_dir()).permissions() & all, perms::none);
}

class EndedBy : public ::testing::TestWithParam<int> {};

TEST_P(EndedBy, ASignalItExitsWithZero) {
  ServerProcess server;
  ASSERT_TRUE(server.start());
  server.signal(GetParam());
  EXPECT_EQ(server.wait_end(), 0) << server.stderr_text();
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=stopped"));
}

INSTANTIATE_TEST_SUITE_P(Townkrierd, EndedBy, ::testing::Values(SIGTERM, SIGINT));

TEST(Townkrierd, FailsWithOneWhenItsPortIsTaken) {
  ServerProcess first;
  ASSERT_TRUE(first.start());
  const std::string port = std::to_string(first.port());
  ServerProcess second(
      {.exact_args = {{"--listen", "127.0.0.1:" + port, "--data-dir", first.data_dir() + "2"}}});
  EXPECT_EQ(second.run_to_end(), 1) << second.stderr_text();
  EXPECT_THAT(second.stderr_text(), HasSubstr(port));
  EXPECT_EQ(HttpClient(first.port()).get("/api/health").status, 200);
}

TEST(Townkrierd, FailsWithOneWhenItsDataIsInUse) {
  ServerProcess first;
  ASSERT_TRUE(first.start());
  ServerProcess second(
      {.exact_args = {{"--listen", "127.0.0.1:0", "--data-dir", first.data_dir()}}});
  EXPECT_EQ(second.run_to_end(), 1) << second.stderr_text();
  EXPECT_THAT(second.stderr_text(), HasSubstr(first.data_dir()));
}

TEST(Townkrierd, FailsWithTwoOnWrongUsage) {
  for (const auto& args : std::vector<std::vector<std::string>>{{"--nonsense"},
                                                                {"--listen"},
                                                                {"--listen", "nowhere"},
                                                                {"--log-level", "loud"},
                                                                {"--demo", "--check-config"},
                                                                {"positional"}}) {
    ServerProcess server({.exact_args = args});
    EXPECT_EQ(server.run_to_end(), 2) << args.front();
    EXPECT_NE(server.stderr_text(), "") << args.front();
  }
}

TEST(Townkrierd, PrintsVersionAndHelp) {
  ServerProcess version({.exact_args = {{"--version"}}});
  EXPECT_EQ(version.run_to_end(), 0);
  EXPECT_THAT(version.stdout_text(), MatchesRegex("townkrierd [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  ServerProcess help({.exact_args = {{"--help"}}});
  EXPECT_EQ(help.run_to_end(), 0);
  for (const char* flag : {"--config", "--listen", "--data-dir", "--demo", "--check-config",
                           "--version", "--log-level"}) {
    EXPECT_THAT(help.stdout_text(), HasSubstr(flag));
  }
}

TEST(Townkrierd, FailsWithOneWhenItsStoreFailsAndKeepsWhatItAcknowledged) {
  constexpr rlim_t kSmallDisk = 2 << 20;
  ServerProcess server({.max_file_bytes = kSmallDisk});
  ASSERT_TRUE(server.start());
  json notification = in_app_notification("42");
  notification["notification"]["in_app"]["message"] = std::string(200'000, 'x');
  notification["options"]["delay"] = 3'600'000;
  std::vector<std::string> acknowledged;
  {
    HttpClient client(server.port());
    HttpResponse last;
    do {
      last = client.post("/api/notifications", notification);
      if (last.status == 202) acknowledged.push_back(last.json().at("id").get<std::string>());
    } while (last.status == 202 && acknowledged.size() * 200'000 < 2 * kSmallDisk);
    EXPECT_NE(last.status, 202);
  }
  EXPECT_EQ(server.wait_end(10s), 1) << server.stderr_text();
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=store_failed"));

  server.options().max_file_bytes = 0;
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  ASSERT_FALSE(acknowledged.empty());
  for (const std::string& id : acknowledged) EXPECT_EQ(client.get("/api/jobs/" + id).status, 200);
}

TEST(Townkrierd, AsksForThePasswordOfItsConfiguration) {
  ServerProcess server({.env = {{"TOWNKRIER_SERVER_AUTH_USERNAME", "admin"},
                                {"TOWNKRIER_SERVER_AUTH_PASSWORD", "correct horse battery"}}});
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  EXPECT_EQ(client.get("/api/stats").status, 401);
  client.authenticate("admin:correct horse battery");
  EXPECT_EQ(client.get("/api/stats").status, 200);
  EXPECT_THAT(server.stderr_text(), HasSubstr("event=config_warning"));
  EXPECT_THAT(server.stderr_text(), ::testing::Not(HasSubstr("correct horse")));
}

/// A server with a webhook channel, and the peer it posts to.
class Hanging : public ::testing::Test {
 protected:
  ServerProcessOptions options(const std::string& drain_timeout) const {
    return {.env = {{"TOWNKRIER_CHANNELS_HOOK_PROVIDERS_0_DRIVER", "webhook"},
                    {"TOWNKRIER_CHANNELS_HOOK_PROVIDERS_0_URL", peer_.url()},
                    {"TOWNKRIER_CHANNELS_HOOK_PROVIDERS_0_ALLOW_PRIVATE", "true"},
                    {"TOWNKRIER_QUEUE_DRAIN_TIMEOUT", drain_timeout}}};
  }

  /// Returns while the delivery hangs.
  void begin_delivery(const ServerProcess& server) {
    HttpClient client(server.port());
    const HttpResponse accepted =
        client.post("/api/notifications", {{"notification", {{"hook", {{"body", {{"n", 1}}}}}}}});
    ASSERT_EQ(accepted.status, 202) << accepted.body << accepted.error;
    ASSERT_TRUE(peer_.wait_requests(1));
  }

  HttpPeer peer_{[](const PeerRequest&, std::size_t number) {
    return number == 0 ? PeerReply::hang() : PeerReply::answer(200);
  }};
};

TEST_F(Hanging, DeliveryIsHandedBackAtTheDrainTimeoutAndDoneAfterARestart) {
  ServerProcess server(options("300ms"));
  ASSERT_TRUE(server.start());
  ASSERT_NO_FATAL_FAILURE(begin_delivery(server));
  EXPECT_EQ(server.terminate(), 0) << server.stderr_text();
  ASSERT_TRUE(server.start());
  ASSERT_TRUE(peer_.wait_requests(2));
  const auto requests = peer_.requests();
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[1].headers.at("webhook-id"));
}

TEST_F(Hanging, DeliveryDoesNotHoldUpASecondSignal) {
  ServerProcess server(options("10m"));
  ASSERT_TRUE(server.start());
  ASSERT_NO_FATAL_FAILURE(begin_delivery(server));
  // Again and again, as those that come together with the first do not count.
  EXPECT_TRUE(eventually([&] {
    server.signal(SIGTERM);
    return !server.running();
  }));
  EXPECT_EQ(server.exit_code(), 1) << server.stderr_text();
}

TEST_F(Hanging, DeliveryGetsItsTimeWhenAWrapperSignalsTwice) {
  ServerProcess server(options("1s"));
  ASSERT_TRUE(server.start());
  ASSERT_NO_FATAL_FAILURE(begin_delivery(server));
  server.signal(SIGTERM);
  server.signal(SIGINT);
  EXPECT_EQ(server.wait_end(), 0) << server.stderr_text();
}

TEST(Townkrierd, ShowsEveryStatusWithinTenSecondsOfItsDemo) {
  ServerProcess server({.args = {"--demo"}});
  ASSERT_TRUE(server.start());
  HttpClient client(server.port());
  std::map<std::string, bool> seen;
  const std::vector<std::string> statuses = {"pending",   "scheduled", "processing", "retrying",
                                             "completed", "failed",    "cancelled"};
  const auto look = [&] {
    const json stats = client.get("/api/stats").json();
    for (const std::string& status : statuses) {
      if (stats.at("queue").at(status).get<int>() > 0) seen[status] = true;
    }
    return seen.size() == statuses.size();
  };
  const bool all = eventually(look, 10s);
  EXPECT_TRUE(all) << json(seen).dump();
  EXPECT_EQ(server.terminate(), 0) << server.stderr_text();
  EXPECT_THAT(server.stderr_text(), ::testing::Not(HasSubstr("example.com")));
}

}  // namespace
}  // namespace townkrier::testing
