#include "persistence/ledger.hpp"

#include <gtest/gtest.h>

#include "persistence/key_schema.hpp"

namespace townkrier::persistence {
namespace {

void apply(Ledger& ledger, const LedgerDelta& delta) {
  const auto rows = ledger.resolve(delta);
  ASSERT_TRUE(rows) << rows.error().message;
  ledger.adopt(*rows);
}

TEST(Ledger, AddsUpDifferences) {
  Ledger ledger;
  LedgerDelta delta;
  delta.add_job("a", JobStatus::kPending, 2);
  delta.add_job("b", JobStatus::kFailed, 1);
  delta.add_log("email", LogStatus::kSent, 3);
  delta.add_unread("ann", 1);
  apply(ledger, delta);
  delta.clear();
  delta.add_job("a", JobStatus::kPending, -1);
  delta.add_job("a", JobStatus::kProcessing, 1);
  apply(ledger, delta);
  EXPECT_EQ(ledger.job_stats(), (QueueStats{.pending = 1, .processing = 1, .failed = 1}));
  EXPECT_EQ(ledger.jobs("a", {}), 2u);
  EXPECT_EQ(ledger.jobs(std::nullopt, JobStatus::kFailed), 1u);
  EXPECT_EQ(ledger.logs("email", LogStatus::kSent), 3u);
  EXPECT_EQ(ledger.unread("ann"), 1u);
  EXPECT_EQ(ledger.unread("bob"), 0u);
}

TEST(Ledger, WritesOnlyTheRowsThatChanged) {
  LedgerDelta delta;
  delta.add_job("a", JobStatus::kPending, 1);
  delta.add_job("b", JobStatus::kPending, 1);
  delta.add_job("b", JobStatus::kPending, -1);
  const auto rows = Ledger().resolve(delta);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->queues.size(), 1u);
  EXPECT_EQ(rows->queues[0].first, "a");
}

TEST(Ledger, RefusesToGoBelowZero) {
  LedgerDelta delta;
  delta.add_log("email", LogStatus::kSent, -1);
  const auto rows = Ledger().resolve(delta);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Errc::kInternal);
}

TEST(Ledger, ForgetsEmptyRows) {
  Ledger ledger;
  LedgerDelta delta;
  delta.add_ready(lane_prefix({"q", "email", 5}), 1);
  apply(ledger, delta);
  ASSERT_EQ(ledger.lanes().size(), 1u);
  EXPECT_EQ(ledger.lanes()[0].lane.route, "email");
  delta.clear();
  delta.add_ready(lane_prefix({"q", "email", 5}), -1);
  apply(ledger, delta);
  EXPECT_TRUE(ledger.lanes().empty());
  EXPECT_EQ(ledger, Ledger());
}

TEST(Ledger, SaysWhereTwoDiffer) {
  Ledger ledger;
  LedgerDelta delta;
  delta.add_job("a", JobStatus::kPending, 2);
  apply(ledger, delta);
  const auto lines = ledger.differences(Ledger());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("counter says 2, found 0"), std::string::npos) << lines[0];
  EXPECT_TRUE(ledger.differences(ledger).empty());
}

TEST(Ledger, ASummaryHasNoEmptyParts) {
  Ledger ledger;
  LedgerDelta delta;
  delta.add_log("email", LogStatus::kSent, 2);
  delta.add_log("email", LogStatus::kDelivered, 1);
  delta.add_log("sms", LogStatus::kFailed, 1);
  apply(ledger, delta);
  StorageStats expected;
  expected.total = 4;
  expected.sent = 2;
  expected.delivered = 1;
  expected.failed = 1;
  expected.by_channel = {{"email", 3}, {"sms", 1}};
  expected.by_status = {{"sent", 2}, {"delivered", 1}, {"failed", 1}};
  EXPECT_EQ(ledger.log_stats(std::nullopt), expected);
  EXPECT_EQ(ledger.log_stats("sms").total, 1u);
}

}  // namespace
}  // namespace townkrier::persistence
