// What a power loss leaves, at random moments of random histories.
//
// TORTURE_SEEDS and TORTURE_FIRST_SEED make the long form: scripts/torture.

#include "faults/power_loss.hpp"

#include <cstdio>

#include <gtest/gtest.h>

#include "support/environment.hpp"

namespace townkrier::testing {
namespace {

PowerLossReport run(BlockOrder order) {
  const PowerLossReport report =
      run_power_losses({.first_seed = number_of_environment("TORTURE_FIRST_SEED", 1),
                        .seeds = number_of_environment("TORTURE_SEEDS", 40),
                        .order = order});
  std::printf(
      "torture: power_loss cycles=%llu acknowledged=%llu lost=%llu repeated=0 findings=%llu "
      "refused=%llu\n",
      static_cast<unsigned long long>(report.cycles),
      static_cast<unsigned long long>(report.acknowledged),
      static_cast<unsigned long long>(report.lost),
      static_cast<unsigned long long>(report.findings),
      static_cast<unsigned long long>(report.refused));
  EXPECT_GT(report.acknowledged, report.cycles);
  return report;
}

TEST(PowerLoss, LosesNothingThatWasSyncedAndLeavesNoFinding) {
  const PowerLossReport report = run(BlockOrder::kInOrder);
  EXPECT_EQ(report.lost, 0u) << report.first;
  EXPECT_EQ(report.findings, 0u);
  EXPECT_EQ(report.refused, 0u);
}

// A disk that writes blocks in any order may leave a hole in the last write, which looks like
// damage: then the operator's flag opens the store, and nothing synced is missing either.
TEST(PowerLoss, LosesNothingThatWasSyncedOnADiskThatReorders) {
  const PowerLossReport report = run(BlockOrder::kAnyOrder);
  EXPECT_EQ(report.lost, 0u) << report.first;
  EXPECT_EQ(report.findings, 0u);
}

// The check can fail: a store that says "durable" without a sync is caught.
TEST(PowerLoss, CatchesAStoreThatDoesNotSync) {
  const PowerLossReport report =
      run_power_losses({.seeds = 10, .promise = PowerLossOptions::Promise::kBroken});
  EXPECT_GT(report.lost, 0u);
  EXPECT_NE(report.first, "");
}

// Without syncs a power loss takes the end of the history, and never something in its middle: the
// end of one log and not the beginning of the next would separate jobs from their indexes.
TEST(PowerLoss, TakesOnlyTheEndOfWhatWasLeftToTheSystem) {
  const PowerLossReport report =
      run_power_losses({.first_seed = number_of_environment("TORTURE_FIRST_SEED", 1),
                        .seeds = number_of_environment("TORTURE_SEEDS", 40),
                        .promise = PowerLossOptions::Promise::kNone});
  EXPECT_GT(report.cut, 0u);
  EXPECT_EQ(report.lost, 0u) << report.first;
  EXPECT_EQ(report.findings, 0u);
}

}  // namespace
}  // namespace townkrier::testing
