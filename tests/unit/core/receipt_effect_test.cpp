#include "core/receipt_effect.hpp"

#include <gtest/gtest.h>

#include "core/remembered.hpp"

namespace townkrier {
namespace {

using namespace std::chrono_literals;
using Kind = DeliveryReceipt::Kind;

constexpr TimePoint kNow{1'700'000'000'000ms};

Delivery sent() {
  Delivery delivery;
  delivery.channel = "email";
  delivery.status = LogStatus::kSent;
  delivery.message_id = "m-1";
  return delivery;
}

DeliveryReceipt receipt(Kind kind, std::string detail = {}) {
  return {.message_id = "m-1",
          .kind = kind,
          .at = kNow - 1s,
          .recipient = {},
          .permanent = false,
          .detail = std::move(detail)};
}

ReceiptEffect apply(Delivery& delivery, const DeliveryReceipt& with) {
  return apply_receipt(delivery, with, ContentPrivacy::kMasked, kNow);
}

TEST(ReceiptEffect, MovesASentDeliveryOnAndNeverBack) {
  Delivery delivery = sent();
  EXPECT_EQ(apply(delivery, receipt(Kind::kDelivered)), ReceiptEffect::kMoved);
  EXPECT_EQ(delivery.status, LogStatus::kDelivered);
  EXPECT_EQ(delivery.delivered_at, kNow - 1s);
  EXPECT_EQ(delivery.updated_at, kNow);
  EXPECT_EQ(apply(delivery, receipt(Kind::kDelivered)), ReceiptEffect::kNone);
  EXPECT_EQ(apply(delivery, receipt(Kind::kBounced)), ReceiptEffect::kMoved);
  EXPECT_EQ(delivery.failed_at, kNow - 1s);
  EXPECT_EQ(apply(delivery, receipt(Kind::kDelivered)), ReceiptEffect::kNone);
  EXPECT_EQ(apply(delivery, receipt(Kind::kComplained)), ReceiptEffect::kMoved);
  EXPECT_EQ(delivery.status, LogStatus::kComplained);
  EXPECT_EQ(apply(delivery, receipt(Kind::kBounced)), ReceiptEffect::kNone);
  EXPECT_EQ(delivery.status, LogStatus::kComplained);
}

TEST(ReceiptEffect, LeavesDeliveriesAloneThatWereNotSentAsThatMessage) {
  Delivery other = sent();
  other.message_id = "m-2";
  Delivery failed = sent();
  failed.status = LogStatus::kFailed;
  Delivery sending = sent();
  sending.status = LogStatus::kSending;
  for (Delivery* delivery : {&other, &failed, &sending}) {
    const Delivery before = *delivery;
    EXPECT_EQ(apply(*delivery, receipt(Kind::kBounced)), ReceiptEffect::kNone);
    EXPECT_EQ(*delivery, before);
  }
}

TEST(ReceiptEffect, MasksTheReasonAndDistrustsTheFuture) {
  Delivery delivery = sent();
  DeliveryReceipt late = receipt(Kind::kBounced, "no mailbox for user@example.com");
  late.at = kNow + 1h;
  apply(delivery, late);
  EXPECT_EQ(delivery.failed_at, kNow);
  EXPECT_TRUE(delivery.error.starts_with("bounced: no mailbox")) << delivery.error;
  EXPECT_EQ(delivery.error.find("user@example.com"), std::string::npos) << delivery.error;
}

TEST(ReceiptEffect, MovesARowThatOutlivedItsJob) {
  NotificationLog row;
  row.status = LogStatus::kSent;
  row.message_id = "m-1";
  EXPECT_EQ(apply_receipt(row, receipt(Kind::kDelivered), ContentPrivacy::kMasked, kNow),
            ReceiptEffect::kMoved);
  EXPECT_EQ(row.status, LogStatus::kDelivered);
  EXPECT_EQ(row.delivered_at, kNow - 1s);
}

TEST(Remembered, AMessageLeadsToItsDelivery) {
  Delivery delivery = sent();
  delivery.provider = "resend";
  delivery.log_id.bytes[3] = 7;
  JobId job;
  job.bytes[15] = 9;
  const TimedEntry entry = message_entry(job, delivery, kNow);
  EXPECT_EQ(entry.key, message_key("resend", "m-1"));
  EXPECT_NE(entry.key, message_key("resen", "dm-1"));
  EXPECT_EQ(entry.key.find("m-1"), std::string::npos);
  EXPECT_EQ(entry.until, kNow + kReceiptPeriod);
  EXPECT_EQ(read_message(entry).value(), (SentMessage{job, delivery.log_id, "email"}));
  for (std::size_t size = 0; size <= 32; ++size) {
    const TimedEntry cut{.key = "k", .value = entry.value.substr(0, size), .until = kNow};
    EXPECT_FALSE(read_message(cut)) << size;
  }
}

TEST(Remembered, AKeyLeadsToItsJobs) {
  const IdempotencyKey key{"name", "fingerprint"};
  TimedEntry entry = once_entry(key, 3, 2, kNow);
  EXPECT_EQ(entry.first_job, 3u);
  EXPECT_EQ(entry.jobs, 2u);
  EXPECT_EQ(entry.until, kNow + 24h);
  entry.value += std::string(16, 'a') + std::string(16, 'b');
  const auto record = read_once(entry);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->fingerprint, "fingerprint");
  ASSERT_EQ(record->jobs.size(), 2u);
  EXPECT_EQ(record->jobs[1].bytes[0], 'b');
  entry.value.pop_back();
  EXPECT_FALSE(read_once(entry));
  EXPECT_FALSE(read_once({.key = "k", .value = "", .until = kNow}));
  EXPECT_FALSE(read_once({.key = "k",
                          .value = "\x0f"
                                   "short",
                          .until = kNow}));
}

}  // namespace
}  // namespace townkrier
