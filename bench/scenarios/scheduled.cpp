// scheduled-burst, scheduled-steady: how late jobs start that were scheduled for a time.

#include <algorithm>
#include <chrono>

#include "bench/load.hpp"
#include "bench/progress.hpp"
#include "bench/starts.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 120;
constexpr std::size_t kBulk = 1000;

/// The wall clock and the steady clock at one moment: schedules use the one, measurements the
/// other.
struct Moment {
  SteadyTime steady = std::chrono::steady_clock::now();
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();

  SteadyTime steady_at(TimePoint time) const {
    return steady + std::chrono::duration_cast<std::chrono::nanoseconds>(time - wall);
  }
  TimePoint wall_in(Duration ahead) const {
    return std::chrono::ceil<std::chrono::milliseconds>(wall + ahead);
  }
};

Result<void> schedule_burst(Engine& engine, std::size_t jobs, Starts& starts, Duration ahead) {
  const Moment now;
  JobOptions job;
  job.scheduled_for = now.wall_in(ahead);
  const SteadyTime due = now.steady_at(*job.scheduled_for);
  for (std::size_t i = 0; i < jobs; ++i) starts.enqueued(i, due, now.steady);
  Histogram ignored;
  auto load = enqueue_load(engine,
                           {.jobs = jobs,
                            .group = kBulk,
                            .outstanding = 2,
                            .options_of = [&job](std::size_t) { return job; }},
                           ignored);
  if (!load) return std::unexpected(load.error());
  if (std::chrono::steady_clock::now() > due) {
    return fail(Errc::kTimeout, "the jobs were due before all were enqueued; use fewer --jobs");
  }
  return {};
}

}  // namespace

Result<void> scheduled_burst(Workbench& bench) {
  const std::size_t jobs = bench.jobs(10'000);
  const Duration ahead{3000 + jobs / 10};
  Starts starts(jobs);
  Histogram lateness;
  {
    auto engine = bench.engine({.respond = starts.respond()});
    if (!engine) return std::unexpected(engine.error());
    if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
    if (auto ok = schedule_burst(**engine, jobs, starts, ahead); !ok) return ok;
    const Progress progress("scheduled-burst", jobs, [&] { return (*engine)->started(); });
    if (auto ok = (*engine)->wait_completed(jobs, kPatience + double(ahead.count()) / 1e3); !ok) {
      return ok;
    }
  }
  starts.after_intended(lateness);
  auto finish = bench.limits().bare_finish();
  if (!finish) return std::unexpected(finish.error());
  const Summary summary = lateness.summary();
  bench.report().add(
      {.scenario = "scheduled-burst",
       .value = summary.max,
       .unit = "ms",
       .jobs = jobs,
       .seconds = summary.max / 1e3,
       .latency = summary,
       .limit = Limit{"bare finish loop, as many", double(jobs) / finish->value * 1e3},
       .note = "lateness of the last handler start"});
  return {};
}

Result<void> scheduled_steady(Workbench& bench) {
  constexpr Duration kAhead{2000};
  const std::size_t jobs = bench.jobs(30);
  Starts starts(jobs);
  Histogram lateness;
  {
    auto engine = bench.engine({.respond = starts.respond()});
    if (!engine) return std::unexpected(engine.error());
    if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
    const Moment now;
    for (std::size_t i = 0; i < jobs; ++i) {
      JobOptions job;
      job.scheduled_for = now.wall_in(kAhead + Duration{1000} * i);
      starts.enqueued(i, now.steady_at(*job.scheduled_for), now.steady);
      auto stored = (*engine)->queue().enqueue_many({(*engine)->payload().request(i, job)});
      if (!stored) return std::unexpected(stored.error());
    }
    const Progress progress("scheduled-steady", jobs, [&] { return (*engine)->started(); });
    if (auto ok = (*engine)->wait_completed(jobs, kPatience + double(jobs)); !ok) return ok;
  }
  starts.after_intended(lateness);
  auto limit = bench.limits().sync_p99();
  if (!limit) return std::unexpected(limit.error());
  const Summary summary = lateness.summary();
  bench.report().add({.scenario = "scheduled-steady",
                      .value = summary.p99,
                      .unit = "ms",
                      .jobs = jobs,
                      .seconds = double(jobs),
                      .latency = summary,
                      .limit = *limit,
                      .note = "p99 of the lateness at 1 job/s"});
  return {};
}

}  // namespace townkrier::bench
