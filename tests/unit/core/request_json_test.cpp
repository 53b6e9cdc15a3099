#include "core/request_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr TimePoint kNow{Duration{1'767'225'600'000}};  // 2026-01-01

json valid_body() {
  return json::parse(R"({
    "notification": {"via": ["email","sms"],
      "email": {"subject":"Welcome!","text":"Hi","html":"<b>Hi</b>","from":null,"replyTo":null,"cc":[],"bcc":[],"attachments":[]},
      "sms": {"text":"Hi"}, "push": {"title":"T","body":"B","data":{}},
      "in_app": {"title":"T","message":"M","actionUrl":"/x"}, "whatsapp": {"text":"W"}, "hook": {"body":{}},
      "template": null, "context": {}},
    "recipient": {"email": {"email":"user@example.com","name":"User"}, "sms": {"phone":"+2348012345667"},
      "push": {"deviceToken":"abc"}, "in_app": {"userId":"42"}},
    "options": {"queue":"default","priority":"HIGH","maxRetries":5,"retryDelay":1000,"timeout":30000,
      "scheduledFor":"2026-02-01T00:00:00.000Z","delay":null,"uniqueKey":null,"metadata":{},"tags":[]}})");
}

// `body` with the value at `pointer` replaced.
json changed(const std::string& pointer, json value) {
  json body = valid_body();
  body[json::json_pointer(pointer)] = std::move(value);
  return body;
}

Error refused(const json& body) {
  const auto request = parse_notification_request(body, kNow);
  EXPECT_FALSE(request) << body.dump();
  return request ? Error{} : request.error();
}

TEST(EnqueueBody, OfTheDocumentationIsAccepted) {
  const auto request = parse_notification_request(valid_body(), kNow);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->kind, "notification");
  EXPECT_EQ(request->options.queue, "default");
  EXPECT_EQ(request->options.priority, JobPriority::kHigh);
  EXPECT_EQ(request->options.max_retries, 5u);
  EXPECT_EQ(request->options.retry_delay, Duration{1000});
  EXPECT_EQ(request->options.timeout, Duration{30'000});
  EXPECT_EQ(request->options.scheduled_for, parse_iso8601("2026-02-01T00:00:00Z").value());
  EXPECT_EQ(request->options.delay, std::nullopt);
  EXPECT_EQ(request->options.unique_key, "");
}

TEST(EnqueueBody, KeepsNotificationAndRecipientWithoutNulls) {
  const auto request = parse_notification_request(valid_body(), kNow);
  ASSERT_TRUE(request);
  const json payload = request->payload.value();
  json notification = valid_body()["notification"];
  for (const char* name : {"template", "context"}) notification.erase(name);
  for (const char* name : {"from", "replyTo"}) notification["email"].erase(name);
  EXPECT_EQ(payload["notification"], notification);
  EXPECT_EQ(payload.size(), 2u);
}

TEST(EnqueueBody, MakesEveryRecipientAnArray) {
  const auto one = parse_notification_request(valid_body(), kNow);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->payload.value()["recipient"]["email"],
            (json::parse(R"([{"email":"user@example.com","name":"User"}])")));
  const json list = json::parse(R"([{"email":"a@example.com"},{"email":"b@example.com"}])");
  const auto many = parse_notification_request(changed("/recipient/email", list), kNow);
  ASSERT_TRUE(many);
  EXPECT_EQ(many->payload.value()["recipient"]["email"], list);
}

TEST(EnqueueBody, NeedsNeitherRecipientNorOptionsNorVia) {
  const auto request =
      parse_notification_request(json::parse(R"({"notification":{"hook":{"body":{}}}})"), kNow);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->payload.text(), R"({"notification":{"hook":{"body":{}}},"recipient":{}})");
  EXPECT_EQ(request->options.priority, JobPriority::kNormal);
}

TEST(EnqueueBody, TakesATextForTheDefaultChannel) {
  const auto request = parse_notification_request(
      json::parse(R"({"notification":{"subject":"S","text":"T"}})"), kNow);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->payload.value()["notification"], (json{{"subject", "S"}, {"text", "T"}}));
}

TEST(EnqueueBody, TakesAPlanForItsChannels) {
  json body = valid_body();
  const json plan{{"strategy", "best-effort"},
                  {"fallback", {{{"channel", "sms"}, {"insteadOf", "push"}, {"after", 60000}}}},
                  {"policy", {{"category", "offers"}, {"critical", true}}}};
  body["notification"].update(plan);
  const auto request = parse_notification_request(body, kNow);
  ASSERT_TRUE(request) << request.error().message;
  const json kept = request->payload.value()["notification"];
  for (const auto& [name, value] : plan.items()) EXPECT_EQ(kept[name], value) << name;
}

TEST(EnqueueBody, NamesWhatIsWrongWithAPlan) {
  EXPECT_EQ(refused(changed("/notification/strategy", "some")).fields.at(0).pointer,
            "/notification/strategy");
  EXPECT_EQ(refused(changed("/notification/fallback", {{{"channel", "sms"}}})).fields.at(0).pointer,
            "/notification/fallback/0/insteadOf");
  EXPECT_EQ(refused(changed("/notification/policy", {{"urgent", true}})).fields.at(0).pointer,
            "/notification/policy/urgent");
}

TEST(EnqueueBody, TakesAddressesOfEmailContentAsTextToo) {
  EXPECT_TRUE(parse_notification_request(
      changed("/notification/email/from", "Town <a@example.com>"), kNow));
  EXPECT_TRUE(parse_notification_request(changed("/notification/email/cc", "a@example.com"), kNow));
  EXPECT_TRUE(
      parse_notification_request(changed("/notification/email/cc", {"a@example.com"}), kNow));
}

TEST(EnqueueBody, TakesAttachmentsInBase64) {
  EXPECT_TRUE(parse_notification_request(
      changed("/notification/email/attachments",
              json::parse(R"([{"filename":"a.txt","content":"SGk=","contentType":"text/plain"}])")),
      kNow));
}

struct Wrong {
  std::string at;       // where the body is changed
  std::string value;    // to what
  std::string pointer;  // which pointer the error has
  std::string detail;   // and a part of its detail
};

void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.at << " = " << wrong.value;
}

class WrongBody : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongBody, IsRefusedWithThePointerOfTheField) {
  const Wrong& wrong = GetParam();
  const Error error = refused(changed(wrong.at, json::parse(wrong.value)));
  EXPECT_EQ(error.code, Errc::kInvalidArgument);
  ASSERT_EQ(error.fields.size(), 1u) << error.message;
  EXPECT_EQ(error.fields[0].pointer, wrong.pointer);
  EXPECT_THAT(error.fields[0].detail, HasSubstr(wrong.detail));
}

INSTANTIATE_TEST_SUITE_P(
    Top, WrongBody,
    ::testing::Values(Wrong{"/surprise", "1", "/surprise", "not a known member"},
                      Wrong{"/a~1b~0c", "1", "/a~1b~0c", "not a known member"},
                      Wrong{"/notification", "null", "/notification", "required"},
                      Wrong{"/notification", "[]", "/notification", "object"},
                      Wrong{"/notification", "{}", "/notification", "content"},
                      Wrong{"/notification", R"({"via":["email"]})", "/notification", "content"},
                      Wrong{"/recipient", "[]", "/recipient", "object"},
                      Wrong{"/recipient", "\"user@example.com\"", "/recipient", "object"},
                      Wrong{"/options", "[]", "/options", "object"}));

INSTANTIATE_TEST_SUITE_P(
    Notification, WrongBody,
    ::testing::Values(
        Wrong{"/notification/via", "\"email\"", "/notification/via", "array"},
        Wrong{"/notification/via/1", "7", "/notification/via/1", "string"},
        Wrong{"/notification/via/1", "\"a b\"", "/notification/via/1", "channel names"},
        Wrong{"/notification/via/1", "\"\"", "/notification/via/1", "channel names"},
        Wrong{"/notification/template", "7", "/notification/template", "string"},
        Wrong{"/notification/template", "\"\"", "/notification/template", "empty"},
        Wrong{"/notification/context", R"({"a":1})", "/notification/context",
              "only for a template"},
        Wrong{"/notification/context", "7", "/notification/context", "object"},
        Wrong{"/notification/text", "7", "/notification/text", "string"},
        Wrong{"/notification/hook", "\"x\"", "/notification/hook", "object"},
        Wrong{"/notification/no channel", "{}", "/notification", "no channel"},
        Wrong{"/notification/email", "[]", "/notification/email", "object"},
        Wrong{"/notification/email/subjekt", "\"x\"", "/notification/email/subjekt",
              "not a known member"},
        Wrong{"/notification/email/subject", "7", "/notification/email/subject", "string"},
        Wrong{"/notification/email/html", "[]", "/notification/email/html", "string"},
        Wrong{"/notification/email/from", "7", "/notification/email/from", "object"},
        Wrong{"/notification/email/from", "{}", "/notification/email/from/email", "required"},
        Wrong{"/notification/email/replyTo", R"({"email":""})", "/notification/email/replyTo/email",
              "empty"},
        Wrong{"/notification/email/cc", "[{\"email\":1}]", "/notification/email/cc/0/email",
              "string"},
        Wrong{"/notification/email/bcc", R"([{"email":"a@example.com","x":1}])",
              "/notification/email/bcc/0/x", "not a known member"},
        Wrong{"/notification/email/attachments", "{}", "/notification/email/attachments", "array"},
        Wrong{"/notification/email/attachments", "[7]", "/notification/email/attachments/0",
              "object"},
        Wrong{"/notification/email/attachments", R"([{"content":"SGk="}])",
              "/notification/email/attachments/0/filename", "required"},
        Wrong{"/notification/email/attachments", R"([{"filename":"a","content":"SGk"}])",
              "/notification/email/attachments/0/content", "base64"},
        Wrong{"/notification/email/attachments",
              R"([{"filename":"a","content":"","path":"/etc/passwd"}])",
              "/notification/email/attachments/0/path", "excludes content"},
        Wrong{"/notification/sms/text", "{}", "/notification/sms/text", "string"},
        Wrong{"/notification/sms/html", "\"x\"", "/notification/sms/html", "not a known member"},
        Wrong{"/notification/push/badge", "-1", "/notification/push/badge", "integer"},
        Wrong{"/notification/push/badge", "1.5", "/notification/push/badge", "integer"},
        Wrong{"/notification/push/badge", "99999999999", "/notification/push/badge", "integer"},
        Wrong{"/notification/push/data", "[]", "/notification/push/data", "object"},
        Wrong{"/notification/in_app/message", "1", "/notification/in_app/message", "string"},
        Wrong{"/notification/whatsapp/text", "1", "/notification/whatsapp/text", "string"},
        Wrong{"/notification/slack", R"({"text":1})", "/notification/slack/text", "string"}));

INSTANTIATE_TEST_SUITE_P(
    Recipient, WrongBody,
    ::testing::Values(
        Wrong{"/recipient/email", "\"user@example.com\"", "/recipient/email", "object or an array"},
        Wrong{"/recipient/email", "{}", "/recipient/email/email", "required"},
        Wrong{"/recipient/email/email", "7", "/recipient/email/email", "string"},
        Wrong{"/recipient/email/email", "\"\"", "/recipient/email/email", "empty"},
        Wrong{"/recipient/email/mail", "\"x\"", "/recipient/email/mail", "not a known member"},
        Wrong{"/recipient/email", R"([{"email":"a@example.com"},{"name":"B"}])",
              "/recipient/email/1/email", "required"},
        Wrong{"/recipient/email", "[7]", "/recipient/email/0", "object"},
        Wrong{"/recipient/sms", R"({"name":"1"})", "/recipient/sms/phone", "required"},
        Wrong{"/recipient/push/deviceToken", "null", "/recipient/push/deviceToken", "required"},
        Wrong{"/recipient/in_app/userId", "42", "/recipient/in_app/userId", "string"},
        Wrong{"/recipient/whatsapp", R"({"phone":1})", "/recipient/whatsapp/phone", "string"},
        Wrong{"/recipient/hook", "7", "/recipient/hook", "object or an array"},
        Wrong{"/recipient/user@example.com", "{}", "/recipient", "no channel"}));

INSTANTIATE_TEST_SUITE_P(
    Options, WrongBody,
    ::testing::Values(
        Wrong{"/options/colour", "1", "/options/colour", "not a known member"},
        Wrong{"/options/queue", "\"\"", "/options/queue", "1 to 64"},
        Wrong{"/options/queue", "\"a/b\"", "/options/queue", "1 to 64"},
        Wrong{"/options/queue", "7", "/options/queue", "string"},
        Wrong{"/options/priority", "\"URGENT\"", "/options/priority", "CRITICAL"},
        Wrong{"/options/priority", "256", "/options/priority", "255"},
        Wrong{"/options/priority", "-1", "/options/priority", "255"},
        Wrong{"/options/priority", "5.5", "/options/priority", "255"},
        Wrong{"/options/priority", "[]", "/options/priority", "255"},
        Wrong{"/options/maxRetries", "-1", "/options/maxRetries", "0 to 1000"},
        Wrong{"/options/maxRetries", "1001", "/options/maxRetries", "0 to 1000"},
        Wrong{"/options/maxRetries", "4294967296", "/options/maxRetries", "0 to 1000"},
        Wrong{"/options/maxRetries", "18446744073709551615", "/options/maxRetries", "0 to 1000"},
        Wrong{"/options/maxRetries", "\"3\"", "/options/maxRetries", "integer"},
        Wrong{"/options/maxRetries", "3.0", "/options/maxRetries", "integer"},
        Wrong{"/options/retryDelay", "0", "/options/retryDelay", "1 to 2592000000"},
        Wrong{"/options/retryDelay", "2592000001", "/options/retryDelay", "1 to 2592000000"},
        Wrong{"/options/timeout", "0", "/options/timeout", "1 to 604800000"},
        Wrong{"/options/timeout", "604800001", "/options/timeout", "1 to 604800000"},
        Wrong{"/options/delay", "5", "/options/delay", "together"},
        Wrong{"/options/scheduledFor", "\"2026-02-01\"", "/options/scheduledFor", "ISO-8601"},
        Wrong{"/options/scheduledFor", "1767225600000", "/options/scheduledFor", "string"},
        Wrong{"/options/scheduledFor", "\"2036-02-01T00:00:00Z\"", "/options/scheduledFor",
              "10 years"},
        Wrong{"/options/metadata", "[]", "/options/metadata", "object"},
        Wrong{"/options/tags", "\"a\"", "/options/tags", "array"},
        Wrong{"/options/tags", R"(["ok",""])", "/options/tags/1", "1 to 64"},
        Wrong{"/options/tags", R"([7])", "/options/tags/0", "1 to 64"},
        Wrong{"/options/tags", R"([1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1])", "/options/tags",
              "20 tags"}));

TEST(EnqueueBody, IsRefusedWhenItIsNoObject) {
  for (const json& body : {json::array(), json("x"), json(nullptr), json(7)}) {
    const Error error = refused(body);
    EXPECT_EQ(error.code, Errc::kInvalidArgument);
    EXPECT_EQ(error.fields, (std::vector<FieldError>{{"", "must be an object"}}));
  }
}

TEST(EnqueueBody, ReportsAllProblemsAtOnce) {
  json body = valid_body();
  body["extra"] = 1;
  body["notification"]["email"]["subject"] = 7;
  body["recipient"]["sms"] = json::object();
  body["options"]["maxRetries"] = -1;
  body["options"]["timeout"] = 0;
  std::vector<std::string> pointers;
  for (const auto& field : refused(body).fields) pointers.push_back(field.pointer);
  EXPECT_THAT(pointers, ::testing::UnorderedElementsAre("/extra", "/notification/email/subject",
                                                        "/recipient/sms/phone",
                                                        "/options/maxRetries", "/options/timeout"));
}

TEST(EnqueueBody, NeverRepeatsAnAddressInItsError) {
  json body = valid_body();
  body["recipient"]["user@example.com"] = 1;
  body["recipient"]["email"]["user@example.com"] = 1;
  body["notification"]["user@example.com"] = 1;
  body["user@example.com"] = 1;
  const Error error = refused(body);
  std::string all = error.message;
  for (const auto& field : error.fields) all += field.pointer + field.detail;
  EXPECT_EQ(all.find("user@example.com"), std::string::npos) << all;
}

TEST(EnqueueBody, IsRefusedWithTooManyChannels) {
  json body{{"notification", json::object()}, {"recipient", json::object()}};
  for (int i = 0; i < 33; ++i) {
    body["notification"]["c" + std::to_string(i)] = json::object();
    body["recipient"]["c" + std::to_string(i)] = json::object();
  }
  EXPECT_EQ(refused(body).fields.size(), 2u);
}

TEST(Options, AreTheDefaultsWhenNull) {
  const auto options = parse_options(nullptr, "/options");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->queue, "default");
  EXPECT_EQ(options->max_retries, std::nullopt);
}

TEST(Options, ReadPrioritiesByNameAndNumber) {
  const std::pair<json, int> table[] = {{"LOW", 1},   {"NORMAL", 5}, {"HIGH", 10}, {"CRITICAL", 20},
                                        {"high", 10}, {0, 0},        {255, 255},   {7u, 7}};
  for (const auto& [value, priority] : table) {
    const auto options = parse_options(json{{"priority", value}}, "");
    ASSERT_TRUE(options) << value;
    EXPECT_EQ(options->priority, priority) << value;
  }
}

TEST(Options, ReadADelay) {
  EXPECT_EQ(parse_options(json{{"delay", 0}}, "")->delay, Duration{0});
  EXPECT_EQ(parse_options(json{{"delay", kMaxDelay.count()}}, "")->delay, kMaxDelay);
  EXPECT_FALSE(parse_options(json{{"delay", kMaxDelay.count() + 1}}, ""));
  EXPECT_FALSE(parse_options(json{{"delay", -1}}, ""));
}

TEST(Options, ReadAPastTimeAsItIs) {
  const auto options = parse_options(json{{"scheduledFor", "1999-01-01T00:00:00Z"}}, "");
  ASSERT_TRUE(options);
  EXPECT_EQ(to_iso8601(*options->scheduled_for), "1999-01-01T00:00:00.000Z");
}

TEST(Options, LimitKeyMetadataAndTagsByBytes) {
  EXPECT_TRUE(parse_options(json{{"uniqueKey", std::string(200, 'k')}}, ""));
  EXPECT_FALSE(parse_options(json{{"uniqueKey", std::string(201, 'k')}}, ""));
  EXPECT_TRUE(parse_options(json{{"tags", {std::string(64, 't')}}}, ""));
  EXPECT_FALSE(parse_options(json{{"tags", {std::string(65, 't')}}}, ""));
  EXPECT_TRUE(parse_options(json{{"metadata", {{"a", std::string(16'384 - 8, 'm')}}}}, ""));
  EXPECT_FALSE(parse_options(json{{"metadata", {{"a", std::string(16'384 - 7, 'm')}}}}, ""));
}

TEST(Options, UseTheGivenBasePointer) {
  const auto options = parse_options(json{{"timeout", 0}}, "/3/options");
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().fields[0].pointer, "/3/options/timeout");
}

TEST(JobBody, KeepsKindPayloadAndOptions) {
  const auto request = parse_job_request(
      json::parse(
          R"({"kind":"resize.image","payload":{"id":18446744073709551615},"options":{"queue":"images"}})"),
      kNow);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->kind, "resize.image");
  EXPECT_EQ(request->payload.text(), R"({"id":18446744073709551615})");
  EXPECT_EQ(request->options.queue, "images");
}

TEST(JobBody, MayHaveNoPayload) {
  const auto request = parse_job_request(json{{"kind", "tick"}}, kNow);
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->payload.empty());
}

TEST(JobBody, IsRefusedWithThePointerOfTheField) {
  const std::pair<const char*, const char*> table[] = {
      {R"({})", "/kind"},
      {R"({"kind":7})", "/kind"},
      {R"({"kind":""})", "/kind"},
      {R"({"kind":"Resize"})", "/kind"},
      {R"({"kind":"@x"})", "/kind"},
      {R"({"kind":"notification"})", "/kind"},
      {R"({"kind":"x","notification":{}})", "/notification"},
      {R"({"kind":"x","options":{"timeout":0}})", "/options/timeout"},
      {R"({"kind":"x","options":{"scheduledFor":"2099-01-01T00:00:00Z"}})",
       "/options/scheduledFor"},
      {R"([])", ""}};
  for (const auto& [text, pointer] : table) {
    const auto request = parse_job_request(json::parse(text), kNow);
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().code, Errc::kInvalidArgument);
    ASSERT_EQ(request.error().fields.size(), 1u) << text;
    EXPECT_EQ(request.error().fields[0].pointer, pointer) << text;
  }
}

std::vector<std::string> wrong_options(const JobOptions& options) {
  const auto result = validate_options(options);
  std::vector<std::string> pointers;
  if (result) return pointers;
  EXPECT_EQ(result.error().code, Errc::kInvalidArgument);
  for (const auto& field : result.error().fields) pointers.push_back(field.pointer);
  return pointers;
}

TEST(ValidateOptions, AcceptsTheDefaultsAndTheEndsOfEachRange) {
  EXPECT_TRUE(validate_options({}));
  JobOptions options;
  options.queue = std::string(64, 'q');
  options.priority = 255;
  options.max_retries = 1000;
  options.retry_delay = std::chrono::days{30};
  options.timeout = std::chrono::days{7};
  options.delay = kMaxDelay;
  options.unique_key = std::string(200, 'k');
  options.metadata = json{{"a", 1}};
  options.tags = std::vector<std::string>(20, std::string(64, 't'));
  EXPECT_EQ(wrong_options(options), std::vector<std::string>{});
}

TEST(ValidateOptions, RefusesEachValueOutOfRangeWithItsPointer) {
  const std::pair<JobOptions, const char*> table[] = {
      {{.queue = ""}, "/options/queue"},
      {{.queue = std::string(65, 'q')}, "/options/queue"},
      {{.queue = "a b"}, "/options/queue"},
      {{.max_retries = 1001}, "/options/maxRetries"},
      {{.retry_delay = 0ms}, "/options/retryDelay"},
      {{.retry_delay = Duration::min()}, "/options/retryDelay"},
      {{.retry_delay = std::chrono::days{31}}, "/options/retryDelay"},
      {{.timeout = -1ms}, "/options/timeout"},
      {{.timeout = Duration::max()}, "/options/timeout"},
      {{.scheduled_for = TimePoint::max()}, "/options/scheduledFor"},
      {{.scheduled_for = TimePoint::min()}, "/options/scheduledFor"},
      {{.delay = -1ms}, "/options/delay"},
      {{.delay = Duration::max()}, "/options/delay"},
      {{.scheduled_for = kNow, .delay = 1ms}, "/options/delay"},
      {{.unique_key = std::string(201, 'k')}, "/options/uniqueKey"},
      {{.unique_key = "\xff"}, "/options/uniqueKey"},
      {{.metadata = json::array()}, "/options/metadata"},
      {{.metadata = json{{"a", std::string(17'000, 'm')}}}, "/options/metadata"},
      {{.metadata = JsonText::trusted("{broken")}, "/options/metadata"},
      {{.tags = std::vector<std::string>(21, "t")}, "/options/tags"},
      {{.tags = {"ok", ""}}, "/options/tags/1"},
      {{.tags = {"\xff"}}, "/options/tags/0"},
  };
  for (const auto& [options, pointer] : table) {
    EXPECT_EQ(wrong_options(options), std::vector<std::string>{pointer});
  }
}

TEST(ValidateOptions, ReportsAllProblemsAtOnce) {
  EXPECT_EQ(
      wrong_options({.queue = "", .max_retries = 5000, .timeout = 0ms}),
      (std::vector<std::string>{"/options/queue", "/options/maxRetries", "/options/timeout"}));
}

}  // namespace
}  // namespace townkrier
