// restart: how long a fresh process takes until the first of many stored jobs is handed out.

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include <nlohmann/json.hpp>

#include "bench/load.hpp"
#include "bench/machine.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 120;

struct Probe {
  double open_ms = 0;   ///< The store alone.
  double ready_ms = 0;  ///< The engine answers.
  double first_ms = 0;  ///< The first job was handed out.
  double memory_mb = 0;
};

// A new program, so that nothing of ours is warm but the system's file cache.
Result<Probe> probe(const Options& options, const std::string& dir) {
  std::array<char, 4096> self{};
  if (::readlink("/proc/self/exe", self.data(), self.size() - 1) < 0) {
    return fail(Errc::kIo, "cannot find this program's file");
  }
  const std::string command = "'" + std::string(self.data()) + "' --durability " +
                              std::string(to_string(options.durability)) + " --probe-restart '" +
                              dir + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 1024> line{};
  if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) {
    return fail(Errc::kIo, "the fresh process said nothing");
  }
  const auto answer = nlohmann::json::parse(line.data(), nullptr, false);
  if (!answer.is_object()) return fail(Errc::kIo, "the fresh process made no sense");
  return Probe{answer.value("open_ms", 0.0), answer.value("ready_ms", 0.0),
               answer.value("first_ms", 0.0), answer.value("memory_mb", 0.0)};
}

void add_row(Workbench& bench, const std::string& part, std::size_t jobs, const Probe& probe) {
  bench.report().add({.scenario = "restart",
                      .part = part,
                      .value = probe.first_ms,
                      .unit = "ms",
                      .jobs = jobs,
                      .seconds = probe.first_ms / 1e3,
                      .limit = Limit{"opening RocksDB", probe.open_ms},
                      .note = "to the first job; the engine answers after " +
                              std::to_string(int(probe.ready_ms)) + " ms; resident " +
                              std::to_string(int(probe.memory_mb)) + " MB"});
}

}  // namespace

Result<void> restart(Workbench& bench) {
  const std::size_t jobs = bench.jobs(100'000);
  const std::string dir = bench.fresh_path();
  {
    auto engine = bench.engine({.dir = dir});
    if (!engine) return std::unexpected(engine.error());
    Histogram ignored;
    auto load = enqueue_load(**engine, {.jobs = jobs, .group = 1000, .outstanding = 2}, ignored);
    if (!load) return std::unexpected(load.error());
  }
  // The first probe dies in the middle of its work, so the second finds running jobs.
  for (const char* part : {"after-stop", "after-crash"}) {
    auto found = probe(bench.options(), dir);
    if (!found) return std::unexpected(found.error());
    add_row(bench, part, jobs, *found);
  }
  bench.discard(dir);
  return {};
}

int probe_restart(const Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
        .count();
  };
  Probe probe;
  std::mutex ending;
  // Ends in the first attempt, like a kill: nothing is handed back and the job stays running.
  const auto die = [&](const DeliveryRequest&) -> DeliveryOutcome {
    const std::lock_guard only_once(ending);
    probe.first_ms = since();
    probe.memory_mb = resident_mb();
    std::printf("{\"open_ms\":%.3f,\"ready_ms\":%.3f,\"first_ms\":%.3f,\"memory_mb\":%.1f}\n",
                probe.open_ms, probe.ready_ms, probe.first_ms, probe.memory_mb);
    std::fflush(stdout);
    ::_exit(0);
  };
  auto engine = Engine::open(options, {.dir = options.probe, .respond = die});
  probe.open_ms = since();
  if (!engine || !(*engine)->queue().get_stats()) return 1;
  probe.ready_ms = since();
  if (!(*engine)->queue().start_processing()) return 1;
  wait_until([] { return false; }, kPatience);
  return 1;
}

}  // namespace townkrier::bench
