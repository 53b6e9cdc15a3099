// The smtp driver against a real mail server (aiosmtpd), which parses what it gets with a library
// of its own. TLS certificates are made here, for this run.

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/channel_harness.hpp"
#include "support/script_process.hpp"
#include "support/temp_dir.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

// Encoded text has lines of 76 characters at most (RFC 2045); a boundary's parameter takes 86.
constexpr int kLongestLine = 86;

const char* const kKey = "0190b3a4-7c1e-7abc-8def-0123456789ab";

/// A mail server with its directory and certificate.
class MailServer {
 public:
  explicit MailServer(std::vector<std::string> options = {})
      : dir_(), process_(command(std::move(options))) {}

  json settings() const {
    return {{"host", "127.0.0.1"},
            {"port", process_.port()},
            {"from", "TownKrier <notifications@example.com>"},
            {"timeout", "10s"}};
  }
  std::string certificate() const { return dir_ / "cert.pem"; }
  std::vector<json> mails() const {
    std::vector<json> out;
    std::ifstream file(dir_ / "mails");
    for (std::string line; std::getline(file, line);) out.push_back(json::parse(line));
    return out;
  }

 private:
  std::vector<std::string> command(std::vector<std::string> options) {
    EXPECT_EQ(run_program({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:prime256v1", "-nodes", "-batch", "-days", "2",
                           "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                           "-keyout", dir_ / "key.pem", "-out", dir_ / "cert.pem"}),
              0);
    std::vector<std::string> out{"/usr/bin/python3",
                                 TESTS_DIR "/support/smtp_server.py",
                                 "--out",
                                 dir_ / "mails",
                                 "--cert",
                                 dir_ / "cert.pem",
                                 "--key",
                                 dir_ / "key.pem"};
    out.insert(out.end(), options.begin(), options.end());
    return out;
  }

  TempDir dir_;
  ScriptProcess process_;
};

DeliveryRequest request_for(json content, json recipients) {
  DeliveryRequest request;
  request.channel = "email";
  request.idempotency_key = kKey;
  request.content = content;
  request.recipient = recipients;
  request.created_at = parse_iso8601("2026-01-02T03:04:05.000Z").value();
  return request;
}

DeliveryRequest simple_request() {
  return request_for({{"subject", "Welcome!"}, {"text", "Hello"}},
                     json::array({{{"email", "user@example.com"}}}));
}

std::string header(const json& mail, const std::string& name) {
  for (const json& pair : mail["headers"]) {
    if (pair[0] == name) return pair[1];
  }
  return {};
}

class Smtp : public ::testing::Test {
 protected:
  DeliveryOutcome send(const json& settings, DeliveryRequest request) {
    auto provider = create_smtp_channel(settings, harness_.environment("smtp"));
    if (!provider) {
      ADD_FAILURE() << provider.error().message;
      return {};
    }
    return harness_.send(**provider, std::move(request));
  }
  ChannelHarness harness_;
};

TEST_F(Smtp, DeliversTextAndHtmlAsAlternatives) {
  MailServer server;
  const auto outcome =
      send(server.settings(),
           request_for({{"subject", "Welcome!"},
                        {"text", "Line one\nLine two\n.dot"},
                        {"html", "<h1>Wëlcome</h1>"}},
                       json::array({{{"email", "user@example.com"}, {"name", "A User"}}})));
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  EXPECT_EQ(outcome.message_id, std::string("<") + kKey + "@example.com>");
  ASSERT_EQ(server.mails().size(), 1U);
  const json mail = server.mails()[0];
  EXPECT_EQ(mail["from"], "notifications@example.com");
  EXPECT_EQ(mail["to"], json::array({"user@example.com"}));
  EXPECT_EQ(header(mail, "From"), "TownKrier <notifications@example.com>");
  EXPECT_EQ(header(mail, "To"), "A User <user@example.com>");
  EXPECT_EQ(header(mail, "Subject"), "Welcome!");
  EXPECT_EQ(header(mail, "Date"), "Fri, 02 Jan 2026 03:04:05 +0000");
  EXPECT_EQ(header(mail, "Message-ID"), outcome.message_id);
  EXPECT_EQ(header(mail, "Mime-Version"), "1.0");
  ASSERT_EQ(mail["parts"].size(), 3U);
  EXPECT_EQ(mail["parts"][0]["type"], "multipart/alternative");
  EXPECT_EQ(mail["parts"][1]["type"], "text/plain");
  EXPECT_EQ(mail["parts"][1]["text"], "Line one\nLine two\n.dot");
  EXPECT_EQ(mail["parts"][2]["type"], "text/html");
  EXPECT_EQ(mail["parts"][2]["text"], "<h1>Wëlcome</h1>");
  EXPECT_EQ(mail["defects"], json::array());
  EXPECT_LE(mail["longestLine"], kLongestLine);
}

TEST_F(Smtp, EncodesWhatIsNotAscii) {
  MailServer server;
  const std::string subject = "Přílišně žluťoučký kůň úpěl ďábelské ódy — 日本語の件名もあります";
  const auto outcome =
      send(server.settings(),
           request_for({{"subject", subject}, {"text", "Grüße, Ωμέγα"}},
                       json::array({{{"email", "user@example.com"}, {"name", "Jürgen Müßig"}}})));
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  const json mail = server.mails().at(0);
  EXPECT_EQ(header(mail, "Subject"), subject);
  EXPECT_EQ(header(mail, "To"), "Jürgen Müßig <user@example.com>");
  EXPECT_EQ(mail["parts"][1]["text"], "Grüße, Ωμέγα");
  EXPECT_LE(mail["longestLine"], kLongestLine);
  for (const char c : mail["raw"].get<std::string>()) ASSERT_GE(c, 0) << "not 7 bit";
}

TEST_F(Smtp, CarriesAttachmentsByteByByte) {
  MailServer server;
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i % 256);
  Attachment binary{.filename = "rapport d'été.pdf", .content = bytes};
  struct WithFile : Notification {
    explicit WithFile(Attachment a) : attachment(std::move(a)) {}
    std::optional<EmailContent> to_email() const override {
      return EmailContent{
          .subject = "File", .text = "t", .html = "<p>h</p>", .attachments = {attachment}};
    }
    Attachment attachment;
  };
  const json content = WithFile(binary).render().value().at("email");
  const auto outcome =
      send(server.settings(), request_for(content, json::array({{{"email", "user@example.com"}}})));
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  const json parts = server.mails().at(0)["parts"];
  ASSERT_EQ(parts.size(), 5U);
  EXPECT_EQ(parts[0]["type"], "multipart/mixed");
  EXPECT_EQ(parts[1]["type"], "multipart/alternative");
  EXPECT_EQ(parts[4]["type"], "application/pdf");
  EXPECT_EQ(parts[4]["disposition"], "attachment");
  EXPECT_EQ(parts[4]["filename"], binary.filename);
  std::string hex;
  for (const unsigned char c : bytes) {
    hex += "0123456789abcdef"[c >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  EXPECT_EQ(parts[4]["hex"], hex);
}

TEST_F(Smtp, PutsBccIntoTheEnvelopeOnly) {
  MailServer server;
  const auto outcome =
      send(server.settings(), request_for({{"subject", "s"},
                                           {"text", "t"},
                                           {"cc", "copy@example.com"},
                                           {"bcc", {{{"email", "hidden@example.com"}}}},
                                           {"replyTo", "Desk <desk@example.com>"}},
                                          json::array({{{"email", "user@example.com"}}})));
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  const json mail = server.mails().at(0);
  EXPECT_EQ(mail["to"],
            json::array({"user@example.com", "copy@example.com", "hidden@example.com"}));
  EXPECT_EQ(header(mail, "Cc"), "copy@example.com");
  EXPECT_EQ(header(mail, "Reply-To"), "Desk <desk@example.com>");
  EXPECT_EQ(mail["raw"].get<std::string>().find("hidden"), std::string::npos);
}

TEST_F(Smtp, GivesEveryTryTheSameMessageId) {
  MailServer server;
  ASSERT_EQ(send(server.settings(), simple_request()).kind, Kind::kSent);
  auto again = simple_request();
  again.attempt = 2;
  ASSERT_EQ(send(server.settings(), again).kind, Kind::kSent);
  const auto mails = server.mails();
  ASSERT_EQ(mails.size(), 2U);
  EXPECT_EQ(header(mails[0], "Message-ID"), header(mails[1], "Message-ID"));
  EXPECT_EQ(mails[0]["peer"], mails[1]["peer"]) << "the connection is used again";
}

TEST_F(Smtp, TellsPermanentFromTransientRefusals) {
  MailServer server;
  const auto to = [&](const std::string& address) {
    auto request = simple_request();
    request.recipient = json::array({{{"email", address}}});
    return send(server.settings(), std::move(request));
  };
  const auto unknown = to("rcpt550@example.com");
  EXPECT_EQ(unknown.kind, Kind::kPermanent);
  EXPECT_EQ(unknown.error_code, "550");
  EXPECT_NE(unknown.error.find("the mail server answered 550: 5.7.1 refused"), std::string::npos)
      << unknown.error;
  for (const char* code : {"421", "450", "451", "452"}) {
    const auto busy = to(std::string("rcpt") + code + "@example.com");
    EXPECT_EQ(busy.kind, Kind::kTransient) << code;
    EXPECT_EQ(busy.error_code, code);
  }
  EXPECT_EQ(to("data554@example.com").kind, Kind::kPermanent);
  EXPECT_EQ(to("data451@example.com").kind, Kind::kTransient);
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(Smtp, SendsNothingWhenOneRecipientIsRefused) {
  MailServer server;
  const auto outcome =
      send(server.settings(), request_for({{"subject", "s"}, {"text", "t"}},
                                          json::array({{{"email", "user@example.com"}},
                                                       {{"email", "rcpt550@example.com"}}})));
  EXPECT_EQ(outcome.kind, Kind::kPermanent);
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(Smtp, UsesStartTlsAndLogsIn) {
  MailServer server(
      {"--tls", "starttls", "--require-tls", "--user", "robot", "--password", "s3cret"});
  json settings = server.settings();
  settings.update(
      {{"username", "robot"}, {"password", "s3cret"}, {"ca_file", server.certificate()}});
  const auto outcome = send(settings, simple_request());
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  EXPECT_EQ(server.mails().at(0)["tls"], true);
  EXPECT_EQ(server.mails().at(0)["login"], "robot");
}

TEST_F(Smtp, UsesImplicitTls) {
  MailServer server({"--tls", "tls"});
  json settings = server.settings();
  settings.update({{"tls", "tls"}, {"ca_file", server.certificate()}});
  const auto outcome = send(settings, simple_request());
  ASSERT_EQ(outcome.kind, Kind::kSent) << outcome.error;
  EXPECT_EQ(server.mails().at(0)["tls"], true);
}

TEST_F(Smtp, TakesAnOfferedStartTlsByDefault) {
  MailServer server({"--tls", "starttls"});
  json settings = server.settings();
  settings["ca_file"] = server.certificate();
  ASSERT_EQ(send(settings, simple_request()).kind, Kind::kSent);
  EXPECT_EQ(server.mails().at(0)["tls"], true);
}

TEST_F(Smtp, KeepsAMessageWhenTheLoginIsWrong) {
  MailServer server({"--tls", "starttls", "--user", "robot", "--password", "s3cret"});
  json settings = server.settings();
  settings.update(
      {{"username", "robot"}, {"password", "wr0ng-pass"}, {"ca_file", server.certificate()}});
  const auto outcome = send(settings, simple_request());
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "login_denied") << outcome.error;
  EXPECT_EQ(outcome.error.find("wr0ng"), std::string::npos);
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(Smtp, RefusesACertificateItDoesNotTrust) {
  MailServer server({"--tls", "starttls"});
  const auto outcome = send(server.settings(), simple_request());
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "tls_failed") << outcome.error;
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(Smtp, SendsNoPasswordInClear) {
  MailServer server({"--user", "robot", "--password", "s3cret"});
  json settings = server.settings();
  settings.update({{"username", "robot"}, {"password", "s3cret"}});
  EXPECT_EQ(send(settings, simple_request()).error_code, "tls_failed");
  settings["tls"] = "none";
  const auto outcome = send(settings, simple_request());
  EXPECT_EQ(outcome.kind, Kind::kSent) << outcome.error;
}

TEST_F(Smtp, IsTransientWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    MailServer server;
    port = server.settings()["port"];
  }
  const auto outcome =
      send({{"host", "127.0.0.1"}, {"port", port}, {"from", "a@example.com"}}, simple_request());
  EXPECT_EQ(outcome.kind, Kind::kTransient);
  EXPECT_EQ(outcome.error_code, "connect_failed");
}

TEST_F(Smtp, DoesNotWaitForTheAnswerToQuit) {
  MailServer server({"--hang-quit"});
  auto request = simple_request();
  request.recipient = json::array({{{"email", "rcpt550@example.com"}}});
  request.timeout = Duration{60'000};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(send(server.settings(), request).kind, Kind::kPermanent);
  // Waiting would stop every other transfer of the loop, for two minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(Smtp, EndsWithoutWaitingForIdleServers) {
  MailServer server({"--hang-quit"});
  const auto begin = std::chrono::steady_clock::now();
  {
    ChannelHarness harness;
    const auto provider = create_smtp_channel(server.settings(), harness.environment("smtp"));
    ASSERT_TRUE(provider);
    ASSERT_EQ(harness.send(**provider, simple_request()).kind, Kind::kSent);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(Smtp, IsReachedThroughTheManager) {
  MailServer server;
  NotificationManager notifications;
  ChannelConfig channel;
  channel.name = "email-main";
  channel.providers = {{.driver = "smtp", .name = {}, .settings = server.settings()}};
  notifications.register_channel(channel);
  struct Welcome : Notification {
    std::vector<std::string> via() const override { return {"email"}; }
    std::optional<EmailContent> to_email() const override {
      return EmailContent{.subject = "Welcome!", .message = "Hello"};
    }
  };
  const auto report = notifications.send(Welcome{}, Recipient{}.email("user@example.com"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->status, SendReport::Status::kSuccess) << report->results.at("email-main").error;
  EXPECT_EQ(report->results.at("email-main").provider, "smtp");
  EXPECT_EQ(server.mails().size(), 1U);
}

}  // namespace
}  // namespace townkrier::testing
