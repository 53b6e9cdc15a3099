#include "channels/local_providers.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/channels/fake_transport.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

const char* const kKey = "0190b3a4-7c1e-7abc-8def-0123456789ab";

DeliveryOutcome deliver(Provider& provider, const json& content, const json& recipients,
                        const std::string& key = kKey) {
  DeliveryRequest request;
  request.channel = "here";
  request.idempotency_key = key;
  request.content = content;
  request.recipient = recipients;
  std::optional<DeliveryOutcome> outcome;
  provider.send(std::move(request), [&](DeliveryOutcome got) { outcome = std::move(got); });
  return outcome.value();
}

TEST(Console, WritesOneMaskedLine) {
  std::string written;
  const auto provider =
      make_console_provider("console", [&](std::string_view line) { written += line; });
  const auto outcome =
      deliver(*provider, {{"subject", "Your secret code is\n7712 and nobody may see it"}},
              json::array({{{"email", "someone@example.com"}}}));
  EXPECT_EQ(outcome.kind, Kind::kSent);
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
  EXPECT_TRUE(written.ends_with('\n'));
  EXPECT_NE(written.find("channel=here"), std::string::npos) << written;
  EXPECT_NE(written.find("s***@example.com"), std::string::npos) << written;
  EXPECT_EQ(written.find("someone"), std::string::npos) << written;
  EXPECT_EQ(written.find("7712"), std::string::npos) << written;
}

TEST(Console, NeedsNoRecipient) {
  std::string written;
  const auto provider =
      make_console_provider("console", [&](std::string_view line) { written += line; });
  EXPECT_FALSE(provider->needs_recipient());
  EXPECT_EQ(deliver(*provider, {{"x", 1}}, json::array()).kind, Kind::kSent);
  EXPECT_EQ(written.find("to="), std::string::npos);
  EXPECT_FALSE(provider->check("text", json::array()));
}

std::shared_ptr<Provider> in_app() {
  return make_in_app_provider("in_app", std::make_shared<FixedClock>("2026-01-01T00:00:00.000Z"));
}

TEST(InApp, MakesTheSameRowOnEveryTry) {
  const auto provider = in_app();
  const json content{{"title", "T"},      {"message", "M"}, {"type", "info"},
                     {"actionUrl", "/a"}, {"icon", "i"},    {"data", {{"k", 1}}}};
  const auto outcome = deliver(*provider, content, json::array({{{"userId", "42"}}}));
  ASSERT_EQ(outcome.kind, Kind::kSent);
  ASSERT_TRUE(outcome.inbox);
  EXPECT_EQ(outcome.inbox->id.to_string(), kKey);
  EXPECT_EQ(outcome.inbox->user_id, "42");
  EXPECT_EQ(outcome.inbox->title, "T");
  EXPECT_EQ(outcome.inbox->message, "M");
  EXPECT_EQ(outcome.inbox->type, "info");
  EXPECT_EQ(outcome.inbox->action_url, "/a");
  EXPECT_EQ(outcome.inbox->data.value(), (json{{"k", 1}}));
  EXPECT_EQ(to_iso8601(outcome.inbox->created_at), "2026-01-01T00:00:00.000Z");
  EXPECT_FALSE(outcome.inbox->read);
  EXPECT_EQ(deliver(*provider, content, json::array({{{"userId", "42"}}})).inbox, outcome.inbox);
}

TEST(InApp, ChecksContentAndUser) {
  const auto provider = in_app();
  const json user = json::array({{{"userId", "42"}}});
  const auto pointer = [&](const json& content, const json& recipients) {
    const auto ok = provider->check(content, recipients);
    return ok ? std::string() : ok.error().fields.at(0).pointer;
  };
  EXPECT_EQ(pointer({{"title", "t"}}, user), "");
  EXPECT_EQ(pointer({{"message", "m"}}, user), "");
  EXPECT_EQ(pointer({{"icon", "i"}}, user), "/content");
  EXPECT_EQ(pointer({{"title", 1}, {"message", "m"}}, user), "/content/title");
  EXPECT_EQ(pointer({{"title", "t"}, {"sound", "x"}}, user), "/content/sound");
  EXPECT_EQ(pointer({{"title", "t"}}, json::array()), "/recipient");
  EXPECT_EQ(pointer({{"title", "t"}}, json::array({user[0], user[0]})), "/recipient");
  EXPECT_EQ(pointer({{"title", "t"}}, json::array({{{"email", "a@example.com"}}})),
            "/recipient/0/userId");
}

TEST(InApp, RefusesAKeyThatNamesNoRow) {
  EXPECT_EQ(deliver(*in_app(), {{"title", "t"}}, json::array({{{"userId", "42"}}}), "x").kind,
            Kind::kPermanent);
}

TEST(FunctionChannel, RunsTheFunctionBlocking) {
  const auto provider = make_function_provider("sms", [](const DeliveryRequest& request) {
    return DeliveryOutcome::sent("m-" + request.channel);
  });
  EXPECT_TRUE(provider->blocking());
  EXPECT_EQ(provider->name(), "sms");
  EXPECT_EQ(provider->channel_type(), "sms");
  EXPECT_EQ(deliver(*provider, json::object(), json::array()).message_id, "m-here");
}

TEST(FunctionChannel, TakesAnExceptionForTransient) {
  const auto throwing = make_function_provider(
      "sms",
      [](const DeliveryRequest&) -> DeliveryOutcome { throw std::runtime_error("no line"); });
  const auto outcome = deliver(*throwing, json::object(), json::array());
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error, "no line");
  const auto odd =
      make_function_provider("sms", [](const DeliveryRequest&) -> DeliveryOutcome { throw 7; });
  EXPECT_EQ(deliver(*odd, json::object(), json::array()).kind, Kind::kTransient);
}

}  // namespace
}  // namespace townkrier
