// Phone numbers, texts out of HTML, mustache, rules of configured providers: the pure tools.

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "channels/api_provider.hpp"
#include "channels/email.hpp"
#include "channels/html_text.hpp"
#include "channels/http_rules.hpp"
#include "channels/mail_text.hpp"
#include "channels/mustache_text.hpp"
#include "channels/phone.hpp"
#include "channels/push.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryOutcome::Kind;

TEST(Phone, TakesOnlyE164) {
  for (const char* good : {"+2348012345678", "+15005550006", "+49301234", "+123456789012345"}) {
    EXPECT_TRUE(is_e164(good)) << good;
  }
  for (const char* bad : {"", "+", "08012345678", "+0801234567", "+234 801 234", "+234-801-2345",
                          "+1234567890123456", "+123456", "+12345x789", "++1234567"}) {
    EXPECT_FALSE(is_e164(bad)) << bad;
  }
}

TEST(Phone, NamesEveryProblem) {
  const auto result = parse_phone_message({{"txt", "x"}}, json::array({{{"phone", "0801"}}}), {});
  ASSERT_FALSE(result);
  std::vector<std::string> pointers;
  for (const auto& field : result.error().fields) pointers.push_back(field.pointer);
  EXPECT_EQ(pointers,
            (std::vector<std::string>{"/content/text", "/content/txt", "/recipient/0/phone"}));
  EXPECT_EQ(result.error().message.find("0801"), std::string::npos);
  const json two = json::array({{{"phone", "+2348012345678"}}, {{"phone", "+2348012345679"}}});
  EXPECT_FALSE(parse_phone_message({{"text", "x"}}, two, {}));
  EXPECT_TRUE(parse_phone_message({{"text", "x"}}, two, {.max_numbers = 2}));
  EXPECT_FALSE(parse_phone_message({{"text", std::string(1601, 'x')}},
                                   json::array({{{"phone", "+2348012345678"}}}), {}));
}

TEST(HtmlText, KeepsWhatAPersonReads) {
  EXPECT_EQ(html_to_text("<html><head><title>T</title><style>p{}</style></head><body>"
                         "<h1>Hi &amp; hello</h1><p>Your   order\n<b>7</b> is paid.</p>"
                         "<ul><li>one</li><li>two</li></ul>"
                         "<p>See <a href=\"https://example.com/o?a=1&amp;b=2\">the order</a>.<br>"
                         "Bye&#33; &#x20AC;</p><script>alert(1)</script></body></html>"),
            "Hi & hello\n\nYour order 7 is paid.\n\n- one\n- two\n\nSee the order "
            "(https://example.com/o?a=1&b=2).\nBye! \u20ac");
  EXPECT_EQ(html_to_text("a <!-- hidden --> b"), "a b");
  EXPECT_EQ(html_to_text("<a href='https://example.com'>https://example.com</a>"),
            "https://example.com");
  EXPECT_EQ(html_to_text("plain & simple; 1 < 2"), "plain & simple; 1");
}

TEST(HtmlText, LivesWithAnyBytes) {
  for (const char* text : {"<", "<a", "<a href=", "<a href=\"", "</", "<!--", "&", "&#;", "&#x;",
                           "&#xffffffff;", "<style>", "<style></styl", "\xff<\xfe>"}) {
    html_to_text(text);
  }
}

TEST(Email, GetsATextOfItsHtml) {
  const json to = json::array({{{"email", "user@example.com"}}});
  EXPECT_EQ(parse_email({{"subject", "s"}, {"html", "<p>Hi</p>"}}, to)->content.text, "Hi");
  EXPECT_EQ(parse_email({{"subject", "s"}, {"html", "<p>Hi</p>"}, {"text", "t"}}, to)->content.text,
            "t");
  EXPECT_EQ(parse_email({{"subject", "s"}, {"message", "m"}}, to)->content.text, "m");
}

std::shared_ptr<const MustacheText> mustache(const std::string& text,
                                             TextEscape escape = TextEscape::kHtml) {
  auto parsed = MustacheText::parse("t.mustache", text, escape);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(nullptr);
}

TEST(Mustache, EscapesAsItIsTold) {
  const json context{{"a", "<&\"'>"}, {"n", 7}, {"list", {1, 2}}, {"o", {{"p", "q"}}}};
  EXPECT_EQ(mustache("{{a}} {{{a}}} {{&a}}")->render(context).value(),
            "&lt;&amp;&quot;&apos;&gt; <&\"'> <&\"'>");
  EXPECT_EQ(mustache("{{a}}", TextEscape::kJson)->render(context).value(), "<&\\\"'>");
  EXPECT_EQ(mustache("{{a}}", TextEscape::kUrl)->render(context).value(), "%3C%26%22%27%3E");
  EXPECT_EQ(mustache("{{a}}", TextEscape::kNone)->render(context).value(), "<&\"'>");
  EXPECT_EQ(mustache("{{n}}{{#list}}[{{.}}]{{/list}}{{o.p}}")->render(context).value(), "7[1][2]q");
}

TEST(Mustache, TakesEmptyValuesForFalse) {
  for (const json& empty : {json(nullptr), json(false), json(""), json::array()}) {
    EXPECT_EQ(mustache("{{#a}}yes{{/a}}{{^a}}no{{/a}}")->render({{"a", empty}}).value(), "no");
  }
  EXPECT_EQ(mustache("{{#a}}yes{{/a}}{{^a}}no{{/a}}")->render(json::object()).value(), "no");
}

TEST(Mustache, NamesTheLineOfAProblem) {
  const auto problem = [](const std::string& text) {
    const auto parsed = MustacheText::parse("t", text, TextEscape::kHtml);
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_EQ(problem("a\n\n{{#b}}\nc"), "t:3: Unclosed section \"b\"");
  EXPECT_EQ(problem("a\n{{b"), "t:2: Unclosed tag");
  EXPECT_EQ(problem("a\n{{/b}}"), "t:2: Unopened section \"b\"");
  EXPECT_EQ(problem("{{=<% %>=}}"), "t:1: changes the tags");
  EXPECT_EQ(problem("\n{{ }}"), "t:2: has a tag without a name");
  EXPECT_EQ(mustache("a\nb {{user.name}}")->render({{"user", 1}}).error().message,
            "t.mustache:2: the context has no \"user.name\"");
}

TEST(Mustache, MayLackWhatASectionAsksFor) {
  EXPECT_EQ(mustache("Hi{{#name}} {{name}}{{/name}}!")->render(json::object()).value(), "Hi!");
}

TEST(Mustache, NeverTakesAValueForATemplate) {
  const auto text = mustache("{{a}}{{> a}}");
  EXPECT_EQ(text->render({{"a", "{{secret}}"}, {"secret", "x"}}).value(), "{{secret}}");
}

TEST(HttpRules, ReadStatuses) {
  EXPECT_EQ(parse_status_range("404")->last, 404);
  EXPECT_EQ(parse_status_range("4xx")->first, 400);
  EXPECT_EQ(parse_status_range("4xx")->last, 499);
  EXPECT_EQ(parse_status_range("500-503")->last, 503);
  for (const char* bad : {"", "4x", "6xx", "0xx", "999", "503-500", "a-b", "4xxx", "E404"}) {
    EXPECT_FALSE(parse_status_range(bad)) << bad;
  }
}

TEST(HttpRules, PreferCodesToStatuses) {
  FieldErrors errors;
  const json settings{{"transient", {"BUSY", "404"}}, {"permanent", {"4xx"}}};
  JsonReader reader(settings, "", errors);
  const auto rules = read_http_rules(reader);
  ASSERT_TRUE(errors.empty());
  EXPECT_EQ(rules.kind_of(400, "BUSY"), Kind::kTransient);
  EXPECT_EQ(rules.kind_of(404, ""), Kind::kPermanent) << "in the order of kinds";
  EXPECT_EQ(rules.kind_of(500, "OTHER"), std::nullopt);
}

TEST(Devices, AreJoinedByTheBestOutcome) {
  const auto sent = DeliveryOutcome::sent("m");
  const auto gone = DeliveryOutcome::permanent("gone");
  const auto busy = DeliveryOutcome::transient("busy");
  const auto slow = DeliveryOutcome::throttled(Duration{5}, "slow");
  const auto slower = DeliveryOutcome::throttled(Duration{9}, "slower");
  EXPECT_EQ(join_devices({gone, busy, sent, slow}).message_id, "m");
  EXPECT_EQ(join_devices({gone, busy}).kind, Kind::kTransient);
  EXPECT_EQ(join_devices({slow, gone, slower}).retry_after, Duration{9});
  EXPECT_EQ(join_devices({gone, gone}).kind, Kind::kPermanent);
}

TEST(ApiAnswers, FindTextsAtPointers) {
  const json value{{"a", {{{"b", 7}}, "x"}}, {"c", nullptr}};
  EXPECT_EQ(text_at(value, "/a/0/b"), "7");
  EXPECT_EQ(text_at(value, "/a/1"), "x");
  for (const char* none : {"/a", "/a/2", "/a/x", "/c", "/d/e", "/a/1/b"}) {
    EXPECT_EQ(text_at(value, none), "") << none;
  }
  EXPECT_EQ(without_secrets("key and key", {"", "key"}), "*** and ***");
}

TEST(MailText, IsAWholeMessage) {
  const json to = json::array({{{"email", "user@example.com"}}});
  const json content{{"subject", "Hi"},
                     {"text", "one"},
                     {"html", "<p>one</p>"},
                     {"attachments", {{{"filename", "a.bin"}, {"content", "aGk="}}}}};
  const auto email = parse_email(content, to).value();
  const auto message =
      compose_mail(email, {.default_from = {"n@example.com"}, .idempotency_key = "k", .date = {}});
  const std::string text = mail_text(message.value());
  for (const char* part : {"To: user@example.com\r\n", "MIME-Version: 1.0\r\n", "multipart/mixed",
                           "multipart/alternative", "\r\n\r\none\r\n", "\r\n\r\naGk=\r\n",
                           "=_townkrier_files--\r\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace townkrier
