// TORTURE_SEEDS: how many random worlds; TORTURE_FIRST_SEED: the first one's number.
// To replay a failure, with a line for all that happens: TORTURE_TRACE=1 TORTURE_SEEDS=1
// TORTURE_FIRST_SEED=<seed> build/release/tests/simulation/simulation

#include "support/environment.hpp"
#include "tests/simulation/world.hpp"

namespace townkrier::test {
namespace {

using testing::number_of_environment;

TEST(Simulation, KeepsItsPromisesInRandomWorlds) {
  const std::uint64_t seeds = number_of_environment("TORTURE_SEEDS", 50);
  const std::uint64_t first = number_of_environment("TORTURE_FIRST_SEED", 1);
  RunReport total;
  std::uint64_t findings = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const RunReport report = World(seed).live();
    for (const std::string& finding : report.findings) {
      ADD_FAILURE() << "seed " << seed << ", " << finding << "\nreplay: TORTURE_SEEDS=1 "
                    << "TORTURE_FIRST_SEED=" << seed << " tests/simulation/simulation";
    }
    findings += report.findings.size();
    total.acknowledged += report.acknowledged;
    total.lost += report.lost;
    total.repeated += report.repeated;
    total.crashes += report.crashes;
  }
  EXPECT_GT(total.acknowledged, 20 * seeds);
  EXPECT_GT(total.crashes, seeds);
  std::printf(
      "torture: simulation cycles=%llu acknowledged=%llu lost=%llu repeated=%llu findings=%llu\n",
      (unsigned long long)seeds, (unsigned long long)total.acknowledged,
      (unsigned long long)total.lost, (unsigned long long)total.repeated,
      (unsigned long long)findings);
}

TEST(Simulation, TheSameSeedIsTheSameWorld) {
  for (const std::uint64_t seed : {3u, 14u, 15u}) {
    EXPECT_EQ(World(seed).live().trace, World(seed).live().trace) << "seed " << seed;
  }
}

}  // namespace
}  // namespace townkrier::test
