// What a power loss leaves, at random moments of random histories.
//
// TORTURE_SEEDS and TORTURE_FIRST_SEED make the long form: scripts/torture.

#include "faults/power_loss.hpp"

#include <cstdio>

#include <gtest/gtest.h>

#include "support/environment.hpp"

namespace townkrier::testing {
namespace {

PowerLossReport run(const char* name, PowerLossOptions options) {
  options.first_seed = number_of_environment("TORTURE_FIRST_SEED", 1);
  options.seeds = number_of_environment("TORTURE_SEEDS", 40);
  const PowerLossReport report = run_power_losses(options);
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "torture: power_loss/%s cycles=%llu acknowledged=%llu lost=%llu repeated=0 findings=%llu "
      "refused=%llu\n",
      name, number(report.cycles), number(report.acknowledged), number(report.lost),
      number(report.findings), number(report.refused));
  EXPECT_GT(report.acknowledged, report.cycles);
  EXPECT_EQ(report.lost, 0u) << report.first;
  EXPECT_EQ(report.findings, 0u);
  return report;
}

TEST(PowerLoss, LosesNothingThatWasSyncedAndLeavesNoFinding) {
  EXPECT_EQ(run("fsync", {}).refused, 0u);
}

// A disk that writes blocks in any order may leave a hole in the last write, which looks like
// damage: then the operator's flag opens the store, and nothing synced is missing either.
TEST(PowerLoss, LosesNothingThatWasSyncedOnADiskThatReorders) {
  run("reordered", {.order = BlockOrder::kAnyOrder});
}

// Without syncs a power loss takes the end of the history, and never something in its middle: the
// end of one log and not the beginning of the next would separate jobs from their indexes.
TEST(PowerLoss, TakesOnlyTheEndOfWhatWasLeftToTheSystem) {
  EXPECT_GT(run("os", {.promise = PowerLossOptions::Promise::kNone}).cut, 0u);
}

// The check can fail: a store that says "durable" without a sync is caught.
TEST(PowerLoss, CatchesAStoreThatDoesNotSync) {
  const PowerLossReport report =
      run_power_losses({.seeds = 10, .promise = PowerLossOptions::Promise::kBroken});
  EXPECT_GT(report.lost, 0u);
  EXPECT_NE(report.first, "");
}

}  // namespace
}  // namespace townkrier::testing
