#include "channels/webhook_signature.hpp"

#include <gtest/gtest.h>

namespace townkrier {
namespace {

// The example of the Standard Webhooks reference libraries.
TEST(WebhookSignature, AgreesWithThePublishedExample) {
  const auto key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  EXPECT_EQ(webhook_signature(*key, {.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                     .timestamp_seconds = 1614265330,
                                     .body = "{\"test\": 2432232314}"}),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, DependsOnEveryPart) {
  const auto sign = [](std::string_view id, std::int64_t time, std::string_view body) {
    return webhook_signature("key", {.id = id, .timestamp_seconds = time, .body = body});
  };
  const std::string first = sign("a", 1, "b");
  EXPECT_EQ(first, sign("a", 1, "b"));
  EXPECT_NE(first, sign("x", 1, "b"));
  EXPECT_NE(first, sign("a", 2, "b"));
  EXPECT_NE(first, sign("a", 1, "x"));
  EXPECT_NE(first, webhook_signature("yek", {.id = "a", .timestamp_seconds = 1, .body = "b"}));
}

TEST(WebhookKey, TakesPlainTextAsItIs) {
  EXPECT_EQ(webhook_key("plain").value(), "plain");
}

TEST(WebhookKey, RefusesWhatIsNoKeyWithoutRepeatingIt) {
  EXPECT_FALSE(webhook_key(""));
  EXPECT_FALSE(webhook_key("whsec_"));
  const auto key = webhook_key("whsec_n0t*base64");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::kInvalidConfig);
  EXPECT_EQ(key.error().message.find("n0t"), std::string::npos);
}

}  // namespace
}  // namespace townkrier
