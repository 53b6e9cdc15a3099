// What notifications are made of: templates and attachments of real folders, the suppression file.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/temp_dir.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {
namespace {

using nlohmann::json;

class Folder {
 public:
  void write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = dir_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const std::string& path() const { return dir_.path(); }
  const TempDir& dir() const { return dir_; }

 private:
  TempDir dir_;
};

DeliveryOutcome take(const DeliveryRequest&) {
  return DeliveryOutcome::sent();
}

/// A manager with the channels email (checked as such), sms and hook.
class MessageSources : public ::testing::Test {
 protected:
  NotificationManager& manager() {
    if (manager_) return *manager_;
    NotificationManagerConfig config;
    config.templates.dir = templates_.path();
    config.attachments = {.dir = files_.path(), .max_bytes = 100};
    manager_ = std::make_unique<NotificationManager>(std::move(config));
    ChannelConfig email;
    email.name = "email";
    email.providers = {
        {.driver = "file", .name = {}, .settings = json{{"dir", out_.path()}, {"type", "email"}}}};
    manager_->register_channel(email);
    manager_->register_channel("sms", take);
    manager_->register_channel("hook", take);
    return *manager_;
  }

  /// The prepared contents, or the first problem as {"pointer": "detail"}.
  json prepared(const json& notification) {
    const json recipient{{"email", {{"email", "user@example.com"}}},
                         {"sms", {{"phone", "+2348012345678"}}},
                         {"hook", {{"id", 1}}}};
    const auto result =
        manager().prepare(json{{"notification", notification}, {"recipient", recipient}});
    if (result) return result->payload.value()["notification"];
    EXPECT_FALSE(result.error().fields.empty()) << result.error().message;
    if (result.error().fields.empty()) return result.error().message;
    return {{result.error().fields[0].pointer, result.error().fields[0].detail}};
  }

  std::string start_problem() {
    const auto ready = manager().ready();
    return ready ? "" : ready.error().message;
  }

  Folder templates_;
  Folder files_;
  TempDir out_;
  std::unique_ptr<NotificationManager> manager_;
};

TEST_F(MessageSources, RendersATemplateForItsChannels) {
  templates_.write("welcome/email.subject.mustache", "Welcome, {{name}}!\n");
  templates_.write("welcome/email.html.mustache", "<p>Hi {{name}}</p>{{> footer}}");
  templates_.write("welcome/sms.text.mustache", "Hi {{name}}\n");
  templates_.write("welcome/hook.body.json.mustache", R"({"name":"{{name}}","n":[1,2]})");
  templates_.write("_layouts/email.html.mustache", "<body>{{{content}}}</body>\n");
  templates_.write("_partials/footer.mustache", "<hr>{{shop}}");
  templates_.write("README.md", "not a template");
  const json all =
      prepared({{"template", "welcome"}, {"context", {{"name", "Ann & \"Bo\""}, {"shop", "S"}}}});
  EXPECT_EQ(all["email"], (json{{"subject", "Welcome, Ann & \"Bo\"!"},
                                {"html", "<body><p>Hi Ann &amp; &quot;Bo&quot;</p><hr>S</body>"}}));
  EXPECT_EQ(all["sms"], (json{{"text", "Hi Ann & \"Bo\""}}));
  EXPECT_EQ(all["hook"], (json{{"body", {{"name", "Ann & \"Bo\""}, {"n", {1, 2}}}}}));
  EXPECT_FALSE(all.contains("template"));
  const json one =
      prepared({{"via", {"sms"}}, {"template", "welcome"}, {"context", {{"name", "A"}}}});
  EXPECT_EQ(one, (json{{"via", {"sms"}}, {"sms", {{"text", "Hi A"}}}}))
      << "what is not sent needs no context";
}

TEST_F(MessageSources, PrefersWhatTheNotificationGives) {
  templates_.write("t/email.subject.mustache", "from the template");
  templates_.write("t/email.text.mustache", "text");
  const json got =
      prepared({{"via", {"email"}}, {"template", "t"}, {"email", {{"subject", "own"}}}});
  EXPECT_EQ(got["email"], (json{{"subject", "own"}, {"text", "text"}}));
}

TEST_F(MessageSources, TakesTheNearestLocale) {
  templates_.write("t/sms.text.mustache", "hello {{> sign}}");
  templates_.write("t/fr/sms.text.mustache", "bonjour {{> sign}}");
  templates_.write("t/pt-BR/sms.text.mustache", "oi {{> sign}}");
  templates_.write("_partials/sign.mustache", "bye");
  templates_.write("_partials/fr/sign.mustache", "au revoir");
  const auto text = [&](const json& context) {
    return prepared({{"via", {"sms"}}, {"template", "t"}, {"context", context}})["sms"]["text"];
  };
  EXPECT_EQ(text(json::object()), "hello bye");
  EXPECT_EQ(text({{"locale", "fr-CA"}}), "bonjour au revoir");
  EXPECT_EQ(text({{"locale", "pt-BR"}}), "oi bye");
  EXPECT_EQ(text({{"locale", "pt"}}), "hello bye");
  EXPECT_EQ(text({{"locale", "../fr"}}), "hello bye");
}

TEST_F(MessageSources, ChoosesALayoutByComment) {
  templates_.write("_layouts/email.html.mustache", "[{{{content}}}]");
  templates_.write("_layouts/bare.html.mustache", "({{{content}}})");
  templates_.write("a/email.html.mustache", "{{! layout: bare }}a");
  templates_.write("b/email.html.mustache", "{{! layout: none }}b");
  templates_.write("c/email.html.mustache", "c");
  const auto html = [&](const char* name) {
    return prepared(
        {{"via", {"email"}}, {"template", name}, {"email", {{"subject", "s"}}}})["email"]["html"];
  };
  EXPECT_EQ(html("a"), "(a)");
  EXPECT_EQ(html("b"), "b");
  EXPECT_EQ(html("c"), "[c]");
}

TEST_F(MessageSources, NamesTheLineThatCannotBeRendered) {
  templates_.write("t/sms.text.mustache", "Hi\n{{name}}");
  EXPECT_EQ(
      prepared({{"via", {"sms"}}, {"template", "t"}}),
      (json{{"/notification/context", "t/sms.text.mustache:2: the context has no \"name\""}}));
  EXPECT_EQ(prepared({{"via", {"sms"}}, {"template", "other"}}),
            (json{{"/notification/template", "is not a template of this service"}}));
  EXPECT_EQ(prepared({{"via", {"hook"}}, {"template", "t"}}),
            (json{{"/notification/template", "has nothing for these channels"}}));
  EXPECT_EQ(prepared({{"via", {"fax"}}, {"template", "t"}}),
            (json{{"/notification/via/0", "is not a configured channel"}}));
}

TEST_F(MessageSources, RefusesTemplatesThatCannotWorkAtStart) {
  const auto problem = [](const std::string& name, const std::string& text) {
    Folder folder;
    folder.write(name, text);
    NotificationManagerConfig config;
    config.templates.dir = folder.path();
    const auto ready = NotificationManager(std::move(config)).ready();
    return ready ? std::string() : ready.error().message;
  };
  EXPECT_EQ(problem("t/sms.text.mustache", "a\n{{#b}}"),
            "templates.dir: t/sms.text.mustache:2: Unclosed section \"b\"");
  EXPECT_EQ(problem("t/sms.text.mustache", "\n{{> no}}"),
            "templates.dir: t/sms.text.mustache:2: there is no partial \"no\"");
  EXPECT_EQ(problem("_partials/a.mustache", "{{> a}}"),
            "templates.dir: _partials/a.mustache:1: the partial \"a\" uses itself");
  EXPECT_EQ(problem("t/x/sms.text.mustache", ""),
            "templates.dir: t/x/sms.text.mustache: must stand in the folder of a template, or of a "
            "locale in it");
  EXPECT_EQ(problem("t/sms.mustache", ""),
            "templates.dir: t/sms.mustache: must be named CHANNEL.MEMBER.mustache, as "
            "email.subject.mustache");
  EXPECT_EQ(problem("t/email.html.mustache", "{{! layout: no }}"),
            "templates.dir: t/email.html.mustache:1: there is no layout \"no.html\"");
}

TEST_F(MessageSources, ReadsAttachmentsOfItsFolder) {
  files_.write("invoices/7.txt", "hi");
  const json got = prepared(
      {{"email",
        {{"subject", "s"}, {"text", "t"}, {"attachments", {{{"path", "invoices/7.txt"}}}}}}});
  EXPECT_EQ(got["email"]["attachments"],
            json::array({{{"filename", "7.txt"}, {"content", "aGk="}}}));
}

TEST_F(MessageSources, ReadsNoFileOutsideItsFolder) {
  files_.write("big.txt", std::string(101, 'x'));
  files_.write("half.txt", std::string(60, 'x'));
  TempDir other;
  std::ofstream(other / "secret.txt") << "hush";
  ASSERT_EQ(::symlink((other / "secret.txt").c_str(), (files_.dir() / "link.txt").c_str()), 0);
  ASSERT_EQ(::symlink(other.path().c_str(), (files_.dir() / "linked").c_str()), 0);
  const auto attached = [&](const json& attachments) {
    return prepared({{"email", {{"subject", "s"}, {"text", "t"}, {"attachments", attachments}}}});
  };
  for (const std::string& path :
       {std::string("/etc/passwd"), std::string("../x"), std::string("a/../../x"), std::string(),
        std::string("a//b"), std::string("link.txt"), std::string("linked/secret.txt"),
        std::string("none.txt"), std::string("."), std::string("big.txt"), other / "secret.txt"}) {
    const json got = attached(json::array({{{"path", path}}}));
    EXPECT_TRUE(got.contains("/notification/email/attachments/0/path")) << path << got;
    EXPECT_EQ(got.dump().find("hush"), std::string::npos);
  }
  EXPECT_TRUE(attached(json::array({{{"path", "half.txt"}}, {{"path", "half.txt"}}}))
                  .contains("/notification/email/attachments/1/path"))
      << "the limit is for all together";
}

TEST(SuppressionFile, OutlivesItsProcess) {
  const TempDir dir;
  const std::string path = dir / "suppressions.ndjson";
  const TimePoint at = parse_iso8601("2026-01-01T00:00:00.000Z").value();
  {
    const auto list = open_suppression_file(path).value();
    ASSERT_TRUE(list->add({"email", "a@example.com", "bounced", at}));
    ASSERT_TRUE(list->add({"email", "b@example.com", "complained", at}));
    ASSERT_TRUE(list->remove("email", "a@example.com"));
  }
  std::ofstream(path, std::ios::app) << R"({"key":"half)";  // a crash while writing
  {
    const auto list = open_suppression_file(path).value();
    EXPECT_FALSE(list->find("email", "a@example.com"));
    EXPECT_EQ(list->find("email", "B@example.com")->reason, "complained");
    ASSERT_TRUE(list->add({"sms", "+2348012345678", "bounced", at}));
  }
  EXPECT_EQ(open_suppression_file(path).value()->list().size(), 2U);
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text.find("b@example.com"), std::string::npos) << "addresses are not kept in clear";
  std::ofstream(path) << "no entry\n";
  EXPECT_EQ(open_suppression_file(path).error().code, Errc::kCorruption);
}

TEST(FileDriver, WritesMailsAndMessages) {
  const TempDir dir;
  NotificationManager manager;
  for (const char* name : {"email", "sms"}) {
    ChannelConfig channel;
    channel.name = name;
    channel.providers = {{.driver = "file", .name = {}, .settings = json{{"dir", dir / name}}}};
    manager.register_channel(channel);
  }
  class Welcome : public Notification {
    std::optional<EmailContent> to_email() const override {
      return EmailContent{.subject = "Welcome", .html = "<p>Hi</p>"};
    }
    std::optional<SmsContent> to_sms() const override { return SmsContent{.text = "Hi"}; }
  };
  const auto report =
      manager.send(Welcome(), Recipient().email("user@example.com").sms("+2348012345678"));
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->status, SendReport::Status::kSuccess);
  const auto text = [&](const std::string& channel) {
    std::ifstream in(dir / channel + "/" + report->results.at(channel).message_id);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  EXPECT_NE(text("email").find("Subject: Welcome\r\n"), std::string::npos);
  EXPECT_NE(text("email").find("\r\n\r\nHi\r\n"), std::string::npos) << "a text made of the html";
  EXPECT_EQ(json::parse(text("sms"))["content"], (json{{"text", "Hi"}}));
}

}  // namespace
}  // namespace townkrier::testing
