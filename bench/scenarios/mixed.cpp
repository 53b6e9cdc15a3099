// retry-storm, mixed-priorities: stored jobs that are not all alike.

#include <array>
#include <chrono>

#include "bench/load.hpp"
#include "bench/progress.hpp"
#include "bench/starts.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 900;
constexpr std::size_t kBulk = 1000;

struct Level {
  const char* name;
  Priority priority;
};
constexpr std::array kLevels = {
    Level{"low", JobPriority::kLow}, Level{"normal", JobPriority::kNormal},
    Level{"high", JobPriority::kHigh}, Level{"critical", JobPriority::kCritical}};

const Level& level_of(std::size_t number) {
  return kLevels[number % kLevels.size()];
}

/// Stores the plan's jobs, then runs them; how long the running took.
Result<double> store_and_run(Engine& engine, const LoadPlan& plan, SteadyTime& start) {
  Histogram ignored;
  auto stored = enqueue_load(engine, plan, ignored);
  if (!stored) return std::unexpected(stored.error());
  const Progress progress("run", plan.jobs, [&] { return engine.started(); });
  start = std::chrono::steady_clock::now();
  if (auto ok = engine.queue().start_processing(); !ok) return std::unexpected(ok.error());
  if (auto ok = engine.wait_completed(plan.jobs, kPatience); !ok) {
    return std::unexpected(ok.error());
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

// Every fifth job fails once. With the queue's default delay of a second, the wait would be most of
// what is measured.
Result<void> retry_storm(Workbench& bench) {
  const std::size_t jobs = bench.jobs(50'000);
  EngineSetup setup;
  setup.queue.retry_delay = Duration{50};
  setup.respond = [](const DeliveryRequest& request) {
    const bool fails = request.attempt == 1 && number_in(request.content.text()) % 5 == 0;
    return fails ? DeliveryOutcome::transient("refused") : DeliveryOutcome::sent();
  };
  std::size_t attempts = 0;
  double seconds = 0;
  {
    auto engine = bench.engine(std::move(setup));
    if (!engine) return std::unexpected(engine.error());
    SteadyTime start;
    auto ran = store_and_run(**engine, {.jobs = jobs, .group = kBulk, .outstanding = 2}, start);
    if (!ran) return std::unexpected(ran.error());
    seconds = *ran;
    attempts = (*engine)->started();
  }
  auto limit = bench.limits().bare_finish();
  if (!limit) return std::unexpected(limit.error());
  bench.report().add({.scenario = "retry-storm",
                      .value = double(attempts) / seconds,
                      .unit = "attempts/s",
                      .jobs = attempts,
                      .seconds = seconds,
                      .limit = *limit,
                      .note = "attempts of " + std::to_string(jobs) +
                              " jobs; every fifth fails once and is retried after 50 ms"});
  return {};
}

Result<void> mixed_priorities(Workbench& bench) {
  const std::size_t jobs = bench.jobs(100'000);
  Starts starts(jobs);
  SteadyTime start;
  double seconds = 0;
  {
    auto engine = bench.engine({.respond = starts.respond()});
    if (!engine) return std::unexpected(engine.error());
    LoadPlan plan{.jobs = jobs, .group = kBulk, .outstanding = 2};
    plan.options_of = [](std::size_t number) {
      return JobOptions{.priority = level_of(number).priority};
    };
    auto ran = store_and_run(**engine, plan, start);
    if (!ran) return std::unexpected(ran.error());
    seconds = *ran;
  }
  auto limit = bench.limits().bare_finish();
  if (!limit) return std::unexpected(limit.error());
  Row row{.scenario = "mixed-priorities", .value = double(jobs) / seconds, .unit = "jobs/s"};
  row.jobs = jobs;
  row.seconds = seconds;
  row.limit = *limit;
  bench.report().add(std::move(row));
  for (std::size_t level = 0; level < kLevels.size() && level < jobs; ++level) {
    Histogram waits;
    for (std::size_t i = level; i < jobs; i += kLevels.size()) {
      waits.record(starts.start_of(i) - start);
    }
    const Summary summary = waits.summary();
    bench.report().add({.scenario = "mixed-priorities",
                        .part = kLevels[level].name,
                        .value = summary.p99,
                        .unit = "ms",
                        .jobs = summary.count,
                        .seconds = seconds,
                        .latency = summary,
                        .note = "p99 of the wait, all jobs ready at once"});
  }
  return {};
}

}  // namespace townkrier::bench
