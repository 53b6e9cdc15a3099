// drain, end-to-end: how fast jobs are run, completions recorded.

#include <chrono>

#include "bench/load.hpp"
#include "bench/progress.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 900;

double seconds_since(SteadyTime start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

LoadPlan bulk(const Workbench& bench, std::size_t jobs) {
  return {.jobs = jobs, .group = 1000, .outstanding = bench.options().bulk_outstanding};
}

Result<void> add_row(Workbench& bench, const std::string& name, std::size_t jobs, double seconds,
                     Result<Limit> limit) {
  if (!limit) return std::unexpected(limit.error());
  bench.report().add({.scenario = name,
                      .value = double(jobs) / seconds,
                      .unit = "jobs/s",
                      .jobs = jobs,
                      .seconds = seconds,
                      .limit = *limit});
  return {};
}

}  // namespace

Result<void> drain(Workbench& bench) {
  const std::size_t jobs = bench.jobs(100'000);
  double seconds = 0;
  {
    auto engine = bench.engine();
    if (!engine) return std::unexpected(engine.error());
    Histogram ignored;
    auto stored = enqueue_load(**engine, bulk(bench, jobs), ignored);
    if (!stored) return std::unexpected(stored.error());
    const Progress progress("drain", jobs, [&] { return (*engine)->started(); });
    const auto start = std::chrono::steady_clock::now();
    if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
    if (auto ok = (*engine)->wait_completed(jobs, kPatience); !ok) return ok;
    seconds = seconds_since(start);
  }
  return add_row(bench, "drain", jobs, seconds, bench.limits().bare_finish());
}

Result<void> end_to_end(Workbench& bench) {
  const std::size_t jobs = bench.jobs(100'000);
  double seconds = 0;
  {
    auto engine = bench.engine();
    if (!engine) return std::unexpected(engine.error());
    if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
    Histogram ignored;
    const auto start = std::chrono::steady_clock::now();
    auto stored = enqueue_load(**engine, bulk(bench, jobs), ignored);
    if (!stored) return std::unexpected(stored.error());
    if (auto ok = (*engine)->wait_completed(jobs, kPatience); !ok) return ok;
    seconds = seconds_since(start);
  }
  return add_row(bench, "end-to-end", jobs, seconds, bench.limits().bare_both());
}

}  // namespace townkrier::bench
