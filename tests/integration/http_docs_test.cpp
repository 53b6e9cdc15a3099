// The examples of docs/http_api.md, run against a real server.

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/child.hpp"
#include "support/server_world.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {
namespace {

// The ```sh blocks.
std::vector<std::string> examples() {
  std::ifstream file(TESTS_DIR "/../docs/http_api.md");
  std::vector<std::string> all;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
      if (inside) all.emplace_back();
    } else if (inside) {
      all.back() += line + "\n";
    }
  }
  return all;
}

TEST(HttpDocs, EveryExampleWorks) {
  TempDir lists;
  ServerWorld world("[suppressions]\nfile = \"" + (lists / "list") + "\"\n");
  ASSERT_TRUE(world.start());
  const std::string port = std::to_string(world.server->port());
  const auto all = examples();
  EXPECT_GE(all.size(), 8u);
  TempDir directory;
  for (std::string script : all) {
    for (auto at = script.find(":3000"); at != script.npos; at = script.find(":3000")) {
      script.replace(at, 5, ":" + port);
    }
    for (auto at = script.find("curl -s"); at != script.npos; at = script.find("curl -s", at + 9)) {
      script.replace(at, 7, "curl -fs");
    }
    const auto finished =
        run_to_end({.command = {"/bin/bash", "-euo", "pipefail", "-c", script}}, directory.path());
    EXPECT_EQ(finished.code, 0) << script << finished.out << finished.err;
    EXPECT_FALSE(finished.out.empty()) << script;
  }
}

}  // namespace
}  // namespace townkrier::testing
