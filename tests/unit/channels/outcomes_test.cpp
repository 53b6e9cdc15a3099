#include "channels/outcomes.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "channels/text.hpp"

namespace townkrier {
namespace {

using Kind = DeliveryOutcome::Kind;

TransferReply answered(int code, std::string body = {}) {
  TransferReply reply;
  reply.status = TransferStatus::kAnswered;
  reply.code = code;
  reply.body = std::move(body);
  return reply;
}

TransferReply failed(TransferStatus status, std::string detail = {}) {
  TransferReply reply;
  reply.status = status;
  reply.detail = std::move(detail);
  return reply;
}

TEST(Outcomes, AFailedTransferIsTransient) {
  for (const auto status :
       {TransferStatus::kConnectFailed, TransferStatus::kTimedOut, TransferStatus::kTlsFailed,
        TransferStatus::kLoginDenied, TransferStatus::kBroken, TransferStatus::kCancelled,
        TransferStatus::kShutDown}) {
    const auto outcome = outcome_of_failure(failed(status, "detail"));
    EXPECT_EQ(outcome.kind, Kind::kTransient);
    EXPECT_FALSE(outcome.error.empty());
    EXPECT_FALSE(outcome.error_code.empty());
  }
}

TEST(Outcomes, AForbiddenAddressIsPermanentAndSaysWhy) {
  const auto outcome = outcome_of_failure(failed(TransferStatus::kAddressRefused));
  EXPECT_EQ(outcome.kind, Kind::kPermanent);
  EXPECT_EQ(outcome.error_code, "address_refused");
  EXPECT_NE(outcome.error.find("allow_private"), std::string::npos);
}

TEST(Outcomes, AStopSaysNothingElse) {
  EXPECT_EQ(outcome_of_failure(failed(TransferStatus::kShutDown, "x")).error, "shutting down");
}

TEST(Outcomes, SmtpRepliesAreReadByTheirFirstDigit) {
  EXPECT_EQ(outcome_of_smtp(answered(250), "<id>").kind, Kind::kSent);
  EXPECT_EQ(outcome_of_smtp(answered(250), "<id>").message_id, "<id>");
  for (const int code : {421, 450, 451, 452, 454, 471}) {
    EXPECT_EQ(outcome_of_smtp(answered(code), "<id>").kind, Kind::kTransient) << code;
  }
  for (const int code : {500, 550, 551, 552, 553, 554}) {
    EXPECT_EQ(outcome_of_smtp(answered(code), "<id>").kind, Kind::kPermanent) << code;
  }
}

TEST(Outcomes, SmtpLoginRepliesKeepTheMessage) {
  for (const int code : {530, 534, 535, 538}) {
    EXPECT_EQ(outcome_of_smtp(answered(code), "<id>").kind, Kind::kTransient) << code;
  }
}

TEST(Outcomes, SmtpErrorsQuoteTheReplyOnce) {
  EXPECT_EQ(outcome_of_smtp(answered(550, "550 5.1.1 no such user\r\n"), "").error,
            "the mail server answered 550: 5.1.1 no such user");
  EXPECT_EQ(outcome_of_smtp(answered(550), "").error, "the mail server answered 550");
}

TEST(Outcomes, HttpStatusesFollowTheTable) {
  const std::map<int, Kind> kinds{
      {200, Kind::kSent},      {299, Kind::kSent},      {301, Kind::kPermanent},
      {400, Kind::kPermanent}, {401, Kind::kPermanent}, {404, Kind::kPermanent},
      {408, Kind::kTransient}, {410, Kind::kPermanent}, {425, Kind::kTransient},
      {429, Kind::kThrottled}, {500, Kind::kTransient}, {599, Kind::kTransient}};
  for (const auto& [code, kind] : kinds) {
    EXPECT_EQ(outcome_of_http(answered(code), "the endpoint").kind, kind) << code;
  }
}

TEST(Outcomes, RetryAfterThrottlesOnlyWhereItIsMeant) {
  for (const int code : {429, 503}) {
    auto reply = answered(code);
    reply.retry_after = Duration{5000};
    const auto outcome = outcome_of_http(reply, "the endpoint");
    EXPECT_EQ(outcome.kind, Kind::kThrottled);
    EXPECT_EQ(outcome.retry_after, Duration{5000});
  }
  auto reply = answered(500);
  reply.retry_after = Duration{5000};
  EXPECT_EQ(outcome_of_http(reply, "the endpoint").kind, Kind::kTransient);
}

TEST(Outcomes, BoundWhatAPeerSays) {
  const auto outcome = outcome_of_http(answered(400), "the endpoint", std::string(100'000, 'x'));
  EXPECT_LT(outcome.error.size(), 300U);
  EXPECT_LT(outcome_of_smtp(answered(550, "550 " + std::string(100'000, 'x')), "").error.size(),
            300U);
}

TEST(Printable, ReplacesControlCharactersAndCutsWholeCharacters) {
  EXPECT_EQ(printable("  a\r\n\tb\x01 c  ", 100), "a b c");
  EXPECT_EQ(printable("ab\xC3\xA9", 3), "ab");
  EXPECT_EQ(printable("ab\xC3\xA9", 4), "ab\xC3\xA9");
  EXPECT_EQ(printable("", 10), "");
}

}  // namespace
}  // namespace townkrier
