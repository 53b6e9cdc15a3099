// The examples run as their comments say.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/http_peer.hpp"
#include "support/temp_dir.hpp"

namespace townkrier::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Finished {
  int status = -1;
  std::string output;
};

/// Runs an example in a directory of its own, for at most 30 s.
Finished run(const TempDir& dir, const std::string& command) {
  const std::string line = "cd '" + dir.path() + "' && timeout 30 env -u RESEND_BASE_URL " +
                           command + " >output 2>&1 </dev/null";
  Finished result;
  result.status = std::system(line.c_str());
  std::ostringstream text;
  text << std::ifstream(dir / "output").rdbuf();
  result.output = text.str();
  return result;
}

TEST(Examples, EmbedDeliversOneNotification) {
  const TempDir dir;
  const Finished embed = run(dir, EXAMPLES_DIR "/embed");
  EXPECT_EQ(embed.status, 0) << embed.output;
  EXPECT_THAT(embed.output, HasSubstr("Welcome!"));
  EXPECT_TRUE(std::filesystem::is_directory(dir / "townkrier-data"));
}

TEST(Examples, CompleteSendsOneAtOnceOneInTheBackgroundAndKeepsOneForLater) {
  HttpPeer resend(PeerReply::answer(200, R"({"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"})"));
  const TempDir dir;
  const Finished complete = run(dir, "RESEND_API_KEY=re_test RESEND_BASE_URL=" + resend.url("") +
                                         " " EXAMPLES_DIR "/complete --seconds 3 --port 0");
  EXPECT_EQ(complete.status, 0) << complete.output;
  EXPECT_THAT(complete.output, HasSubstr("/dashboard to monitor!"));
  EXPECT_THAT(complete.output, HasSubstr("49a3999c"));
  EXPECT_THAT(complete.output, HasSubstr("completed 1, failed 0, retrying 0, scheduled 1"));
  const auto requests = resend.requests();
  ASSERT_EQ(requests.size(), 2u);
  for (const PeerRequest& request : requests) {
    EXPECT_EQ(request.line, "POST /emails HTTP/1.1");
    EXPECT_EQ(request.headers.at("authorization"), "Bearer re_test");
    const auto mail = nlohmann::json::parse(request.body);
    EXPECT_EQ(mail.at("subject"), "Welcome!");
    EXPECT_EQ(mail.at("html"), "<h1>Welcome!</h1>");
  }
}

TEST(Examples, CompleteSaysWhenTheServiceRefuses) {
  HttpPeer resend(PeerReply::answer(422, R"({"statusCode":422,"name":"validation_error"})"));
  const TempDir dir;
  const Finished complete = run(dir, "RESEND_API_KEY=re_test RESEND_BASE_URL=" + resend.url("") +
                                         " " EXAMPLES_DIR "/complete --seconds 3 --port 0");
  EXPECT_EQ(complete.status, 0) << complete.output;
  EXPECT_THAT(complete.output, HasSubstr("completed 0, failed 1, retrying 0, scheduled 1"));
  EXPECT_THAT(complete.output, Not(HasSubstr("user@example.com")));
}

TEST(Examples, OwnProviderPages) {
  const TempDir dir;
  const Finished pager = run(dir, EXAMPLES_DIR "/own_provider");
  EXPECT_EQ(pager.status, 0) << pager.output;
  EXPECT_EQ(pager.output, "page 7: the disk is full\n");
}

}  // namespace
}  // namespace townkrier::testing
