// Jobs whose handler takes the process down. Each process run is a child of the test, so that it
// may die; what it leaves in the store is looked at by the next one.

#include <townkrier/townkrier.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"
#include "support/temp_dir.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier {
namespace {

using testing::eventually;

struct PoisonCase {
  const char* name;
  void (*kill)();
};

void PrintTo(const PoisonCase& each, std::ostream* out) {
  *out << each.name;
}

class Poison : public ::testing::TestWithParam<PoisonCase> {
 protected:
  /// Runs `body` in a process of its own; its exit code, or 128 + the signal that ended it.
  static int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGALRM, SIG_DFL);
      ::alarm(60);
      ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::unique_ptr<QueueManager> engine() {
    RocksDbStoreOptions options;
    options.min_free_space_bytes = 0;
    auto store = open_rocksdb_store(directory_.path(), options);
    if (!store) ::_exit(90);
    QueueAdapter adapter{*store, {}, {}, Durability::kOs};
    auto queue = std::make_unique<QueueManager>(adapter);
    const auto kill = GetParam().kill;
    if (!queue->register_handler("poison", [kill](JobContext&) -> Result<JsonText> {
          kill();
          return JsonText{};
        })) {
      ::_exit(91);
    }
    if (!queue->register_handler("healthy",
                                 [](JobContext&) -> Result<JsonText> { return JsonText{}; })) {
      ::_exit(92);
    }
    return queue;
  }

  testing::TempDir directory_;
};

// Three runs die; the fourth parks the job and goes on with the others.
TEST_P(Poison, IsParkedAfterThreeCrashesAndTheRestGoesOn) {
  ASSERT_EQ(in_child([&] {
              auto queue = engine();
              return queue->enqueue("poison", JsonText{}) ? 0 : 1;
            }),
            0);
  for (int crash = 0; crash < 3; ++crash) {
    const int ended = in_child([&] {
      auto queue = engine();
      if (!queue->start_processing()) return 1;
      return eventually([] { return false; }, std::chrono::seconds(20)) ? 0 : 2;
    });
    EXPECT_GE(ended, 77) << "run " << crash << " was not taken down";
  }
  EXPECT_EQ(in_child([&] {
              auto queue = engine();
              const auto healthy = queue->enqueue("healthy", JsonText{});
              if (!queue->start_processing() || !healthy) return 1;
              if (!eventually([&] { return queue->get_stats()->completed == 1; })) return 2;
              JobFilter failed;
              failed.status = JobStatus::kFailed;
              const auto parked = queue->get_jobs(failed);
              if (parked->jobs.size() != 1) return 3;
              if (parked->jobs[0].state.crashes != 3) return 4;
              return parked->jobs[0].state.error.find("crashed 3 times") == std::string::npos ? 5
                                                                                              : 0;
            }),
            0);
  EXPECT_EQ(check_store(directory_.path()).value(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Handlers, Poison,
                         ::testing::Values(PoisonCase{"Aborts", [] { std::abort(); }},
                                           PoisonCase{"Exits", [] { ::_exit(77); }},
                                           PoisonCase{"IsKilled", [] { ::raise(SIGKILL); }},
                                           PoisonCase{"Segfaults", [] { ::raise(SIGSEGV); }}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace townkrier
