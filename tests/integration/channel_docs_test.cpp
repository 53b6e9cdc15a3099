// Every configuration in docs/channels.md is accepted as it stands, and its C++ is the example's.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/script_process.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> blocks(const std::string& text, const std::string& language) {
  std::vector<std::string> out;
  const std::string open = "\n```" + language + "\n";
  for (auto at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const auto begin = at + open.size();
    out.push_back(text.substr(begin, text.find("\n```", begin) + 1 - begin));
  }
  return out;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// A value such as the driver wants.
std::string value_for(const std::string& variable) {
  if (variable.ends_with("_SID")) return "AC" + std::string(32, '0');
  if (variable.ends_with("_URL")) return "https://chat.example.com/hooks/1";
  return "value-for-tests";
}

TEST(ChannelDocs, HoldConfigurationsThatWork) {
  const auto tomls = blocks(read_file(TESTS_DIR "/../docs/channels.md"), "toml");
  ASSERT_GE(tomls.size(), 17U);
  const TempDir dir;
  for (const char* folder : {"templates", "files"}) {
    std::filesystem::create_directories(dir / folder);
  }
  ASSERT_EQ(run_program({"/usr/bin/openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt",
                         "rsa_keygen_bits:2048", "-out", dir / "key.pem"}),
            0);
  std::ofstream(dir / "firebase.json")
      << nlohmann::json{{"project_id", "shop"},
                        {"client_email", "robot@example.com"},
                        {"private_key", read_file(dir / "key.pem")},
                        {"token_uri", "https://oauth2.example.com/token"}};
  for (std::string toml : tomls) {
    std::string command = "env";
    const std::regex variable("env:([A-Z_]+)");
    for (std::sregex_iterator at(toml.begin(), toml.end(), variable), end; at != end; ++at) {
      command += " " + (*at)[1].str() + "=" + value_for((*at)[1].str());
    }
    replace_all(toml, "/etc/townkrier", dir.path());
    replace_all(toml, "/var/lib/townkrier", dir.path());
    std::ofstream(dir / "townkrier.toml") << toml;
    command += " " TOWNKRIERD " --check-config --config " + (dir / "townkrier.toml");
    EXPECT_EQ(std::system((command + " >" + (dir / "output") + " 2>&1").c_str()), 0)
        << toml << read_file(dir / "output");
  }
}

TEST(ChannelDocs, QuoteTheExample) {
  const auto quoted = blocks(read_file(TESTS_DIR "/../docs/channels.md"), "cpp");
  const std::string example = read_file(TESTS_DIR "/../examples/own_provider.cpp");
  ASSERT_FALSE(quoted.empty());
  EXPECT_NE(example.find(quoted[0]), std::string::npos);
}

}  // namespace
}  // namespace townkrier::testing
