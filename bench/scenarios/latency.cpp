// latency: from an enqueue to the start of its handler, at a fixed rate. The schedule is open: a
// slow engine does not slow the producer down, and time is counted from when a job was meant to be
// enqueued, so that a stall is charged to every job it delayed.

#include <algorithm>

#include "bench/load.hpp"
#include "bench/progress.hpp"
#include "bench/starts.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 60;

// Jobs that start the threads and fill the caches; not measured.
Result<void> warm_up(Engine& engine, std::size_t jobs, std::size_t first) {
  Histogram ignored;
  auto load = enqueue_load(engine, {.jobs = jobs, .outstanding = 8, .first = first}, ignored);
  if (!load) return std::unexpected(load.error());
  return engine.wait_completed(jobs, kPatience);
}

Result<double> run_schedule(Engine& engine, double rate, std::size_t jobs, Starts& starts) {
  const std::size_t before = engine.started();
  std::atomic<std::size_t> failed{0};
  const auto begun = std::chrono::steady_clock::now();
  {
    const Progress progress("latency", jobs, [&] { return engine.started() - before; });
    paced(rate, jobs, [&](std::size_t i, SteadyTime intended) {
      auto request = engine.payload().requests(i, 1);
      starts.enqueued(i, intended, std::chrono::steady_clock::now());
      engine.queue().enqueue_many_async(std::move(request), [&](const auto& result) {
        if (!result) ++failed;
      });
    });
  }
  const std::chrono::duration<double> sent = std::chrono::steady_clock::now() - begun;
  const bool all = wait_until([&] { return engine.started() - before + failed >= jobs; }, kPatience);
  if (!all || failed > 0) {
    return fail(Errc::kTimeout, std::to_string(failed) + " jobs were refused, " +
                                    std::to_string(engine.started() - before) + " of " +
                                    std::to_string(jobs) + " were started");
  }
  return double(jobs) / sent.count();
}

}  // namespace

Result<void> latency(Workbench& bench) {
  const double rate = bench.options().rate;
  const std::size_t jobs =
      bench.jobs(std::max<std::size_t>(1, std::size_t(rate * bench.seconds(10))));
  Starts starts(jobs);
  Histogram intended;
  Histogram called;
  {
    auto engine = bench.engine({.respond = starts.respond()});
    if (!engine) return std::unexpected(engine.error());
    if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
    // Numbers beyond the slots leave no mark.
    if (auto ok = warm_up(**engine, std::min<std::size_t>(jobs, 500), jobs); !ok) return ok;
    auto sent = run_schedule(**engine, rate, jobs, starts);
    if (!sent) return std::unexpected(sent.error());
  }
  starts.after_intended(intended);
  starts.after_call(called);
  auto limit = bench.limits().sync_p50();
  if (!limit) return std::unexpected(limit.error());
  Row row{.scenario = "latency", .unit = "ms", .jobs = jobs, .seconds = double(jobs) / rate};
  row.limit = *limit;
  row.latency = intended.summary();
  row.value = row.latency->p50;
  row.note = "p50 at " + std::to_string(std::size_t(rate)) + "/s, from the intended time";
  bench.report().add(row);
  row.part = "from-call";
  row.latency = called.summary();
  row.value = row.latency->p50;
  row.note = "p50, from the call";
  bench.report().add(std::move(row));
  return {};
}

}  // namespace townkrier::bench
