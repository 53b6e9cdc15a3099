#include "townkrier/notification_manager.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

ChannelConfig channel(std::string name, std::vector<ProviderConfig> providers = {}) {
  ChannelConfig config;
  config.name = std::move(name);
  config.providers = std::move(providers);
  return config;
}

ProviderConfig smtp(std::string name = {}) {
  return {.driver = "smtp",
          .name = std::move(name),
          .settings = json{{"host", "mail.example.com"}, {"from", "n@example.com"}}};
}

DeliveryOutcome accept(const DeliveryRequest&) {
  return DeliveryOutcome::sent("m-1");
}

/// email-main (smtp), sms (function), in_app, hook (webhook).
void add_usual_channels(NotificationManager& manager) {
  manager.register_channel(channel("email-main", {smtp()}));
  manager.register_channel("sms", accept);
  manager.register_channel(channel("in_app"));
  manager.register_channel(channel(
      "hook",
      {{.driver = "webhook", .name = {}, .settings = json{{"url", "https://example.com/h"}}}}));
}

json email_content() {
  return {{"subject", "s"}, {"text", "t"}};
}
json email_recipient() {
  return {{"email", "user@example.com"}};
}

class Prepare : public ::testing::Test {
 protected:
  void SetUp() override { add_usual_channels(manager_); }

  Result<PreparedNotification> prepare(const json& notification, const json& recipient) {
    return manager_.prepare(json{{"notification", notification}, {"recipient", recipient}});
  }
  std::vector<std::string> pointers(const json& notification, const json& recipient) {
    const auto prepared = prepare(notification, recipient);
    std::vector<std::string> out;
    if (prepared) return out;
    for (const auto& field : prepared.error().fields) out.push_back(field.pointer);
    return out;
  }
  using Pointers = std::vector<std::string>;
  NotificationManager manager_;
};

TEST_F(Prepare, KnowsWhereThePartsAreAndWhatMayBeShown) {
  const JsonText payload =
      json{{"notification",
            {{"via", {"sms", "email"}},
             {"email", {{"subject", "Welcome to the town"}, {"text", "Dear Jane, all is well"}}},
             {"sms", {{"text", "He said: \"\u20ac\""}}}}},
           {"recipient", {{"email", email_recipient()}, {"sms", {{"phone", "+2348012345667"}}}}}};
  const auto prepared = manager_.prepare(payload, ContentPrivacy::kMasked).value();
  ASSERT_EQ(prepared.via, (std::vector<std::string>{"sms", "email-main"}));
  ASSERT_EQ(prepared.parts.size(), 2U);
  const json whole = prepared.payload.value();
  for (std::size_t i = 0; i < 2; ++i) {
    const PayloadPart& at = prepared.parts[i];
    const std::string& text = prepared.payload.text();
    EXPECT_EQ(json::parse(text.substr(at.content_begin, at.content_size)),
              whole["notification"][prepared.via[i]]);
    EXPECT_EQ(json::parse(text.substr(at.recipient_begin, at.recipient_size)),
              whole["recipient"][prepared.via[i]]);
  }
  EXPECT_EQ(prepared.shown[0].recipient, "+23*******67");
  EXPECT_EQ(prepared.shown[1].recipient, "u***@example.com");
  EXPECT_EQ(prepared.shown[1].subject, "Welc***");
  const json masked = prepared.masked.value();
  EXPECT_EQ(masked["notification"]["via"], (json{"sms", "email-main"}));
  EXPECT_EQ(masked["notification"]["email-main"]["subject"], "Welc***");
  EXPECT_EQ(masked["recipient"]["sms"][0]["phone"], "+23*******67");
  EXPECT_EQ(masked.dump().find("Jane"), std::string::npos);
}

TEST_F(Prepare, MasksNothingWhenAllIsPublic) {
  const auto prepared = prepare({{"email", email_content()}}, {{"email", email_recipient()}});
  EXPECT_TRUE(prepared->masked.empty());
  EXPECT_EQ(prepared->shown[0].recipient, "user@example.com");
}

TEST_F(Prepare, NormalisesToConfiguredNamesAndArrays) {
  const auto prepared =
      prepare({{"via", {"email"}}, {"email", email_content()}, {"sms", {{"text", "unused"}}}},
              {{"email", email_recipient()}, {"sms", {{"phone", "+1"}}}});
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->via, std::vector<std::string>{"email-main"});
  EXPECT_EQ(prepared->payload.value(),
            (json{{"notification", {{"via", {"email-main"}}, {"email-main", email_content()}}},
                  {"recipient", {{"email-main", {email_recipient()}}}}}));
}

TEST_F(Prepare, UsesEveryChannelWithContentWhenViaIsAbsent) {
  const json notification{
      {"email", email_content()}, {"hook", {{"body", 1}}}, {"push", {{"title", "x"}}}};
  const json recipient{{"email", email_recipient()}};
  const auto prepared = prepare(notification, recipient);
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->via, (std::vector<std::string>{"email-main", "hook"}));
  json with_empty = notification;
  with_empty["via"] = json::array();
  EXPECT_EQ(prepare(with_empty, recipient)->via, prepared->via);
}

TEST_F(Prepare, NamesAChannelOnce) {
  const auto prepared =
      prepare({{"via", {"email", "email-main", "email"}}, {"email", email_content()}},
              {{"email", email_recipient()}});
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->via.size(), 1U);
}

TEST_F(Prepare, ReportsAnUnknownChannel) {
  const auto prepared = prepare({{"via", {"email", "pigeon"}}, {"email", email_content()}},
                                {{"email", email_recipient()}});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, Errc::kUnknownChannel);
  EXPECT_EQ(prepared.error().fields.at(0).pointer, "/notification/via/1");
}

TEST_F(Prepare, ReportsMissingContentAndRecipient) {
  EXPECT_EQ(pointers({{"via", {"email"}}}, {{"email", email_recipient()}}),
            Pointers{"/notification/email"});
  EXPECT_EQ(pointers({{"via", {"email"}}, {"email", email_content()}}, json::object()),
            Pointers{"/recipient/email"});
  EXPECT_EQ(pointers({{"email", email_content()}}, {{"email", json::array()}}),
            Pointers{"/recipient/email"});
  EXPECT_EQ(pointers(json::object(), json::object()), Pointers{"/notification"});
  EXPECT_EQ(pointers({{"push", {{"title", "x"}}}}, json::object()), Pointers{"/notification"});
  EXPECT_EQ(
      pointers({{"via", "email"}, {"email", email_content()}}, {{"email", email_recipient()}}),
      Pointers{"/notification/via"});
}

TEST_F(Prepare, PointsIntoThePayloadTheCallerWrote) {
  EXPECT_EQ(pointers({{"email", {{"subject", "s"}, {"text", "t"}, {"cc", "bad"}}}},
                     {{"email", {{"email", "bad"}}}}),
            (Pointers{"/notification/email/cc", "/recipient/email/email"}));
  EXPECT_EQ(pointers({{"email-main", email_content()}},
                     {{"email-main", {email_recipient(), {{"email", "bad"}}}}}),
            Pointers{"/recipient/email-main/1/email"});
  EXPECT_EQ(pointers({{"in_app", {{"title", "t"}}}}, {{"in_app", {{"userId", 42}}}}),
            Pointers{"/recipient/in_app/userId"});
}

TEST_F(Prepare, ReportsEveryProblemAtOnce) {
  EXPECT_EQ(pointers({{"email", {{"text", "t"}}}, {"in_app", json::object()}},
                     {{"email", email_recipient()}}),
            (Pointers{"/recipient/in_app", "/notification/email/subject"}));
}

TEST_F(Prepare, NeedsNoRecipientForAWebhook) {
  const auto prepared = prepare({{"hook", {{"body", {{"a", 1}}}}}}, nullptr);
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->payload.value()["recipient"]["hook"], json::array());
}

TEST_F(Prepare, RefusesOtherForms) {
  EXPECT_FALSE(manager_.prepare(json::array()));
  EXPECT_FALSE(manager_.prepare(JsonText{}));
  EXPECT_EQ(pointers("text", json::object()), Pointers{"/notification"});
  EXPECT_EQ(pointers({{"email", email_content()}}, "user@example.com"), Pointers{"/recipient"});
  EXPECT_EQ(pointers({{"template", "welcome"}}, json::object()),
            Pointers{"/notification/template"});
}

TEST(DefaultChannel, TakesANotificationOfATextAlone) {
  NotificationManager manager({.default_channel = "sms", .channels = {}});
  manager.register_channel("sms", accept);
  const auto prepared = manager.prepare(
      json{{"notification", {{"text", "hello"}}}, {"recipient", {{"sms", {{"phone", "+1"}}}}}});
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->payload.value()["notification"]["sms"], (json{{"text", "hello"}}));
}

TEST(Ready, MakesProviderNamesUniqueByNumber) {
  NotificationManager manager;
  manager.register_channel(channel("email", {smtp(), smtp("smtp-2"), smtp()}));
  // The second takes the name that the third would have got.
  ASSERT_TRUE(manager.ready());
  const auto& providers = manager.channels().at(0).providers;
  EXPECT_EQ(providers.at(0)->name(), "smtp");
  EXPECT_EQ(providers.at(1)->name(), "smtp-2");
  EXPECT_EQ(providers.at(2)->name(), "smtp-3");
}

std::string first_key(const Result<void>& result) {
  if (result) return {};
  EXPECT_EQ(result.error().code, Errc::kInvalidConfig);
  return result.error().fields.empty() ? "(none)" : result.error().fields[0].pointer;
}

TEST(Ready, NamesChannelProviderAndKey) {
  NotificationManager manager;
  auto wrong = smtp();
  wrong.settings = json{{"host", "mail.example.com"}, {"from", "n@example.com"}, {"port", 0}};
  manager.register_channel(channel("email", {smtp(), wrong}));
  const auto result = manager.ready();
  EXPECT_EQ(first_key(result), "channels.email.providers.1.port");
  EXPECT_NE(result.error().message.find("channel email, provider smtp-2: /port"), std::string::npos)
      << result.error().message;
}

TEST(Ready, RefusesWrongChannels) {
  const auto key_of = [](std::vector<ChannelConfig> channels) {
    NotificationManager manager({.default_channel = {}, .channels = std::move(channels)});
    return first_key(manager.ready());
  };
  EXPECT_EQ(key_of({channel("sms")}), "channels.sms");
  EXPECT_EQ(key_of({channel("in_app"), channel("in_app")}), "channels.in_app");
  EXPECT_EQ(key_of({channel("a b")}), "channels.a b");
  EXPECT_EQ(key_of({channel("x", {smtp("same"), smtp("same")})}), "channels.x.providers.1.name");
  EXPECT_EQ(key_of({channel("x", {{.driver = "pigeon", .name = {}, .settings = {}}})}),
            "channels.x.providers.0.driver");
}

TEST(Ready, LeavesDisabledChannelsOut) {
  auto off = channel("email", {smtp()});
  off.enabled = false;
  NotificationManager manager({.default_channel = {}, .channels = {off, channel("console")}});
  ASSERT_TRUE(manager.ready());
  ASSERT_EQ(manager.channels().size(), 1U);
  EXPECT_EQ(manager.channels()[0].config.name, "console");
}

TEST(Ready, AsksARegisteredFactoryOfTheChannelsName) {
  NotificationManager manager;
  manager.register_factory("email-resend", create_resend_channel);
  manager.register_channel(channel(
      "email-resend", {{.driver = "email-resend",
                        .name = {},
                        .settings = json{{"api_key", "re_1"}, {"from", "n@example.com"}}}}));
  ASSERT_TRUE(manager.ready());
  EXPECT_EQ(manager.channels().at(0).providers.at(0)->channel_type(), "email");
  EXPECT_TRUE(
      manager.prepare(json{{"notification", {{"via", {"email"}}, {"email", email_content()}}},
                           {"recipient", {{"email", email_recipient()}}}}));
}

struct Everywhere : Notification {
  std::optional<SmsContent> to_sms() const override { return SmsContent{.text = "hello"}; }
  std::optional<InAppContent> to_in_app() const override {
    return InAppContent{.title = "t", .message = "m"};
  }
};

TEST(Send, ReportsEveryChannel) {
  NotificationManager manager;
  manager.register_channel("sms", [](const DeliveryRequest& request) {
    EXPECT_FALSE(request.idempotency_key.empty());
    EXPECT_EQ(request.content.value()["text"], "hello");
    EXPECT_EQ(request.recipient.value()[0]["phone"], "+2348012345678");
    return DeliveryOutcome::permanent("no line to someone@example.com");
  });
  manager.register_channel(channel("in_app"));
  const auto report = manager.send(Everywhere{}, Recipient{}.sms("+2348012345678").in_app("42"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->status, SendReport::Status::kPartial);
  EXPECT_TRUE(report->results.at("in_app").sent);
  EXPECT_FALSE(report->results.at("sms").sent);
  EXPECT_EQ(report->results.at("sms").error.find("someone@"), std::string::npos);
}

TEST(Send, RefusesABadNotificationBeforeAnyChannelSeesIt) {
  NotificationManager manager;
  bool called = false;
  manager.register_channel("sms", [&](const DeliveryRequest&) {
    called = true;
    return DeliveryOutcome::sent();
  });
  manager.register_channel(channel("in_app"));
  const auto report = manager.send(Everywhere{}, Recipient{}.sms("+2348012345678"));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::kInvalidArgument);
  EXPECT_FALSE(called);
}

TEST(Send, GivesInboxRowsToAnAsynchronousCaller) {
  NotificationManager manager;
  manager.register_channel(channel("in_app"));
  auto prepared = manager.prepare(json{{"notification", {{"in_app", {{"title", "t"}}}}},
                                       {"recipient", {{"in_app", {{"userId", "42"}}}}}});
  ASSERT_TRUE(prepared);
  std::vector<InboxMessage> rows;
  manager.send_async(*prepared, Duration{1000},
                     [&](SendReport, std::vector<InboxMessage> inbox) { rows = std::move(inbox); });
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].user_id, "42");
  EXPECT_FALSE(rows[0].id.is_nil());
}

TEST(Send, LeavesAFunctionThatDoesNotReturnInTime) {
  std::mutex mutex;
  std::condition_variable released;
  bool release = false;
  NotificationManager manager;
  manager.register_channel("sms", [&](const DeliveryRequest&) {
    std::unique_lock lock(mutex);
    released.wait(lock, [&] { return release; });
    return DeliveryOutcome::sent();
  });
  struct Sms : Notification {
    std::optional<SmsContent> to_sms() const override { return SmsContent{.text = "x"}; }
  };
  const auto report = manager.send(Sms{}, Recipient{}.sms("+2348012345678"), Duration{50});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, SendReport::Status::kFailed);
  EXPECT_EQ(report->results.at("sms").error, "no answer in time");
  {
    const std::lock_guard lock(mutex);
    release = true;
  }
  released.notify_all();
}

}  // namespace
}  // namespace townkrier
