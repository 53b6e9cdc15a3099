#pragma once

/// \file bench/workbench.hpp
/// What a scenario works with, and the list of scenarios.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bench/engine.hpp"
#include "bench/histogram.hpp"
#include "bench/limits.hpp"
#include "bench/load.hpp"
#include "bench/options.hpp"
#include "bench/report.hpp"

namespace townkrier::bench {

/// Owns the temporary directory of a run, which goes with it.
class Workbench {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP for all threads: from now on they remove the directory and
  /// end the program. Call it before there are other threads.
  static Result<std::unique_ptr<Workbench>> create(const Options& options);
  ~Workbench();
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  const Options& options() const { return options_; }
  Limits& limits() { return limits_; }
  Report& report() { return report_; }
  const std::string& dir() const { return dir_; }

  /// A path below `dir()` that is not used yet.
  std::string fresh_path();
  /// An engine on `setup.dir`; when that is empty, on a fresh store, which is removed when the next
  /// one is asked for.
  Result<std::unique_ptr<Engine>> engine(EngineSetup setup = {});
  /// Removes a store that is not needed any more.
  void discard(const std::string& path);

  std::size_t jobs(std::size_t scenario_default) const {
    return options_.jobs.value_or(scenario_default);
  }
  double seconds(double scenario_default) const {
    return options_.seconds.value_or(scenario_default);
  }

 private:
  Workbench(const Options& options, std::string dir)
      : options_(options), dir_(std::move(dir)), limits_(dir_, options_) {}

  const Options options_;
  const std::string dir_;
  Limits limits_;
  Report report_;
  std::string last_;  // the last fresh store
  int paths_ = 0;
};

struct Scenario {
  std::string_view name;
  std::string_view summary;  ///< One line.
  /// Where it can run; those for both use a server when `--server` names one.
  enum class Where : std::uint8_t { kEngine, kEngineOrServer } where;
  bool by_default;  ///< Run when no scenario is named.
  Result<void> (*run)(Workbench&);
};
std::span<const Scenario> scenarios();
const Scenario* find_scenario(std::string_view name);

// scenarios/*.cpp
Result<void> enqueue_single(Workbench& bench);
Result<void> enqueue_concurrent(Workbench& bench);
Result<void> enqueue_bulk(Workbench& bench);
Result<void> drain(Workbench& bench);
Result<void> end_to_end(Workbench& bench);
Result<void> latency(Workbench& bench);
Result<void> scheduled_burst(Workbench& bench);
Result<void> scheduled_steady(Workbench& bench);
Result<void> retry_storm(Workbench& bench);
Result<void> mixed_priorities(Workbench& bench);
Result<void> depth(Workbench& bench);
Result<void> depth_retrying(Workbench& bench);
Result<void> restart(Workbench& bench);
Result<void> queries(Workbench& bench);
Result<void> http_enqueue(Workbench& bench);
Result<void> http_batch(Workbench& bench);
Result<void> hung_channel(Workbench& bench);
Result<void> outgoing(Workbench& bench);

/// The fresh process of `restart`: opens the store `dir` and prints one line of JSON.
int probe_restart(const Options& options);

/// The figures of a load that enqueued.
Row load_row(std::string scenario, const LoadResult& load, const Histogram& durations);

}  // namespace townkrier::bench
