#include "townkrier/providers.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "channels/webhook_signature.hpp"
#include "unit/channels/fake_transport.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;
using Pointers = std::vector<std::string>;

Pointers wrong_keys(const ProviderFactory& factory, const json& settings) {
  const auto provider = factory(settings, test_environment(std::make_shared<FakeTransport>()));
  Pointers out;
  if (provider) return out;
  EXPECT_EQ(provider.error().code, Errc::kInvalidConfig);
  for (const auto& field : provider.error().fields) out.push_back(field.pointer);
  return out;
}

const json kSmtp{{"host", "mail.example.com"}, {"from", "TownKrier <n@example.com>"}};
const json kWebhook{{"url", "https://example.com/hook"}};
const json kResend{{"api_key", "re_1"}, {"from", "n@example.com"}};

json with(json settings, const json& more) {
  settings.update(more);
  return settings;
}

TEST(SmtpSettings, NameEveryWrongKey) {
  EXPECT_EQ(wrong_keys(create_smtp_channel, kSmtp), Pointers{});
  EXPECT_EQ(wrong_keys(create_smtp_channel, json::object()), (Pointers{"/host", "/from"}));
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"port", 0}})), Pointers{"/port"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"port", "25"}})), Pointers{"/port"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"tls", "maybe"}})), Pointers{"/tls"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"hots", "x"}})), Pointers{"/hots"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"username", "x"}})),
            Pointers{"/password"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"host", "a/b@c"}})), Pointers{"/host"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"from", "nobody"}})), Pointers{"/from"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"timeout", "1ms"}})),
            Pointers{"/timeout"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"timeout", 1.5}})), Pointers{"/timeout"});
  EXPECT_EQ(wrong_keys(create_smtp_channel, with(kSmtp, {{"ca_file", "/no/such/file"}})),
            Pointers{"/ca_file"});
}

TEST(WebhookSettings, NameEveryWrongKey) {
  EXPECT_EQ(wrong_keys(create_webhook_channel, kWebhook), Pointers{});
  EXPECT_EQ(wrong_keys(create_webhook_channel, json::object()), Pointers{"/url"});
  for (const char* url : {"ftp://example.com", "example.com", "https://", "http://example.com",
                          "https://user:pass@example.com/", "file:///etc/passwd"}) {
    EXPECT_EQ(wrong_keys(create_webhook_channel, {{"url", url}}), Pointers{"/url"}) << url;
  }
  EXPECT_EQ(wrong_keys(create_webhook_channel, with(kWebhook, {{"secret", "whsec_*"}})),
            Pointers{"/secret"});
  EXPECT_EQ(
      wrong_keys(create_webhook_channel,
                 with(kWebhook, {{"headers", {{"A b", "x"}, {"Host", "x"}, {"X", "a\r\nb"}}}})),
      (Pointers{"/headers/A b", "/headers/Host", "/headers/X"}));
  EXPECT_EQ(wrong_keys(create_webhook_channel, with(kWebhook, {{"allow_private", "yes"}})),
            Pointers{"/allow_private"});
}

TEST(WebhookSettings, RefusePrivateAddressesInEverySpelling) {
  for (const char* host : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]",
                           "0x7f.1", "2130706433", "0177.0.0.1", "127.1"}) {
    const std::string url = "https://" + std::string(host) + "/";
    EXPECT_EQ(wrong_keys(create_webhook_channel, {{"url", url}}), Pointers{"/url"}) << host;
    EXPECT_EQ(wrong_keys(create_webhook_channel, {{"url", url}, {"allow_private", true}}),
              Pointers{})
        << host;
  }
}

TEST(ResendSettings, NameEveryWrongKey) {
  EXPECT_EQ(wrong_keys(create_resend_channel, kResend), Pointers{});
  EXPECT_EQ(wrong_keys(create_resend_channel, json::object()), (Pointers{"/api_key", "/from"}));
  EXPECT_EQ(wrong_keys(create_resend_channel, with(kResend, {{"api_key", "a\r\nb"}})),
            Pointers{"/api_key"});
  EXPECT_EQ(wrong_keys(create_resend_channel, with(kResend, {{"base_url", "http://example.com"}})),
            Pointers{"/base_url"});
  EXPECT_EQ(wrong_keys(create_resend_channel, with(kResend, {{"apiKey", "x"}})),
            Pointers{"/apiKey"});
}

TEST(LocalSettings, AreNone) {
  EXPECT_EQ(wrong_keys(create_console_channel, json::object()), Pointers{});
  EXPECT_EQ(wrong_keys(create_console_channel, {{"colour", "red"}}), Pointers{"/colour"});
  EXPECT_EQ(wrong_keys(create_in_app_channel, {{"x", 1}}), Pointers{"/x"});
}

TEST(Settings, NeverShowASecretInAnError) {
  for (const auto& [factory, settings] : std::vector<std::pair<ProviderFactory, json>>{
           {create_smtp_channel, with(kSmtp, {{"username", "u"}, {"password", "hush\n"}})},
           {create_webhook_channel, with(kWebhook, {{"secret", "whsec_hush*"}})},
           {create_webhook_channel, {{"url", "https://u:hush@example.com"}}},
           {create_resend_channel, with(kResend, {{"api_key", "hush\n"}})}}) {
    const auto provider = factory(settings, test_environment(std::make_shared<FakeTransport>()));
    ASSERT_FALSE(provider);
    EXPECT_EQ(provider.error().message.find("hush"), std::string::npos) << provider.error().message;
  }
}

/// A provider on a fake transport, with one request sent.
struct Sent {
  Sent(const ProviderFactory& factory, const json& settings, const json& content,
       const json& recipients = json::array()) {
    provider = factory(settings, test_environment(transport)).value();
    DeliveryRequest request;
    request.idempotency_key = "key-1";
    request.content = content;
    request.recipient = recipients;
    request.timeout = Duration{7000};
    provider->send(std::move(request), [this](DeliveryOutcome got) { outcome = std::move(got); });
  }
  /// An open transfer keeps its provider, and that keeps the transport.
  ~Sent() { transport->transfers.clear(); }
  const Transfer& transfer() const { return transport->transfers.at(0); }
  const HttpCall& post() const { return std::get<HttpCall>(transfer().what); }

  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  std::shared_ptr<Provider> provider;
  std::optional<DeliveryOutcome> outcome;
};

std::string header(const HttpCall& post, std::string_view name) {
  for (const auto& [key, value] : post.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(Webhook, SignsExactlyWhatItSends) {
  const Sent sent(create_webhook_channel, with(kWebhook, {{"secret", "plain"}}),
                  {{"body", {{"a", 1}}}});
  const HttpCall& post = sent.post();
  EXPECT_EQ(header(post, "webhook-timestamp"), "1767225600");
  EXPECT_EQ(header(post, "webhook-signature"),
            webhook_signature("plain", {"key-1", 1767225600, post.body}));
  EXPECT_EQ(sent.transfer().addresses, AddressPolicy::kPublicOnly);
  EXPECT_EQ(sent.transfer().timeout, Duration{7000});
}

TEST(Webhook, SignsNothingWithoutASecret) {
  const Sent sent(create_webhook_channel, kWebhook, {{"body", "x"}});
  EXPECT_EQ(header(sent.post(), "webhook-signature"), "");
}

TEST(Webhook, NeedsABodyAndNoRecipient) {
  const Sent sent(create_webhook_channel, kWebhook, {{"body", 1}});
  EXPECT_FALSE(sent.provider->needs_recipient());
  for (const json& body : {json(1), json("x"), json(false), json::array(), json::object()}) {
    EXPECT_TRUE(sent.provider->check({{"body", body}}, json::array()));
  }
  EXPECT_EQ(sent.provider->check(json::object(), {}).error().fields.at(0).pointer, "/content/body");
  EXPECT_EQ(sent.provider->check({{"body", 1}, {"x", 1}}, {}).error().fields.at(0).pointer,
            "/content/x");
  EXPECT_FALSE(sent.provider->check("text", {}));
}

TEST(Resend, TellsARunningRequestFromAConflict) {
  const json content{{"subject", "s"}, {"text", "t"}};
  const json to = json::array({{{"email", "user@example.com"}}});
  Sent running(create_resend_channel, kResend, content, to);
  running.transport->answer(409, R"({"name":"concurrent_idempotent_requests"})");
  EXPECT_EQ(running.outcome->kind, Kind::kTransient);
  Sent other(create_resend_channel, kResend, content, to);
  other.transport->answer(409, R"({"name":"invalid_idempotent_request"})");
  EXPECT_EQ(other.outcome->kind, Kind::kPermanent);
}

TEST(Resend, LivesWithAnAnswerThatIsNoJson) {
  Sent sent(create_resend_channel, kResend, {{"subject", "s"}, {"text", "t"}},
            json::array({{{"email", "user@example.com"}}}));
  sent.transport->answer(200, "<html>");
  EXPECT_EQ(sent.outcome->kind, Kind::kSent);
  EXPECT_EQ(sent.outcome->message_id, "");
}

TEST(Smtp, SubmitsToEveryAddressInTheEnvelope) {
  const Sent sent(
      create_smtp_channel, kSmtp,
      {{"subject", "s"}, {"text", "t"}, {"cc", "c@example.com"}, {"bcc", "b@example.com"}},
      json::array({{{"email", "user@example.com"}}}));
  const auto& mail = std::get<MailSubmission>(sent.transfer().what);
  EXPECT_EQ(mail.sender, "n@example.com");
  EXPECT_EQ(mail.recipients,
            (std::vector<std::string>{"user@example.com", "c@example.com", "b@example.com"}));
  EXPECT_EQ(mail.port, 25);
  EXPECT_EQ(mail.tls, MailTls::kIfOffered);
}

TEST(Smtp, EncryptsBeforeItLogsInUnlessToldOtherwise) {
  const json login{{"username", "u"}, {"password", "p"}};
  const auto tls = [&](const json& more) {
    const Sent sent(create_smtp_channel, with(with(kSmtp, login), more),
                    {{"subject", "s"}, {"text", "t"}},
                    json::array({{{"email", "user@example.com"}}}));
    const auto& mail = std::get<MailSubmission>(sent.transfer().what);
    return std::pair(mail.tls, mail.port);
  };
  EXPECT_EQ(tls(json::object()), std::pair(MailTls::kStartTls, std::uint16_t{587}));
  EXPECT_EQ(tls({{"tls", "tls"}}), std::pair(MailTls::kImplicit, std::uint16_t{465}));
  EXPECT_EQ(tls({{"tls", "none"}}), std::pair(MailTls::kNone, std::uint16_t{25}));
}

TEST(Email, IsRefusedForGoodWhenItCannotBeRead) {
  for (const auto& [factory, settings] : std::vector<std::pair<ProviderFactory, json>>{
           {create_smtp_channel, kSmtp}, {create_resend_channel, kResend}}) {
    const Sent sent(factory, settings, {{"subject", "s"}}, json::array());
    ASSERT_TRUE(sent.outcome);
    EXPECT_EQ(sent.outcome->kind, Kind::kPermanent);
    EXPECT_TRUE(sent.transport->transfers.empty());
  }
}

}  // namespace
}  // namespace townkrier
