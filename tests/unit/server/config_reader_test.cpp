#include "server/config_reader.hpp"

#include <gtest/gtest.h>

#include "server/channel_config.hpp"
#include "server/listen_address.hpp"

namespace townkrier::server {
namespace {

TEST(VariableName, JoinsTableAndKeyInCapitals) {
  EXPECT_EQ(variable_name("queue.max_retries"), "TOWNKRIER_QUEUE_MAX_RETRIES");
  EXPECT_EQ(variable_name("queues.mail-out.concurrency"), "TOWNKRIER_QUEUES_MAIL_OUT_CONCURRENCY");
  EXPECT_EQ(variable_name("channels.email.providers.0.host"),
            "TOWNKRIER_CHANNELS_EMAIL_PROVIDERS_0_HOST");
}

TEST(Nearest, FindsATypingErrorAndNothingFarther) {
  const std::vector<std::string> keys = {"max_retries", "timeout", "path"};
  EXPECT_EQ(nearest("max_retrys", keys), "max_retries");
  EXPECT_EQ(nearest("tiemout", keys), "timeout");
  EXPECT_EQ(nearest("colour", keys), std::nullopt);
}

TEST(Nearest, DoesNotReplaceAWholeWord) {
  EXPECT_EQ(nearest("xy", {"ab"}), std::nullopt);
}

TEST(ParseRate, ConvertsToDeliveriesASecond) {
  EXPECT_EQ(parse_rate("100/s"), 100.0);
  EXPECT_EQ(parse_rate("30/m"), 0.5);
  EXPECT_EQ(parse_rate("1.5/s"), 1.5);
  EXPECT_EQ(parse_rate("36/h"), 0.01);
}

TEST(ParseRate, RefusesWhatIsNoRate) {
  for (const char* text : {"", "100", "/s", "100/", "100/d", "0/s", "-1/s", "inf/s", "nan/s",
                           "1e999/s", "100 /s", "100/s ", "x/s"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(ParseListen, TakesHostsAndPorts) {
  EXPECT_EQ(parse_listen("127.0.0.1:3000")->port, 3000);
  EXPECT_EQ(parse_listen("localhost:0")->host, "localhost");
  EXPECT_EQ(parse_listen("[::1]:8080")->host, "::1");
}

TEST(ParseListen, RefusesEverythingElse) {
  for (const char* text : {"", "3000", ":3000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                           "127.0.0.1:-1", "127.0.0.1:http", "::1:3000", "[]:1", "a:1 "}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

TEST(IsLoopback, IsTrueOnlyForThisMachine) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.9.9.9"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_TRUE(is_loopback("localhost"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("::"));
  EXPECT_FALSE(is_loopback("127.0.0.1.example.com"));
  EXPECT_FALSE(is_loopback("10.0.0.1"));
}

}  // namespace
}  // namespace townkrier::server
