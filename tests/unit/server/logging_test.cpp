#include "server/logging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace townkrier::server {
namespace {

TEST(EscapeControls, KeepsALineOneLine) {
  EXPECT_EQ(escape_controls("a\nlevel=error forged\r\t"), "a\\nlevel=error forged\\r\\t");
  EXPECT_EQ(escape_controls(std::string("\x1b[31m\x7f\0", 7)), "\\x1b[31m\\x7f\\x00");
}

TEST(EscapeControls, KeepsTextOfOtherLanguagesButNotC1Controls) {
  EXPECT_EQ(escape_controls("Zürich 東京 €"), "Zürich 東京 €");
  EXPECT_EQ(escape_controls("\xc2\x9b"
                            "2J"),
            "\\x9b2J");
}

TEST(LogValue, QuotesWhatWouldReadAsMoreThanOneValue) {
  EXPECT_EQ(log_value("plain"), "plain");
  EXPECT_EQ(log_value(""), "\"\"");
  EXPECT_EQ(log_value("two words"), "\"two words\"");
  EXPECT_EQ(log_value("a=b"), "\"a=b\"");
  EXPECT_EQ(log_value("say \"hi\"\\\n"), "\"say \\\"hi\\\"\\\\\\n\"");
}

TEST(ParseLogLevel, KnowsTheFourLevels) {
  EXPECT_EQ(parse_log_level("debug"), LogLevel::kDebug);
  EXPECT_EQ(parse_log_level("error"), LogLevel::kError);
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

TEST(Log, WritesTimeLevelAndLineFromItsLevelOn) {
  ::testing::internal::CaptureStderr();
  {
    Log log(LogLevel::kWarning);
    log.info("event=quiet");
    log.sink()(LogLevel::kWarning, "event=loud detail={}\nsecond");
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, ::testing::MatchesRegex("time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z "
                                            "level=warning event=loud detail=\\{\\}\\\\nsecond\n"));
}

}  // namespace
}  // namespace townkrier::server
