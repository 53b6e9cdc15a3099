// Clients of the API against a real server: the operator's command and the Python file.

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/child.hpp"
#include "support/server_world.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {
namespace {

using ::testing::HasSubstr;

const std::string kLine =
    R"({"notification":{"in_app":{"title":"Hello","message":"Hello"}},"recipient":{"in_app":{"userId":"42"}}})";

class Clients : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(world_.start()); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(world_.server->port()); }
  std::string file(const std::string& name, const std::string& content) {
    const std::string path = directory_ / name;
    std::ofstream(path) << content;
    return path;
  }
  Finished run(std::vector<std::string> command) {
    return run_to_end({.command = std::move(command)}, directory_.path());
  }
#ifdef TOWNKRIER_CLI
  Finished cli(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {TOWNKRIER_CLI, "--server", url()});
    return run(std::move(arguments));
  }
  Json cli_json(std::vector<std::string> arguments, int code = 0) {
    arguments.push_back("--json");
    const auto finished = cli(std::move(arguments));
    EXPECT_EQ(finished.code, code) << finished.out << finished.err;
    return Json::parse(finished.out, nullptr, false);
  }
#endif

  ServerWorld world_{""};
  TempDir directory_;
};

TEST_F(Clients, ThePythonFilePassesItsTests) {
  const auto finished =
      run({"/usr/bin/python3", "-B", CLIENTS_DIR "/python/test_townkrier.py", url()});
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
}

#ifdef TOWNKRIER_CLI
TEST_F(Clients, TheCommandEnqueuesLinesAndNamesRefusedOnes) {
  const std::string lines = file("lines", kLine + "\n\n" + kLine + "\n{\"notification\":{}}\n");
  const Json answer = cli_json({"enqueue", lines}, 1);
  EXPECT_EQ(answer.at("accepted"), 2);
  EXPECT_EQ(answer.at("rejected").at(0).at("line"), 4);
  EXPECT_TRUE(eventually([&] { return cli_json({"stats"}).at("queue").at("completed") == 2; }));
  const Json jobs = cli_json({"jobs", "--status", "completed", "--status", "failed"});
  EXPECT_EQ(jobs.at("jobs").size(), 2u);
  EXPECT_EQ(jobs.at("total"), 2);
  EXPECT_EQ(cli_json({"logs", "--channel", "in_app"}).at("logs").size(), 2u);
}

TEST_F(Clients, TheCommandActsOnAJob) {
  EXPECT_THAT(cli({"pause", "default"}).out, HasSubstr("paused"));
  const Json job = cli_json({"send", "--queue", file("one", kLine)});
  const std::string id = job.at("id");
  EXPECT_THAT(cli({"cancel", id}).out, HasSubstr("Job cancelled"));
  EXPECT_EQ(cli_json({"job", id}).at("status"), "cancelled");
  EXPECT_EQ(cli({"retry", id}).code, 0);
  EXPECT_EQ(cli({"delete", id}).code, 0);
  const auto gone = cli({"job", id});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, HasSubstr("townkrier: "));
  EXPECT_EQ(cli_json({"resume", "default"}).at("paused"), false);
  EXPECT_THAT(cli({"queues"}).out, HasSubstr("default"));
}

TEST_F(Clients, TheCommandSendsNowAndWatches) {
  EXPECT_EQ(cli_json({"send", file("one", kLine)}).at("status"), "success");
  const auto watched = cli({"watch", "--count", "2", "--interval", "100", "--json"});
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(std::ranges::count(watched.out, '\n'), 2);
  EXPECT_THAT(cli({"watch", "--count", "1"}).out, HasSubstr("pending 0"));
}

TEST_F(Clients, TheCommandSaysWhatTheServerRefused) {
  const auto refused = cli({"jobs", "--status", "done"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("status"));
  const auto nobody = run({TOWNKRIER_CLI, "--server", "http://127.0.0.1:9", "stats"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("http://127.0.0.1:9"));
}
#endif

}  // namespace
}  // namespace townkrier::testing
