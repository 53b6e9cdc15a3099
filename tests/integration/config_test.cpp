// `townkrierd --check-config` on real files: exit codes, and messages with file, line and key.

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/server_process.hpp"

namespace townkrier::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Checked {
  std::optional<int> exit_code;
  std::string out;
  std::string err;
};

class CheckConfig : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = dir_ / name;
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  Checked check(const std::string& text, std::map<std::string, std::string> env = {}) {
    return run({"--check-config", "--config", write("townkrier.toml", text)}, std::move(env));
  }

  Checked run(std::vector<std::string> args, std::map<std::string, std::string> env = {}) {
    ServerProcess server({.env = std::move(env), .exact_args = std::move(args)});
    Checked result;
    result.exit_code = server.run_to_end();
    result.out = server.stdout_text();
    result.err = server.stderr_text();
    return result;
  }

  std::string file() const { return dir_ / "townkrier.toml"; }

  TempDir dir_;
};

TEST_F(CheckConfig, AcceptsTheDefaultsWithoutAFile) {
  const Checked checked = run({"--check-config"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.err, IsEmpty());
}

TEST_F(CheckConfig, AcceptsAFileWithEveryBundledDriver) {
  const Checked checked = check(R"(
[storage]
path = "/nowhere/is/not/opened"
[channels.console]
[channels.in_app]
[channels.email]
[[channels.email.providers]]
driver = "smtp"
host = "127.0.0.1"
port = 2525
from = "TownKrier <notifications@example.com>"
[[channels.email.providers]]
driver = "resend"
api_key = "env:RESEND_API_KEY"
from = "TownKrier <notifications@example.com>"
[channels.hook]
[[channels.hook.providers]]
driver = "webhook"
url = "https://example.com/hooks/townkrier"
)",
                                {{"RESEND_API_KEY", "re_123"}});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.err, IsEmpty());
}

TEST_F(CheckConfig, NamesFileLineAndKeyOfEveryProblem) {
  const Checked checked = check("[queue]\nmax_retries = 2000\n[storage]\nengin = \"memory\"\n");
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_EQ(checked.err, file() + ":2: queue.max_retries: must be from 0 to 1000\n" + file() +
                             ":4: storage.engin: unknown key; did you mean \"engine\"?\n");
  EXPECT_THAT(checked.out, IsEmpty());
}

TEST_F(CheckConfig, PutsADriversComplaintsOnTheirLines) {
  const Checked checked = check(
      "[[channels.email.providers]]\ndriver = \"smtp\"\nhost = \"127.0.0.1\"\nport = \"x\"\n"
      "from = \"notifications@example.com\"\n"
      "[[channels.email.providers]]\ndriver = \"smtp\"\nhost = \"127.0.0.1\"\n"
      "from = \"notifications@example.com\"\nprot = 25\n");
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr(file() + ":4: channels.email.providers.0.port: "));
  EXPECT_THAT(checked.err, HasSubstr(file() + ":10: channels.email.providers.1.prot: "));
}

TEST_F(CheckConfig, RefusesADriverThatDoesNotExist) {
  const Checked checked = check("[[channels.email.providers]]\n\ndriver = \"pigeon\"\n");
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr(file() + ":3: channels.email.providers.0.driver: "));
}

TEST_F(CheckConfig, RefusesAChannelWithoutAProvider) {
  const Checked checked = check("[channels.email]\nconcurrency = 2\n");
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr(file() + ":1: channels.email: "));
}

TEST_F(CheckConfig, ReadsASecretFromAFileWithoutItsLineBreak) {
  const std::string secret = write("hash", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA\n");
  const Checked checked =
      check("[server.auth]\nusername = \"admin\"\npassword_hash = \"file:" + secret + "\"\n");
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.err, IsEmpty());
}

TEST_F(CheckConfig, WarnsAboutASecretThatEverybodyCanRead) {
  const std::string secret = write("password", "correct horse battery", 0644);
  const Checked checked =
      check("[server.auth]\nusername = \"admin\"\npassword = \"file:" + secret + "\"\n");
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.err, HasSubstr("warning: " + file() + ":3: server.auth.password: " + secret +
                                     " can be read by everybody"));
  EXPECT_THAT(checked.err, Not(HasSubstr("correct horse")));
}

TEST_F(CheckConfig, RefusesAnotherAddressThanLoopbackWithoutAuth) {
  const Checked checked = run({"--check-config", "--listen", "0.0.0.0:3000"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr("--listen: server.listen: "));
}

TEST_F(CheckConfig, RefusesAnUnknownVariable) {
  const Checked checked = run({"--check-config"}, {{"TOWNKRIER_QUEUE_RETRIES", "3"}});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr("TOWNKRIER_QUEUE_RETRIES: unknown variable"));
}

TEST_F(CheckConfig, TakesTheFileFromTheEnvironment) {
  const std::string path = write("other.toml", "[queue]\njitter = 7\n");
  const Checked checked = run({"--check-config"}, {{"TOWNKRIER_CONFIG", path}});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, HasSubstr(path + ":2: queue.jitter: "));
}

TEST_F(CheckConfig, RefusesAFileThatIsNotThere) {
  const Checked checked = run({"--check-config", "--config", dir_ / "none.toml"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_EQ(checked.err, "cannot read " + (dir_ / "none.toml") + ": No such file or directory\n");
}

}  // namespace
}  // namespace townkrier::testing
