// A history of 50 durable writes, killed or failed at each of its system calls.
//
// TORTURE_POINTS: how many points are tried for each fault; 0 = every one: scripts/torture.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "faults/op_script/script.hpp"
#include "support/child.hpp"
#include "support/environment.hpp"
#include "support/strace.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier::testing {
namespace {

/// The n-th call of that name, in whichever thread makes so many first.
struct Point {
  std::string call;
  std::uint64_t nth = 0;
};

class SystemCalls : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr const char* kCalls = "write,pwrite64,fdatasync,fsync,rename,unlink,ftruncate";

  void SetUp() override {
    if (const auto missing = strace_missing(); !missing.empty()) GTEST_SKIP() << missing;
  }

  /// Every point of an undisturbed run.
  std::vector<Point> points() {
    TempDir directory;
    const std::string trace = directory / "trace";
    const auto finished =
        run_to_end({.command = {"strace", "-f", "-o", trace, "-e", std::string("trace=") + kCalls,
                                OP_SCRIPT, directory / "data"}},
                   directory.path());
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(acknowledged(finished.out), kScriptOperations);
    std::map<std::pair<std::string, std::string>, std::uint64_t> by_thread;
    std::map<std::string, std::uint64_t> most;
    std::ifstream file(trace);
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string thread;
      std::string rest;
      words >> thread >> rest;
      const auto end = rest.find('(');
      if (end == std::string::npos) continue;  // the end of a call, or of a thread
      const std::string call = rest.substr(0, end);
      most[call] = std::max(most[call], ++by_thread[{thread, call}]);
    }
    std::vector<Point> all;
    for (const auto& [call, count] : most) {
      for (std::uint64_t nth = 1; nth <= count; ++nth) all.push_back({call, nth});
    }
    return all;
  }

  static std::uint64_t acknowledged(const std::string& out) {
    return static_cast<std::uint64_t>(std::ranges::count(out, '\n'));
  }

  static bool kills() { return std::string_view(GetParam()) == "signal=KILL"; }

  static Finished run_with_fault(const Point& point, const TempDir& directory) {
    return run_to_end(
        {.command = {"strace", "-f", "-o", "/dev/null", "-e", "trace=" + point.call, "-e",
                     "inject=" + point.call + ":" + GetParam() +
                         ":when=" + std::to_string(point.nth),
                     OP_SCRIPT, directory / "data"}},
        directory.path());
  }

  /// Background threads share their calls differently from run to run. A kill that no thread came
  /// to is tried again.
  void try_point(const Point& point) {
    SCOPED_TRACE(point.call + " number " + std::to_string(point.nth) + ", " + GetParam());
    constexpr int kTries = 10;
    for (int tries = 1; tries <= kTries; ++tries) {
      const TempDir directory;
      const auto finished = run_with_fault(point, directory);
      if (kills() && finished.code == 0 && tries < kTries) continue;
      unharmed_ += finished.code == 0;
      return check(finished, directory);
    }
  }

  void check(const Finished& finished, const TempDir& directory) {
    const auto done = acknowledged(finished.out);
    acknowledged_ += done;
    {
      const auto store = open_rocksdb_store(directory / "data", {.min_free_space_bytes = 0});
      if (!store) {
        ++lost_;
        ADD_FAILURE() << "does not open: " << store.error().message << "\n" << finished.err;
        return;
      }
      look(**store, done);
    }
    const auto findings = check_store(directory / "data");
    findings_ += findings ? findings->size() : 1;
    EXPECT_TRUE(findings && findings->empty())
        << (findings ? findings->front() : findings.error().message);
  }

  /// What was acknowledged must be there, and at most the write that was interrupted beside it.
  void look(const Store& store, std::uint64_t done) {
    std::map<JobId, JobStatus> found;
    const auto page = store.list_jobs({.limit = 500});
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& job : page->jobs) found[job.id()] = job.status();
    if (found == script_content(done)) return;
    if (done < kScriptOperations && found == script_content(done + 1)) return;
    ++lost_;
    ADD_FAILURE() << found.size() << " jobs after " << done << " acknowledged writes";
  }

  std::uint64_t acknowledged_ = 0;
  std::uint64_t unharmed_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t findings_ = 0;
};

TEST_P(SystemCalls, LoseNothingThatWasAcknowledged) {
  const auto all = points();
  ASSERT_GT(all.size(), 2 * kScriptOperations);
  const auto wanted = number_of_environment("TORTURE_POINTS", 24);
  const std::size_t step = wanted == 0 ? 1 : std::max<std::size_t>(1, all.size() / wanted);
  std::uint64_t tried = 0;
  for (std::size_t i = step / 2; i < all.size(); i += step, ++tried) try_point(all[i]);
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "torture: syscalls/%s cycles=%llu acknowledged=%llu lost=%llu repeated=0 "
      "findings=%llu points=%zu unharmed=%llu\n",
      GetParam(), number(tried), number(acknowledged_), number(lost_), number(findings_),
      all.size(), number(unharmed_));
  EXPECT_EQ(lost_, 0u);
  EXPECT_EQ(findings_, 0u);
  if (kills()) {
    EXPECT_EQ(unharmed_, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, SystemCalls,
                         ::testing::Values("signal=KILL", "error=EIO", "error=ENOSPC"),
                         [](const auto& info) {
                           std::string name = info.param;
                           return name.substr(name.find('=') + 1);
                         });

}  // namespace
}  // namespace townkrier::testing
