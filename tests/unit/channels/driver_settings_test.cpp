// Wrong settings of the drivers of HTTP APIs, files and SMTP presets: each named by its key.

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "townkrier/providers.hpp"
#include "unit/channels/fake_transport.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

/// The keys at fault, joined by blanks.
std::string wrong_keys(const ProviderFactory& factory, const json& settings) {
  const auto provider = factory(settings, test_environment(std::make_shared<FakeTransport>()));
  std::string out;
  if (provider) return out;
  EXPECT_EQ(provider.error().code, Errc::kInvalidConfig);
  EXPECT_EQ(provider.error().message.find("hush"), std::string::npos) << "shows a secret";
  for (const auto& field : provider.error().fields) out += (out.empty() ? "" : " ") + field.pointer;
  return out;
}

json with(json settings, const json& more) {
  settings.update(more);
  return settings;
}

MailSubmission submission(const json& more) {
  const auto transport = std::make_shared<FakeTransport>();
  const json settings =
      with({{"username", "u"}, {"password", "p"}, {"from", "n@example.com"}}, more);
  const auto provider = create_smtp_channel(settings, test_environment(transport));
  if (!provider) {
    ADD_FAILURE() << provider.error().message;
    return {};
  }
  DeliveryRequest request;
  request.content = json{{"subject", "s"}, {"text", "t"}};
  request.recipient = json::array({{{"email", "user@example.com"}}});
  (*provider)->send(std::move(request), [](DeliveryOutcome) {});
  return std::get<MailSubmission>(transport->transfers.at(0).what);
}

TEST(SmtpPreset, FillsHostPortAndTls) {
  const auto ses = submission({{"preset", "ses"}, {"region", "eu-west-1"}});
  EXPECT_EQ(ses.host, "email-smtp.eu-west-1.amazonaws.com");
  EXPECT_EQ(ses.port, 587);
  EXPECT_EQ(ses.tls, MailTls::kStartTls);
  const auto zoho = submission({{"preset", "zoho"}});
  EXPECT_EQ(zoho.port, 465);
  EXPECT_EQ(zoho.tls, MailTls::kImplicit);
  const auto own = submission({{"preset", "gmail"}, {"host", "mail.example.com"}, {"port", 2525}});
  EXPECT_EQ(own.host, "mail.example.com");
  EXPECT_EQ(own.port, 2525);
}

TEST(SmtpPreset, NamesWhatIsWrong) {
  const json from{{"from", "n@example.com"}};
  const json login = with(from, {{"username", "u"}, {"password", "hush"}});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(login, {{"preset", "ses"}})), "/region");
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(login, {{"preset", "sess"}})), "/preset");
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(login, {{"preset", "gmail"}, {"region", "x"}})),
            "/region");
  EXPECT_EQ(
      wrong_keys(create_smtp_channel, with(login, {{"preset", "ses"}, {"region", "a/../b c"}})),
      "/host");
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(from, {{"preset", "gmail"}})), "/username");
}

TEST(Drivers, AskForTheirSecrets) {
  EXPECT_EQ(wrong_keys(create_postmark_channel, json::object()), "/server_token /from");
  EXPECT_EQ(wrong_keys(create_mailtrap_channel, json::object()), "/api_token /from");
  EXPECT_EQ(wrong_keys(create_termii_channel, json::object()), "/api_key /sender_id");
  EXPECT_EQ(wrong_keys(create_wasender_channel, json::object()), "/api_key");
  EXPECT_EQ(wrong_keys(create_whapi_channel, json::object()), "/token");
  EXPECT_EQ(wrong_keys(create_fcm_channel, json::object()), "/service_account");
  EXPECT_EQ(wrong_keys(create_slack_channel, json::object()), "/url");
  EXPECT_EQ(wrong_keys(create_discord_channel, json::object()), "/url");
  EXPECT_EQ(wrong_keys(create_file_channel, json::object()), "/dir");
  EXPECT_EQ(wrong_keys(create_http_channel, json::object()), "/url");
  for (const auto& [factory, key] : std::vector<std::pair<ProviderFactory, std::string>>{
           {create_wasender_channel, "api_key"},
           {create_whapi_channel, "token"},
           {create_fcm_channel, "service_account"}}) {
    EXPECT_EQ(wrong_keys(factory, {{key, "hush\n"}}), "/" + key);
  }
}

TEST(Drivers, CheckWhatTheirProvidersAskFor) {
  const std::string account = "AC" + std::string(32, '0');
  const json twilio{{"account_sid", account}, {"auth_token", "hush"}, {"from", "+15005550006"}};
  EXPECT_EQ(wrong_keys(create_twilio_channel, twilio), "");
  EXPECT_EQ(wrong_keys(create_twilio_channel, with(twilio, {{"account_sid", "AC1/../x"}})),
            "/account_sid");
  EXPECT_EQ(wrong_keys(create_twilio_channel,
                       with(twilio, {{"messaging_service_sid", "MG" + std::string(32, '0')}})),
            "/from");
  EXPECT_EQ(wrong_keys(create_twilio_channel, {{"auth_token", "hush"}}), "/account_sid /from");
  const json termii{{"api_key", "hush"}, {"sender_id", "Shop"}};
  EXPECT_EQ(wrong_keys(create_termii_channel, with(termii, {{"sender_id", "ab"}})), "/sender_id");
  EXPECT_EQ(wrong_keys(create_termii_channel, with(termii, {{"route", "fast"}})), "/route");
  EXPECT_EQ(wrong_keys(create_slack_channel, {{"url", "http://example.com/x"}}), "/url");
  EXPECT_EQ(wrong_keys(create_slack_channel, {{"url", "https://169.254.169.254/x"}}), "/url");
  EXPECT_EQ(wrong_keys(create_slack_channel,
                       {{"url", "https://example.com/x"}, {"base_url", "https://example.com"}}),
            "/base_url");
}

TEST(HttpDriver, NamesEveryWrongKey) {
  const json base{{"url", "https://example.com/send"}};
  const auto keys = [&](const json& more) {
    return wrong_keys(create_http_channel, with(base, more));
  };
  EXPECT_EQ(keys(json::object()), "");
  EXPECT_EQ(keys({{"url", "https://{{recipient.host}}/"}}), "/url");
  EXPECT_EQ(keys({{"url", "https://example.com{{content.a}}"}}), "/url");
  EXPECT_EQ(keys({{"url", "https://example.com/{{"}}), "/url");
  EXPECT_EQ(keys({{"method", "DELETE"}}), "/method");
  EXPECT_EQ(keys({{"method", "GET"}, {"body", "x"}}), "/body");
  EXPECT_EQ(keys({{"body", "x"}, {"json", json::object()}}), "/body");
  EXPECT_EQ(keys({{"json", {{"a", {{{"b", "{{#x}}"}}}}}}}), "/json/a/0/b");
  EXPECT_EQ(keys({{"form", {{"a", {1}}}}}), "/form/a");
  EXPECT_EQ(keys({{"headers", {{"Host", "x"}, {"X Y", "x"}, {"X-A", "hush\r\nX: y"}}}}),
            "/headers/Host /headers/X Y /headers/X-A");
  EXPECT_EQ(keys({{"message_id", "data.id"}}), "/message_id");
  EXPECT_EQ(keys({{"transient", {{{"a", 1}}}}}), "/transient/0");
  EXPECT_EQ(keys({{"sent_if", {{"ok", true}}}}), "/sent_if/ok");
  EXPECT_EQ(keys({{"recipients", "some"}}), "/recipients");
  EXPECT_EQ(keys({{"json", {{"a", "{{> x}}"}}}}), "/json/a");
}

TEST(HttpDriver, FindsAMissingValueBeforeItSends) {
  const auto transport = std::make_shared<FakeTransport>();
  const auto provider =
      create_http_channel(
          {{"url", "https://example.com/"}, {"type", "any"}, {"json", {{"a", "{{content.a}}"}}}},
          test_environment(transport))
          .value();
  const json to = json::array({{{"id", 1}}});
  EXPECT_TRUE(provider->check({{"a", 1}}, to));
  EXPECT_EQ(provider->check({{"b", 1}}, to).error().message,
            "/content: json/a:1: the context has no \"content.a\"");
  EXPECT_FALSE(provider->check({{"a", 1}}, json::array()));
}

}  // namespace
}  // namespace townkrier
