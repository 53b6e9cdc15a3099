#pragma once

/// \file provider_cases.hpp
/// What each bundled HTTP driver has to send and how it has to read answers, by its provider's API
/// documentation: the table of providers_test.cpp.

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/http_peer.hpp"
#include "townkrier/townkrier.hpp"

namespace townkrier::testing {

/// An answer and what it means.
struct JudgedReply {
  PeerReply reply;
  std::string code;   ///< Expected error code.
  std::string error;  ///< Expected error text.
};

struct ProviderCase {
  std::string name;
  ProviderFactory factory;
  nlohmann::json settings;  ///< "BASE" in texts stands for the peer's URL, "ACCOUNT" for FCM's.
  nlohmann::json content;
  nlohmann::json recipients;
  std::string line;                            ///< "POST /emails HTTP/1.1"
  std::map<std::string, std::string> headers;  ///< Those that must be so.
  std::string body;                            ///< JSON is compared as JSON.
  PeerReply success;
  std::string message_id;
  JudgedReply permanent;
  JudgedReply operators;  ///< Transient: the operator has to repair it.
};

inline void PrintTo(const ProviderCase& one, std::ostream* out) {
  *out << one.name;
}

namespace cases {

using nlohmann::json;

inline PeerReply reply(int status, const json& body) {
  return PeerReply::answer(status, body.dump());
}

inline const json kMail{{"subject", "Welcome!"},
                        {"text", "Hello"},
                        {"html", "<p>Hello</p>"},
                        {"cc", "copy@example.com"},
                        {"bcc", {"hidden@example.com"}},
                        {"replyTo", "desk@example.com"},
                        {"attachments", {{{"filename", "a.txt"}, {"content", "aGk="}}}}};
inline const json kMailTo = json::array({{{"email", "user@example.com"}, {"name", "Last, First"}}});
inline const json kPhone = json::array({{{"phone", "+2348012345678"}}});
inline const json kText{{"text", "Your code: 1234 & more"}};
inline const std::string kFrom = "TownKrier <notifications@example.com>";

inline ProviderCase resend() {
  return {
      .name = "resend",
      .factory = create_resend_channel,
      .settings = {{"api_key", "key-for-tests"}, {"from", kFrom}, {"base_url", "BASE"}},
      .content = kMail,
      .recipients = kMailTo,
      .line = "POST /emails HTTP/1.1",
      .headers = {{"authorization", "Bearer key-for-tests"},
                  {"content-type", "application/json"},
                  {"idempotency-key", "key-1"}},
      .body = R"({"from":"TownKrier <notifications@example.com>",
                      "to":["\"Last, First\" <user@example.com>"],"subject":"Welcome!",
                      "text":"Hello","html":"<p>Hello</p>","cc":["copy@example.com"],
                      "bcc":["hidden@example.com"],"reply_to":"desk@example.com",
                      "attachments":[{"filename":"a.txt","content":"aGk="}]})",
      .success = reply(200, {{"id", "49a3999c"}}),
      .message_id = "49a3999c",
      .permanent = {reply(422, {{"name", "validation_error"}, {"message", "no such field"}}),
                    "validation_error", "Resend answered 422: no such field"},
      .operators = {reply(403, {{"name", "invalid_api_key"}, {"message", "key-for-tests is bad"}}),
                    "invalid_api_key", "Resend answered 403: *** is bad"}};
}

inline ProviderCase postmark() {
  return {
      .name = "postmark",
      .factory = create_postmark_channel,
      .settings = {{"server_token", "token-for-tests"}, {"from", kFrom}, {"base_url", "BASE"}},
      .content = kMail,
      .recipients = kMailTo,
      .line = "POST /email HTTP/1.1",
      .headers = {{"x-postmark-server-token", "token-for-tests"},
                  {"content-type", "application/json"},
                  {"accept", "application/json"}},
      .body = R"({"From":"TownKrier <notifications@example.com>",
                      "To":"\"Last, First\" <user@example.com>","Subject":"Welcome!",
                      "TextBody":"Hello","HtmlBody":"<p>Hello</p>","Cc":"copy@example.com",
                      "Bcc":"hidden@example.com","ReplyTo":"desk@example.com",
                      "MessageStream":"outbound",
                      "Attachments":[{"Name":"a.txt","Content":"aGk=",
                                      "ContentType":"text/plain; charset=utf-8"}]})",
      .success = reply(200, {{"To", "user@example.com"},
                             {"MessageID", "0a129aee"},
                             {"ErrorCode", 0},
                             {"Message", "OK"}}),
      .message_id = "0a129aee",
      .permanent = {reply(422, {{"ErrorCode", 406}, {"Message", "inactive recipient"}}), "406",
                    "Postmark answered 422: inactive recipient"},
      .operators = {reply(422, {{"ErrorCode", 400}, {"Message", "no signature; token-for-tests"}}),
                    "400", "Postmark answered 422: no signature; ***"}};
}

inline ProviderCase mailtrap() {
  return {.name = "mailtrap",
          .factory = create_mailtrap_channel,
          .settings = {{"api_token", "token-for-tests"},
                       {"from", kFrom},
                       {"category", "welcome"},
                       {"base_url", "BASE"}},
          .content = kMail,
          .recipients = kMailTo,
          .line = "POST /api/send HTTP/1.1",
          .headers = {{"authorization", "Bearer token-for-tests"},
                      {"content-type", "application/json"}},
          .body = R"({"from":{"email":"notifications@example.com","name":"TownKrier"},
                      "to":[{"email":"user@example.com","name":"Last, First"}],
                      "subject":"Welcome!","text":"Hello","html":"<p>Hello</p>",
                      "cc":[{"email":"copy@example.com"}],"bcc":[{"email":"hidden@example.com"}],
                      "reply_to":{"email":"desk@example.com"},"category":"welcome",
                      "attachments":[{"filename":"a.txt","content":"aGk=",
                                      "disposition":"attachment"}]})",
          .success = reply(200, {{"success", true}, {"message_ids", {"0c7fd939"}}}),
          .message_id = "0c7fd939",
          .permanent = {reply(400, {{"success", false}, {"errors", {"'to' is invalid"}}}), "400",
                        "Mailtrap answered 400: 'to' is invalid"},
          .operators = {reply(401, {{"error", "Unauthorized token-for-tests"}}), "401",
                        "Mailtrap answered 401: Unauthorized ***"}};
}

inline ProviderCase termii() {
  return {.name = "termii",
          .factory = create_termii_channel,
          .settings = {{"api_key", "key-for-tests"}, {"sender_id", "Shop"}, {"base_url", "BASE"}},
          .content = kText,
          .recipients = kPhone,
          .line = "POST /api/sms/send HTTP/1.1",
          .headers = {{"content-type", "application/json"}},
          .body = R"({"api_key":"key-for-tests","to":"2348012345678","from":"Shop",
                      "sms":"Your code: 1234 & more","type":"plain","channel":"generic"})",
          .success = reply(200, {{"message_id", "9122821270554876574"},
                                 {"message", "Successfully Sent"},
                                 {"balance", 9}}),
          .message_id = "9122821270554876574",
          .permanent = {reply(400, {{"code", 400}, {"message", "Invalid number"}}), "400",
                        "Termii answered 400: Invalid number"},
          .operators = {reply(400, {{"message", "Insufficient balance for key-for-tests"}}), "400",
                        "Termii answered 400: Insufficient balance for ***"}};
}

inline ProviderCase twilio() {
  const std::string account = "AC" + std::string(32, '0');
  return {
      .name = "twilio",
      .factory = create_twilio_channel,
      .settings = {{"account_sid", account},
                   {"auth_token", "token-for-tests"},
                   {"from", "+15005550006"},
                   {"base_url", "BASE"}},
      .content = kText,
      .recipients = kPhone,
      .line = "POST /2010-04-01/Accounts/" + account + "/Messages.json HTTP/1.1",
      .headers = {{"authorization",
                   "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0b2tlbi1mb3ItdGVzdHM="},
                  {"content-type", "application/x-www-form-urlencoded"}},
      .body = "To=%2B2348012345678&Body=Your%20code%3A%201234%20%26%20more&From=%2B15005550006",
      .success = reply(201, {{"sid", "SM87105da9"}, {"status", "queued"}}),
      .message_id = "SM87105da9",
      .permanent = {reply(400, {{"code", 21211}, {"message", "Invalid 'To' Phone Number"}}),
                    "21211", "Twilio answered 400: Invalid 'To' Phone Number"},
      .operators = {reply(400, {{"code", 21606}, {"message", "not a 'From' of yours"}}), "21606",
                    "Twilio answered 400: not a 'From' of yours"}};
}

inline ProviderCase wasender() {
  return {
      .name = "wasender",
      .factory = create_wasender_channel,
      .settings = {{"api_key", "key-for-tests"}, {"base_url", "BASE"}},
      .content = kText,
      .recipients = kPhone,
      .line = "POST /api/send-message HTTP/1.1",
      .headers = {{"authorization", "Bearer key-for-tests"}, {"content-type", "application/json"}},
      .body = R"({"to":"+2348012345678","text":"Your code: 1234 & more"})",
      .success =
          reply(200, {{"success", true}, {"data", {{"msgId", 100000}, {"status", "in_progress"}}}}),
      .message_id = "100000",
      .permanent = {reply(422, {{"success", false}, {"message", "the number is invalid"}}), "422",
                    "Wasender answered 422: the number is invalid"},
      .operators = {reply(401, {{"success", false}, {"message", "bad key-for-tests"}}), "401",
                    "Wasender answered 401: bad ***"}};
}

inline ProviderCase whapi() {
  return {.name = "whapi",
          .factory = create_whapi_channel,
          .settings = {{"token", "token-for-tests"}, {"base_url", "BASE"}},
          .content = kText,
          .recipients = kPhone,
          .line = "POST /messages/text HTTP/1.1",
          .headers = {{"authorization", "Bearer token-for-tests"},
                      {"content-type", "application/json"}},
          .body = R"({"to":"2348012345678","body":"Your code: 1234 & more"})",
          .success = reply(200, {{"sent", true}, {"message", {{"id", "PsqX6w"}}}}),
          .message_id = "PsqX6w",
          .permanent = {reply(400, {{"error", {{"code", 400}, {"message", "wrong number"}}}}),
                        "400", "Whapi answered 400: wrong number"},
          .operators = {reply(402, {{"error", {{"code", 402}, {"message", "trial is over"}}}}),
                        "402", "Whapi answered 402: trial is over"}};
}

inline const json kPush{
    {"title", "Paid"}, {"body", "Order 7 is paid"}, {"actionUrl", "https://example.com/orders/7"},
    {"badge", 2},      {"sound", "default"},        {"data", {{"order", 7}}}};

inline ProviderCase fcm() {
  const json details = json::array({{{"errorCode", "UNREGISTERED"}}});
  return {
      .name = "fcm",
      .factory = create_fcm_channel,
      .settings = {{"service_account", "ACCOUNT"},
                   {"token_url", "BASE/token"},
                   {"base_url", "BASE"}},
      .content = kPush,
      .recipients = json::array({{{"deviceToken", "device-1"}}}),
      .line = "POST /v1/projects/shop/messages:send HTTP/1.1",
      .headers = {{"authorization", "Bearer access-1"}, {"content-type", "application/json"}},
      .body = R"({"message":{"token":"device-1",
                      "notification":{"title":"Paid","body":"Order 7 is paid"},
                      "data":{"order":"7","actionUrl":"https://example.com/orders/7"},
                      "android":{"notification":{"tag":"key-1","sound":"default",
                                                 "notification_count":2}},
                      "apns":{"headers":{"apns-collapse-id":"key-1"},
                              "payload":{"aps":{"sound":"default","badge":2}}},
                      "webpush":{"fcm_options":{"link":"https://example.com/orders/7"}}}})",
      .success = reply(200, {{"name", "projects/shop/messages/0:15"}}),
      .message_id = "projects/shop/messages/0:15",
      .permanent = {reply(404, {{"error",
                                 {{"code", 404},
                                  {"message", "not found"},
                                  {"status", "NOT_FOUND"},
                                  {"details", details}}}}),
                    "UNREGISTERED", "FCM answered 404: not found"},
      .operators = {
          reply(403, {{"error", {{"message", "no permission"}, {"status", "PERMISSION_DENIED"}}}}),
          "PERMISSION_DENIED", "FCM answered 403: no permission"}};
}

inline ProviderCase expo() {
  const json gone{{"status", "error"},
                  {"message", "not a registered device"},
                  {"details", {{"error", "DeviceNotRegistered"}}}};
  const json bad{{"status", "error"},
                 {"message", "no credentials"},
                 {"details", {{"error", "InvalidCredentials"}}}};
  return {.name = "expo",
          .factory = create_expo_channel,
          .settings = {{"access_token", "token-for-tests"}, {"base_url", "BASE"}},
          .content = kPush,
          .recipients = json::array({{{"deviceToken", "ExponentPushToken[x]"}}}),
          .line = "POST /--/api/v2/push/send HTTP/1.1",
          .headers = {{"authorization", "Bearer token-for-tests"},
                      {"content-type", "application/json"},
                      {"accept", "application/json"}},
          .body = R"({"to":["ExponentPushToken[x]"],"title":"Paid","body":"Order 7 is paid",
                      "sound":"default","badge":2,
                      "data":{"order":7,"actionUrl":"https://example.com/orders/7"}})",
          .success = reply(200, {{"data", {{{"status", "ok"}, {"id", "ticket-1"}}}}}),
          .message_id = "ticket-1",
          .permanent = {reply(200, {{"data", json::array({gone})}}), "DeviceNotRegistered",
                        "Expo refused: not a registered device"},
          .operators = {reply(200, {{"data", json::array({bad})}}), "InvalidCredentials",
                        "Expo refused: no credentials"}};
}

inline ProviderCase slack() {
  return {.name = "slack",
          .factory = create_slack_channel,
          .settings = {{"url", "BASE/services/T0/B0/hook-for-tests"}},
          .content = kText,
          .recipients = json::array(),
          .line = "POST /services/T0/B0/hook-for-tests HTTP/1.1",
          .headers = {{"content-type", "application/json"}},
          .body = R"({"text":"Your code: 1234 & more"})",
          .success = PeerReply::answer(200, "ok"),
          .message_id = "",
          .permanent = {PeerReply::answer(400, "invalid_payload"), "invalid_payload",
                        "Slack answered 400"},
          .operators = {PeerReply::answer(404, "no_service"), "no_service", "Slack answered 404"}};
}

inline ProviderCase discord() {
  return {.name = "discord",
          .factory = create_discord_channel,
          .settings = {{"url", "BASE/api/webhooks/1/hook-for-tests"}},
          .content = kText,
          .recipients = json::array(),
          .line = "POST /api/webhooks/1/hook-for-tests?wait=true HTTP/1.1",
          .headers = {{"content-type", "application/json"}},
          .body = R"({"content":"Your code: 1234 & more","allowed_mentions":{"parse":[]}})",
          .success = reply(200, {{"id", "1234567890"}}),
          .message_id = "1234567890",
          .permanent = {reply(400, {{"code", 50006}, {"message", "empty message"}}), "50006",
                        "Discord answered 400: empty message"},
          .operators = {reply(404, {{"code", 10015}, {"message", "Unknown Webhook"}}), "10015",
                        "Discord answered 404: Unknown Webhook"}};
}

inline ProviderCase configured() {
  return {.name = "http",
          .factory = create_http_channel,
          .settings = {{"url", "BASE/v1/{{recipient.phone}}/send"},
                       {"type", "sms"},
                       {"method", "PUT"},
                       {"headers", {{"Authorization", "Key key-for-tests"}}},
                       {"json",
                        {{"to", "{{recipient.phone}}"},
                         {"parts", {"{{content.text}}"}},
                         {"try", "{{attempt}}"},
                         {"flash", false}}},
                       {"message_id", "/data/id"},
                       {"error_code", "/code"},
                       {"error_message", "/why"},
                       {"sent_if", {{"/ok", true}}},
                       {"transient", {"QUOTA", 410}}},
          .content = kText,
          .recipients = kPhone,
          .line = "PUT /v1/%2B2348012345678/send HTTP/1.1",
          .headers = {{"authorization", "Key key-for-tests"},
                      {"idempotency-key", "key-1"},
                      {"content-type", "application/json"}},
          .body = R"({"to":"+2348012345678","parts":["Your code: 1234 & more"],"try":1,
                      "flash":false})",
          .success = reply(200, {{"ok", true}, {"data", {{"id", "m-1"}}}}),
          .message_id = "m-1",
          .permanent = {reply(200, {{"ok", false},
                                    {"code", "BAD_NUMBER"},
                                    {"why", "key-for-tests cannot reach it"}}),
                        "BAD_NUMBER", "http refused: *** cannot reach it"},
          .operators = {reply(400, {{"ok", false}, {"code", "QUOTA"}, {"why", "nothing left"}}),
                        "QUOTA", "http refused: nothing left"}};
}

}  // namespace cases

inline std::vector<ProviderCase> provider_cases() {
  return {cases::resend(), cases::postmark(), cases::mailtrap(), cases::termii(),
          cases::twilio(), cases::wasender(), cases::whapi(),    cases::fcm(),
          cases::expo(),   cases::slack(),    cases::discord(),  cases::configured()};
}

}  // namespace townkrier::testing
