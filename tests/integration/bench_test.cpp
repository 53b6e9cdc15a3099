// townkrier-bench runs every scenario and says what it measured; how fast that was is not asked.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Finished {
  int exit_code = -1;
  std::string output;
  std::string errors;
};

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Runs a command in a directory for at most two minutes.
Finished run(const TempDir& dir, const std::string& command) {
  const std::string line =
      "cd '" + dir.path() + "' && timeout 120 " + command + " >output 2>errors </dev/null";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(dir / "output"),
          content(dir / "errors")};
}

Finished bench(const TempDir& dir, const std::string& arguments) {
  return run(dir, TOWNKRIER_BENCH " " + arguments);
}

constexpr const char* kTiny = " --jobs 40 --depths 40,80 --seconds 0.2 --rate 100 --durability os";

void check_percentiles(const json& percentiles) {
  EXPECT_EQ(percentiles.at("unit"), "ms");
  EXPECT_GT(percentiles.at("count"), 0);
  double before = 0;
  for (const char* name : {"p50", "p90", "p99", "p99.9", "max"}) {
    EXPECT_GE(percentiles.at(name).get<double>(), before) << name;
    before = percentiles.at(name);
  }
}

void check_result(const json& result, const std::string& scenario) {
  EXPECT_EQ(result.at("scenario"), scenario);
  EXPECT_GE(result.at("value").get<double>(), 0);
  EXPECT_GT(result.at("jobs"), 0);
  EXPECT_GE(result.at("otherCores").get<double>(), 0);
  EXPECT_THAT((std::vector<std::string>{"jobs/s", "attempts/s", "jobs", "ms", "MB"}),
              ::testing::Contains(result.at("unit").get<std::string>()));
  if (result.contains("percentiles")) check_percentiles(result["percentiles"]);
  if (!result.contains("limit")) return;
  EXPECT_FALSE(result["limit"].at("name").get<std::string>().empty());
  EXPECT_GT(result["limit"].at("value").get<double>(), 0);
  EXPECT_TRUE(result.at("ratio").is_number());
}

class BenchScenario : public ::testing::TestWithParam<const char*> {};

TEST_P(BenchScenario, SaysWhatItMeasuredAndLeavesNothing) {
  const TempDir dir;
  const Finished finished = bench(dir, std::string(GetParam()) + kTiny + " --json -");
  ASSERT_EQ(finished.exit_code, 0) << finished.errors;
  const json answer = json::parse(finished.output);
  EXPECT_EQ(answer.at("program"), "townkrier-bench");
  for (const char* key : {"cpu", "cores", "memoryMb", "kernel", "fileSystem", "compiler"}) {
    EXPECT_TRUE(answer.at("machine").contains(key)) << key;
  }
  EXPECT_EQ(answer.at("options").at("durability"), "os");
  ASSERT_FALSE(answer.at("results").empty());
  for (const json& result : answer["results"]) check_result(result, GetParam());
  EXPECT_EQ(finished.errors, "");
  for (const auto& left : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_FALSE(left.is_directory()) << left.path();
  }
}

INSTANTIATE_TEST_SUITE_P(All, BenchScenario,
                         ::testing::Values("enqueue-single", "enqueue-concurrent", "enqueue-bulk",
                                           "drain", "end-to-end", "latency", "scheduled-burst",
                                           "retry-storm", "mixed-priorities", "hung-channel",
                                           "outgoing", "queries", "restart", "depth",
                                           "depth-retrying", "http-enqueue", "http-batch"),
                         [](const auto& scenario) {
                           std::string name = scenario.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Bench, MeasuresTheLatenessOfAJobASecond) {
  const TempDir dir;
  const Finished finished = bench(dir, "scheduled-steady --jobs 2 --seconds 0.2 --json -");
  ASSERT_EQ(finished.exit_code, 0) << finished.errors;
  check_result(json::parse(finished.output).at("results").at(0), "scheduled-steady");
}

TEST(Bench, RunsJobsOfAnOwnKindAndBlockingChannels) {
  const TempDir dir;
  for (const char* how : {"--kind job", "--handler blocking --workers 2"}) {
    const Finished finished = bench(dir, std::string("drain ") + how + kTiny + " --json -");
    ASSERT_EQ(finished.exit_code, 0) << how << ": " << finished.errors;
    check_result(json::parse(finished.output).at("results").at(0), "drain");
  }
}

TEST(Bench, ListsEveryScenarioInALine) {
  const TempDir dir;
  const Finished listed = bench(dir, "--list");
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_THAT(listed.output, AllOf(HasSubstr("* drain "), HasSubstr("  depth-retrying ")));
}

TEST(Bench, RefusesWhatItDoesNotUnderstand) {
  const TempDir dir;
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"no-such-scenario", "no-such-scenario"},
      {"--jobs 0", "--jobs"},
      {"--jobs -1", "--jobs"},
      {"--durability maybe", "maybe"},
      {"--rate fast", "--rate"},
      {"--seconds 0", "--seconds"},
      {"--payload-bytes 0", "--payload-bytes"},
      {"--depths 10,x", "--depths"},
      {"--outstanding 0", "--outstanding"},
      {"--dir /no/such/directory", "--dir"},
      {"--kind letter", "letter"},
      {"--server ftp://example.com http-enqueue", "--server"},
      {"--server http://127.0.0.1:3000 drain", "drain"},
      {"--no-such-option", "--no-such-option"},
  };
  for (const auto& [arguments, named] : wrong) {
    const Finished refused = bench(dir, arguments);
    EXPECT_EQ(refused.exit_code, 2) << arguments;
    EXPECT_THAT(refused.errors, HasSubstr(named)) << arguments;
  }
}

TEST(Bench, AppendsALineForEachFigure) {
  const TempDir dir;
  for (int round = 0; round < 2; ++round) {
    const Finished finished = bench(dir, std::string("latency --jsonl lines --peer me") + kTiny);
    ASSERT_EQ(finished.exit_code, 0) << finished.errors;
  }
  std::istringstream lines(content(dir / "lines"));
  std::vector<std::string> scenarios;
  for (std::string line; std::getline(lines, line);) {
    const json one = json::parse(line);
    EXPECT_EQ(one.at("peer"), "me");
    for (const char* key : {"jobs", "seconds", "p50_ms", "p99_ms"}) {
      EXPECT_TRUE(one.at(key).is_number()) << key;
    }
    scenarios.push_back(one.at("scenario"));
  }
  EXPECT_THAT(scenarios, ::testing::ElementsAre("latency", "latency-from-call", "latency",
                                                "latency-from-call"));
}

TEST(Bench, ShowsTwoFilesOfLinesInOneTable) {
  const TempDir dir;
  std::ofstream(dir / "ours") << R"({"peer":"townkrier","scenario":"drain","jobs":10,"seconds":1,)"
                                 R"("jobs_per_s":10,"p50_ms":null,"p99_ms":null})"
                              << "\n";
  std::ofstream(dir / "theirs")
      << R"({"peer":"other","scenario":"process","jobs":20,"seconds":1,"jobs_per_s":20})"
      << "\n"
      << R"({"peer":"other","scenario":"e2e-latency","jobs":9,"p50_ms":1.5,"p99_ms":2.5})"
      << "\n";
  const Finished compared = run(dir, COMPARE_PEERS " ours theirs");
  ASSERT_EQ(compared.exit_code, 0) << compared.errors;
  EXPECT_THAT(compared.output, AllOf(HasSubstr("| drain | 10.0/s | 20.0/s |"),
                                     HasSubstr("| latency | - | 1.50 / 2.50 ms |")));
}

TEST(Bench, LoadsARunningServer) {
  ServerProcess server;
  ASSERT_NO_FATAL_FAILURE(server.start());
  const TempDir dir;
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
  const Finished finished =
      bench(dir, "enqueue-single,enqueue-bulk,http-enqueue --json - --server " + url + kTiny);
  ASSERT_EQ(finished.exit_code, 0) << finished.errors;
  const json answer = json::parse(finished.output);
  EXPECT_EQ(answer.at("options").at("remote"), true);
  EXPECT_THAT(answer.at("results"), SizeIs(3));
}

TEST(Bench, SaysWhenTheServerDoesNotAnswer) {
  const TempDir dir;
  const Finished finished = bench(dir, "http-enqueue --server http://127.0.0.1:1");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.errors, HasSubstr("cannot connect to 127.0.0.1:1"));
}

}  // namespace
}  // namespace townkrier::testing
