#include "townkrier/receipts.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "channels/signatures.hpp"
#include "channels/webhook_signature.hpp"
#include "core/base64.hpp"
#include "townkrier/suppression.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using Kind = DeliveryReceipt::Kind;

const TimePoint kNow = parse_iso8601("2026-01-01T00:00:00.000Z").value();

std::shared_ptr<const ReceiptReader> reader(const json& settings) {
  auto made = create_receipt_reader(settings);
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or(nullptr);
}

/// A request signed as Svix and Standard Webhooks do.
ReceiptRequest signed_request(const std::string& prefix, const json& body,
                              std::int64_t seconds = 1767225600) {
  ReceiptRequest request{.headers = {}, .body = body.dump()};
  request.headers[prefix + "-id"] = "msg_1";
  request.headers[prefix + "-timestamp"] = std::to_string(seconds);
  request.headers[prefix + "-signature"] =
      "v1,c29tZXRoaW5nIG9sZA== " +
      webhook_signature(webhook_key("whsec_c2VjcmV0").value(), {"msg_1", seconds, request.body});
  return request;
}

const json kResend{{"format", "resend"}, {"secret", "whsec_c2VjcmV0"}};
const json kBounce{{"type", "email.bounced"},
                   {"created_at", "2025-12-31T23:59:00.000Z"},
                   {"data",
                    {{"email_id", "56761188"},
                     {"to", {"user@example.com"}},
                     {"bounce", {{"message", "no such\nuser"}, {"type", "Permanent"}}}}}};

TEST(ResendReceipts, AreReadWhenTheSignatureIsRight) {
  const auto receipts = reader(kResend)->read(signed_request("svix", kBounce), kNow);
  ASSERT_TRUE(receipts) << receipts.error().message;
  ASSERT_EQ(receipts->size(), 1U);
  const DeliveryReceipt& bounce = receipts->front();
  EXPECT_EQ(bounce.message_id, "56761188");
  EXPECT_EQ(bounce.kind, Kind::kBounced);
  EXPECT_TRUE(bounce.permanent);
  EXPECT_EQ(bounce.recipient, "user@example.com");
  EXPECT_EQ(bounce.detail, "no such user");
  EXPECT_EQ(to_iso8601(bounce.at), "2025-12-31T23:59:00.000Z");
  json other = kBounce;
  other["type"] = "email.delivered";
  EXPECT_EQ(reader(kResend)->read(signed_request("svix", other), kNow)->front().kind,
            Kind::kDelivered);
  other["type"] = "email.opened";
  EXPECT_TRUE(reader(kResend)->read(signed_request("svix", other), kNow)->empty());
}

TEST(ResendReceipts, AreRefusedWhenAnythingOfThemIsWrong) {
  const auto code = [](ReceiptRequest request) {
    const auto receipts = reader(kResend)->read(request, kNow);
    return receipts ? Errc::kInternal : receipts.error().code;
  };
  const auto good = signed_request("svix", kBounce);
  auto changed = good;
  changed.body += " ";
  EXPECT_EQ(code(changed), Errc::kUnauthorized);
  for (const char* header : {"svix-id", "svix-timestamp", "svix-signature"}) {
    auto without = good;
    without.headers.erase(header);
    EXPECT_EQ(code(without), Errc::kUnauthorized) << header;
    auto wrong = good;
    wrong.headers[header] = "9";
    EXPECT_EQ(code(wrong), Errc::kUnauthorized) << header;
  }
  for (const std::int64_t seconds : {1767225600 - 301, 1767225600 + 301}) {
    EXPECT_EQ(code(signed_request("svix", kBounce, seconds)), Errc::kUnauthorized);
  }
  EXPECT_EQ(code(signed_request("svix", "text")), Errc::kMalformed);
  EXPECT_EQ(code(signed_request("svix", {{"type", "email.bounced"}})), Errc::kMalformed);
}

TEST(StandardReceipts, AreRead) {
  const json settings{{"format", "standard"}, {"secret", "whsec_c2VjcmV0"}};
  const json event{{"type", "message.complained"},
                   {"timestamp", "2025-12-31T00:00:00.000Z"},
                   {"data", {{"message_id", "m"}, {"recipient", "user@example.com"}}}};
  const auto receipts = reader(settings)->read(signed_request("webhook", event), kNow);
  ASSERT_TRUE(receipts) << receipts.error().message;
  EXPECT_EQ(receipts->front().kind, Kind::kComplained);
  EXPECT_TRUE(receipts->front().permanent);
}

TEST(PostmarkReceipts, NeedThePasswordOrTheToken) {
  const json basic{{"format", "postmark"}, {"username", "u"}, {"password", "p"}};
  const json token{{"format", "postmark"}, {"token", "t"}};
  ReceiptRequest request{.headers = {{"authorization", "Basic dTpw"}, {"x-townkrier-token", "t"}},
                         .body = json{{"RecordType", "Bounce"},
                                      {"MessageID", "883953f4"},
                                      {"Type", "HardBounce"},
                                      {"Email", "user@example.com"},
                                      {"BouncedAt", "2025-12-31T23:00:00Z"},
                                      {"Description", "unknown user"}}
                                     .dump()};
  for (const json& settings : {basic, token}) {
    const auto receipts = reader(settings)->read(request, kNow);
    ASSERT_TRUE(receipts) << receipts.error().message;
    EXPECT_EQ(receipts->front().message_id, "883953f4");
    EXPECT_TRUE(receipts->front().permanent);
    EXPECT_EQ(to_iso8601(receipts->front().at), "2025-12-31T23:00:00.000Z");
  }
  request.headers = {{"authorization", "Basic dTpx"}, {"x-townkrier-token", "u"}};
  for (const json& settings : {basic, token}) {
    EXPECT_EQ(reader(settings)->read(request, kNow).error().code, Errc::kUnauthorized);
  }
}

TEST(PostmarkReceipts, TellSoftBouncesFromHardOnes) {
  const auto soft = [](const json& more) {
    json event{{"RecordType", "Bounce"}, {"MessageID", "m"}, {"Type", "SoftBounce"}};
    event.update(more);
    return reader({{"format", "postmark"}, {"token", "t"}})
        ->read({.headers = {{"x-townkrier-token", "t"}}, .body = event.dump()}, kNow)
        ->front();
  };
  EXPECT_FALSE(soft(json::object()).permanent);
  EXPECT_TRUE(soft({{"Inactive", true}}).permanent);
}

// The example of Twilio's documentation (docs/usage/security): it tells of a call, not a message.
TEST(TwilioReceipts, VerifyTheDocumentedExample) {
  const json settings{{"format", "twilio"},
                      {"auth_token", "12345"},
                      {"url", "https://mycompany.com/myapp.php?foo=1&bar=2"}};
  ReceiptRequest request{.headers = {{"x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="}},
                         .body =
                             "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
                             "&From=%2B14158675309&To=%2B18005551212"};
  EXPECT_TRUE(reader(settings)->read(request, kNow).value().empty());
  request.body += "&a=b";
  EXPECT_EQ(reader(settings)->read(request, kNow).error().code, Errc::kUnauthorized);
}

TEST(TwilioReceipts, AreRead) {
  const json settings{{"format", "twilio"},
                      {"auth_token", "12345"},
                      {"url", "https://example.com/myapp.php?foo=1&bar=2"}};
  ReceiptRequest request{
      .headers = {},
      .body = "MessageSid=SM1&MessageStatus=undelivered&To=%2B18005551212&ErrorCode=30005"};
  const std::string text =
      "https://example.com/myapp.php?foo=1&bar=2"
      "ErrorCode30005MessageSidSM1MessageStatusundeliveredTo+18005551212";
  request.headers["x-twilio-signature"] = base64_encode(hmac(HashKind::kSha1, "12345", text));
  const auto receipts = reader(settings)->read(request, kNow);
  ASSERT_TRUE(receipts) << receipts.error().message;
  EXPECT_EQ(receipts->front().kind, Kind::kBounced);
  EXPECT_EQ(receipts->front().recipient, "+18005551212");
  EXPECT_TRUE(receipts->front().permanent);
  for (const char* body : {"MessageSid=SM2&MessageStatus=delivered", "", "%", "a=%zz"}) {
    request.body = body;
    EXPECT_EQ(reader(settings)->read(request, kNow).error().code, Errc::kUnauthorized) << body;
  }
}

TEST(Hmac, MatchesItsPublishedVectors) {
  // RFC 2202, case 2; RFC 4231, case 2.
  EXPECT_EQ(hex_encode(hmac(HashKind::kSha1, "Jefe", "what do ya want for nothing?")),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hex_encode(hmac(HashKind::kSha256, "Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HmacReceipts, AreReadAsTheSettingsSay) {
  const json settings{{"format", "hmac"},    {"secret", "s"},       {"header", "X-Signature"},
                      {"prefix", "sha256="}, {"message_id", "/id"}, {"status", "/state"},
                      {"recipient", "/to"},  {"time", "/when"},     {"delivered", {"ok", "up"}},
                      {"bounced", {"dead"}}};
  const json events = json::array({{{"id", 7}, {"state", "ok"}, {"when", 1767225000}},
                                   {{"id", "8"}, {"state", "dead"}, {"to", "user@example.com"}},
                                   {{"id", "9"}, {"state", "queued"}}});
  ReceiptRequest request{.headers = {}, .body = events.dump()};
  request.headers["x-signature"] =
      "sha256=" + hex_encode(hmac(HashKind::kSha256, "s", request.body));
  const auto receipts = reader(settings)->read(request, kNow);
  ASSERT_TRUE(receipts) << receipts.error().message;
  ASSERT_EQ(receipts->size(), 2U);
  EXPECT_EQ(receipts->at(0).message_id, "7");
  EXPECT_EQ(to_iso8601(receipts->at(0).at), "2025-12-31T23:50:00.000Z");
  EXPECT_EQ(receipts->at(1).recipient, "user@example.com");
  EXPECT_EQ(receipts->at(1).at, kNow);
  request.headers["x-signature"].back() ^= 1;
  EXPECT_EQ(reader(settings)->read(request, kNow).error().code, Errc::kUnauthorized);
}

TEST(ReceiptSettings, NameEveryWrongKey) {
  const auto pointers = [](const json& settings) {
    std::string out;
    const auto made = create_receipt_reader(settings);
    if (made) return out;
    for (const auto& field : made.error().fields) out += field.pointer + " ";
    return out;
  };
  EXPECT_EQ(pointers({{"format", "fax"}}), "/format ");
  EXPECT_EQ(pointers(json::object()), "/format ");
  EXPECT_EQ(pointers({{"format", "resend"}}), "/secret ");
  EXPECT_EQ(pointers({{"format", "resend"}, {"secret", "whsec_*"}}), "/secret ");
  EXPECT_EQ(pointers({{"format", "twilio"}, {"auth_token", "t"}, {"url", "x"}}), "/url ");
  EXPECT_EQ(pointers({{"format", "postmark"}, {"token", "t"}, {"colour", 1}}), "/colour ");
  EXPECT_EQ(pointers({{"format", "hmac"}}), "/secret /header /message_id /status /delivered ");
}

TEST(Suppressions, AreFedByBouncesForGoodAndComplaints) {
  const auto list = make_memory_suppression_list();
  const auto feed = [&](Kind kind, bool permanent, const char* recipient) {
    DeliveryReceipt receipt{.message_id = "m", .kind = kind, .at = kNow, .recipient = recipient};
    receipt.permanent = permanent;
    return suppress_by_receipt(*list, "email", receipt).value();
  };
  EXPECT_FALSE(feed(Kind::kDelivered, false, "a@example.com"));
  EXPECT_FALSE(feed(Kind::kBounced, false, "b@example.com"));
  EXPECT_FALSE(feed(Kind::kBounced, true, ""));
  EXPECT_TRUE(list->empty());
  EXPECT_TRUE(feed(Kind::kBounced, true, "Carol@Example.com"));
  EXPECT_TRUE(feed(Kind::kComplained, true, "d@example.com"));
  EXPECT_EQ(list->find("email", "carol@example.COM")->reason, "bounced");
  EXPECT_FALSE(list->find("sms", "carol@example.com"));
  EXPECT_EQ(list->find("email", "carol@example.com")->address, "C***@Example.com");
  EXPECT_EQ(list->list().size(), 2U);
  EXPECT_EQ(list->remove("email", "carol@example.com"), true);
  EXPECT_EQ(list->remove("email", "carol@example.com"), false);
}

}  // namespace
}  // namespace townkrier
