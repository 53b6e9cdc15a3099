// latency: from an enqueue to the start of its handler, at a fixed rate. The schedule is open: a
// slow engine does not slow the producer down, and time is counted from when a job was meant to be
// enqueued, so that a stall is charged to every job it delayed.

#include <algorithm>

#include "bench/starts.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

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
    if (auto ok = warm_up(**engine, jobs); !ok) return ok;
    if (auto ok = run_schedule(**engine, rate, jobs, starts); !ok) return ok;
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
