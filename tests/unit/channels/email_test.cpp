#include "channels/email.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier {
namespace {

using nlohmann::json;

json good_content() {
  return {{"subject", "Welcome!"}, {"text", "Hello"}};
}
json good_recipients() {
  return json::array({{{"email", "user@example.com"}}});
}

std::vector<std::string> pointers(const json& content, const json& recipients) {
  const auto email = parse_email(content, recipients);
  std::vector<std::string> out;
  if (email) return out;
  EXPECT_EQ(email.error().code, Errc::kInvalidArgument);
  for (const FieldError& field : email.error().fields) out.push_back(field.pointer);
  return out;
}

using Pointers = std::vector<std::string>;

TEST(EmailAddressSyntax, AcceptsWhatRfc5321AllowsUnquoted) {
  for (const char* address :
       {"user@example.com", "a@b", "first.last+tag@sub.example.co.uk", "o'brien@example.com",
        "x_y-z@123.example", "user@xn--bcher-kva.example"}) {
    EXPECT_TRUE(is_email_address(address)) << address;
  }
}

TEST(EmailAddressSyntax, RefusesEverythingElse) {
  for (const std::string& address : {std::string(),
                                     std::string("user"),
                                     std::string("@example.com"),
                                     std::string("user@"),
                                     std::string(".a@example.com"),
                                     std::string("a.@example.com"),
                                     std::string("a..b@example.com"),
                                     std::string("a b@example.com"),
                                     std::string("a@b@example.com"),
                                     std::string("user@-a.com"),
                                     std::string("user@a-.com"),
                                     std::string("user@example..com"),
                                     std::string("user@exa mple.com"),
                                     std::string("user@example.com\r\nBcc: x@example.com"),
                                     std::string("us\ner@example.com"),
                                     std::string("<user@example.com>"),
                                     std::string("user@example.com>"),
                                     std::string("ü@example.com"),
                                     std::string("\"quoted\"@example.com"),
                                     std::string("user@[127.0.0.1]"),
                                     std::string(65, 'a') + "@example.com",
                                     "user@" + std::string(64, 'a') + ".com",
                                     std::string("user@example.com\0", 17),
                                     "a@" + std::string(126, 'a') + "." + std::string(126, 'b')}) {
    EXPECT_FALSE(is_email_address(address)) << address;
  }
}

TEST(Mailbox, ReadsAddressWithAndWithoutName) {
  EXPECT_EQ(parse_mailbox("user@example.com")->email, "user@example.com");
  EXPECT_EQ(parse_mailbox("TownKrier <n@example.com>")->name, "TownKrier");
  EXPECT_EQ(parse_mailbox("\"Last, First\" <n@example.com>")->name, "Last, First");
  EXPECT_EQ(parse_mailbox(" <n@example.com> ")->email, "n@example.com");
  EXPECT_FALSE(parse_mailbox("TownKrier <n@example.com"));
  EXPECT_FALSE(parse_mailbox("TownKrier\r\nBcc: x@example.com <n@example.com>"));
  EXPECT_FALSE(parse_mailbox("TownKrier"));
}

TEST(ParseEmail, ReadsEveryMember) {
  const json content{
      {"subject", "s"},
      {"text", "t"},
      {"html", "h"},
      {"from", {{"email", "from@example.com"}, {"name", "From"}}},
      {"replyTo", "Desk <desk@example.com>"},
      {"cc", "cc@example.com"},
      {"bcc", {"b1@example.com", {{"email", "b2@example.com"}}}},
      {"attachments", {{{"filename", "a.bin"}, {"content", "AAEC"}, {"contentType", "x/y"}}}}};
  const auto email = parse_email(content, good_recipients());
  ASSERT_TRUE(email) << email.error().message;
  EXPECT_EQ(email->to.at(0).email, "user@example.com");
  EXPECT_EQ(email->content.from->name, "From");
  EXPECT_EQ(email->content.reply_to->email, "desk@example.com");
  EXPECT_EQ(email->content.cc.size(), 1U);
  EXPECT_EQ(email->content.bcc.at(1).email, "b2@example.com");
  EXPECT_EQ(email->content.attachments.at(0).content, std::string("\0\1\2", 3));
  EXPECT_EQ(email->content.attachments.at(0).content_type, "x/y");
}

TEST(ParseEmail, TakesNullForAbsent) {
  json content = good_content();
  content.update({{"from", nullptr}, {"replyTo", nullptr}, {"html", nullptr}});
  EXPECT_TRUE(parse_email(content, good_recipients()));
}

TEST(ParseEmail, NeedsASubjectAndABody) {
  EXPECT_EQ(pointers({{"text", "t"}}, good_recipients()), Pointers{"/content/subject"});
  EXPECT_EQ(pointers({{"subject", ""}, {"text", "t"}}, good_recipients()),
            Pointers{"/content/subject"});
  EXPECT_EQ(pointers({{"subject", "s"}}, good_recipients()), Pointers{"/content"});
  for (const char* body : {"text", "html", "message"}) {
    EXPECT_TRUE(parse_email({{"subject", "s"}, {body, "b"}}, good_recipients())) << body;
  }
}

TEST(ParseEmail, NamesEveryWrongMember) {
  const json content{{"subject", "a\r\nBcc: x@example.com"},
                     {"text", 7},
                     {"html", "h"},
                     {"cc", {"good@example.com", "bad"}},
                     {"replyTo", {{"email", "a@example.com"}, {"name", "x\ny"}}},
                     {"attachments", {{{"filename", "a\n.txt"}, {"content", "!"}}}},
                     {"colour", "red"}};
  const json recipients = json::array({{{"email", "bad"}}, {{"phone", "+1"}}});
  EXPECT_EQ(pointers(content, recipients),
            (Pointers{"/content/subject", "/content/text", "/content/replyTo/name", "/content/cc/1",
                      "/content/attachments/0/filename", "/content/attachments/0/content",
                      "/content/colour", "/recipient/0/email", "/recipient/1/email",
                      "/recipient/1/phone"}));
}

TEST(ParseEmail, RepeatsNoValueInItsErrors) {
  const auto email = parse_email({{"subject", "s"}, {"text", "t"}, {"cc", "secret@bad..domain"}},
                                 json::array({{{"email", "private@@example.com"}}}));
  ASSERT_FALSE(email);
  EXPECT_EQ(email.error().message.find("secret"), std::string::npos);
  for (const auto& field : email.error().fields) {
    EXPECT_EQ(field.detail.find("private"), std::string::npos);
  }
}

TEST(ParseEmail, BoundsTheNumberOfAddresses) {
  json many = json::array();
  for (int i = 0; i < 101; ++i) many.push_back({{"email", "user@example.com"}});
  EXPECT_EQ(pointers(good_content(), many), Pointers{"/recipient"});
  EXPECT_EQ(pointers(good_content(), json::array()), Pointers{"/recipient"});
}

}  // namespace
}  // namespace townkrier
