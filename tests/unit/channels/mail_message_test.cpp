#include "channels/mail_message.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace townkrier {
namespace {

TimePoint at(std::string_view text) {
  return parse_iso8601(text).value();
}

Email simple() {
  return {.content = {.subject = "Welcome!", .text = "Hello"},
          .to = {{"user@example.com", "A User"}}};
}

MailContext context() {
  return {.default_from = {"from@example.com", "TownKrier"},
          .idempotency_key = "key-1",
          .date = at("2026-01-01T00:00:00.000Z")};
}

TEST(MailMessage, HasTheHeadersOfRfc5322) {
  const auto message = compose_mail(simple(), context());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->headers,
            (std::vector<std::string>{"Date: Thu, 01 Jan 2026 00:00:00 +0000",
                                      "From: TownKrier <from@example.com>",
                                      "To: A User <user@example.com>", "Subject: Welcome!",
                                      "Message-ID: <key-1@example.com>"}));
}

TEST(MailMessage, PutsThePlainestAlternativeFirst) {
  Email email = simple();
  email.content.html = "<p>Hello</p>";
  const auto message = compose_mail(email, context());
  ASSERT_EQ(message->alternatives.size(), 2U);
  EXPECT_EQ(message->alternatives[0].content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(message->alternatives[1].content_type, "text/html; charset=utf-8");
}

TEST(MailMessage, TakesTheSeedsMessageForAMissingText) {
  Email email = simple();
  email.content.text.clear();
  email.content.message = "m";
  EXPECT_EQ(compose_mail(email, context())->alternatives.at(0).data, "m");
}

TEST(MailMessage, MakesEveryLineBreakCrlf) {
  Email email = simple();
  email.content.text = "a\nb\r\nc\rd\n";
  EXPECT_EQ(compose_mail(email, context())->alternatives.at(0).data, "a\r\nb\r\nc\r\nd\r\n");
}

TEST(MailMessage, NeverNamesBcc) {
  Email email = simple();
  email.content.bcc = {{"hidden@example.com", "Hidden"}};
  const auto message = compose_mail(email, context());
  ASSERT_TRUE(message);
  for (const std::string& line : message->headers) {
    EXPECT_EQ(line.find("idden"), std::string::npos) << line;
  }
}

TEST(MailMessage, PrefersTheMessagesOwnSender) {
  Email email = simple();
  email.content.from = EmailAddress{"own@example.org", ""};
  const auto message = compose_mail(email, context());
  EXPECT_EQ(message->headers.at(1), "From: own@example.org");
  EXPECT_EQ(message->headers.back(), "Message-ID: <key-1@example.org>");
}

TEST(MailMessage, LetsNoValueAddAHeader) {
  const std::string evil = "x\r\nBcc: victim@example.com";
  std::vector<Email> emails(7, simple());
  emails[0].content.subject = evil;
  emails[1].to[0].name = evil;
  emails[2].to[0].email = evil;
  emails[3].content.cc = {{"a@example.com", evil}};
  emails[4].content.reply_to = EmailAddress{"a@example.com", evil};
  emails[5].content.from = EmailAddress{"a@example.com", "a\nb"};
  emails[6].content.attachments = {{.filename = evil, .content = "c"}};
  for (const Email& email : emails) {
    const auto message = compose_mail(email, context());
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().code, Errc::kInvalidArgument);
    EXPECT_EQ(message.error().message.find("victim"), std::string::npos);
  }
}

TEST(MailHeader, KeepsPlainTextAndEncodesTheRest) {
  EXPECT_EQ(encode_header_text("Welcome!"), "Welcome!");
  EXPECT_EQ(encode_header_text("é"), "=?UTF-8?B?w6k=?=");
  EXPECT_EQ(encode_header_text("=?x?"), "=?UTF-8?B?PT94Pw==?=")
      << "must not pass for an encoded word";
}

TEST(MailHeader, FoldsLongTextIntoWordsOfWholeCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "日";  // three bytes each
  const std::string encoded = encode_header_text("a" + text);
  std::size_t begin = 0;
  int words = 0;
  while (begin < encoded.size()) {
    const std::size_t end = std::min(encoded.find("\r\n ", begin), encoded.size());
    const std::string word = encoded.substr(begin, end - begin);
    EXPECT_LE(word.size(), 75U);
    EXPECT_TRUE(word.starts_with("=?UTF-8?B?") && word.ends_with("?=")) << word;
    begin = end + 3;
    ++words;
  }
  EXPECT_EQ(words, 7);
}

TEST(MailHeader, QuotesNamesThatNeedIt) {
  EXPECT_EQ(format_mailbox({"a@b.c", ""}), "a@b.c");
  EXPECT_EQ(format_mailbox({"a@b.c", "Ann Lee"}), "Ann Lee <a@b.c>");
  EXPECT_EQ(format_mailbox({"a@b.c", "Lee, Ann"}), "\"Lee, Ann\" <a@b.c>");
  EXPECT_EQ(format_mailbox({"a@b.c", "A \"x\" \\"}), "\"A \\\"x\\\" \\\\\" <a@b.c>");
  EXPECT_EQ(format_mailbox({"a@b.c", "Zoë"}), "=?UTF-8?B?Wm/Dqw==?= <a@b.c>");
}

TEST(MailHeader, WritesDatesInUtc) {
  EXPECT_EQ(mail_date(at("2024-02-29T23:59:59.999Z")), "Thu, 29 Feb 2024 23:59:59 +0000");
  EXPECT_EQ(mail_date(at("1970-01-01T00:00:00.000Z")), "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST(MessageId, IsTheKeyAtTheSendersDomain) {
  EXPECT_EQ(message_id("0190b3a4-7c1e", "n@example.com"), "<0190b3a4-7c1e@example.com>");
}

TEST(MessageId, HidesAKeyThatIsNoAtom) {
  const std::string id = message_id("a b>\r\nx", "n@example.com");
  EXPECT_EQ(id.size(), std::string("<@example.com>").size() + 64);
  EXPECT_EQ(id, message_id("a b>\r\nx", "n@example.com"));
  EXPECT_NE(id, message_id("a b>\r\ny", "n@example.com"));
}

TEST(Attachments, NameFilesInEveryAlphabet) {
  EXPECT_EQ(attachment_disposition("a.pdf"), "attachment; filename=\"a.pdf\"");
  EXPECT_EQ(attachment_disposition("a\"b.pdf"), "attachment; filename=\"a\\\"b.pdf\"");
  EXPECT_EQ(attachment_disposition("é.pdf"), "attachment;\r\n filename*=UTF-8''%C3%A9.pdf");
}

TEST(Attachments, GuessTheirTypeByName) {
  EXPECT_EQ(content_type_for("Report.PDF"), "application/pdf");
  EXPECT_EQ(content_type_for("x"), "application/octet-stream");
  Email email = simple();
  email.content.attachments = {{.filename = "a.png", .content = "c"},
                               {.filename = "a.png", .content = "c", .content_type = "x/y"}};
  const auto message = compose_mail(email, context());
  EXPECT_EQ(message->attachments.at(0).content_type, "image/png");
  EXPECT_EQ(message->attachments.at(1).content_type, "x/y");
}

}  // namespace
}  // namespace townkrier
