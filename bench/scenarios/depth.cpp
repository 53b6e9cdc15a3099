// depth, depth-retrying: what many stored jobs cost. The store grows from depth to depth.

#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "bench/load.hpp"
#include "bench/machine.hpp"
#include "bench/progress.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 900;
constexpr std::size_t kBulk = 1000;
constexpr std::size_t kDrained = 50'000;

/// One run of `depth`.
class DepthRun {
 public:
  DepthRun(Workbench& bench, Engine& engine) : bench_(bench), engine_(engine) {}

  Result<void> at(std::size_t depth);

 private:
  Result<void> fill(std::size_t depth);
  Result<void> enqueue(std::size_t depth);
  Result<void> drain(std::size_t depth);
  static std::string part(std::size_t depth, const std::string& what) {
    return std::to_string(depth) + "-" + what;
  }
  static Row row(std::size_t depth, const std::string& what) {
    return {.scenario = "depth", .part = part(depth, what)};
  }

  Workbench& bench_;
  Engine& engine_;
  std::size_t numbered_ = 0;  ///< Jobs made so far.
};

Result<void> DepthRun::fill(std::size_t depth) {
  auto stats = engine_.queue().get_stats();
  if (!stats) return std::unexpected(stats.error());
  if (stats->pending >= depth) return {};
  Histogram durations;
  auto load = enqueue_load(engine_,
                           {.jobs = depth - stats->pending,
                            .group = kBulk,
                            .outstanding = bench_.options().bulk_outstanding,
                            .first = numbered_},
                           durations);
  if (!load) return std::unexpected(load.error());
  numbered_ += load->jobs;
  Row made = load_row("depth", *load, durations);
  made.part = part(depth, "load");
  bench_.report().add(std::move(made));
  return {};
}

Result<void> DepthRun::enqueue(std::size_t depth) {
  Histogram durations;
  auto load = enqueue_load(engine_,
                           {.jobs = 200'000,
                            .seconds = bench_.seconds(3),
                            .outstanding = bench_.options().outstanding,
                            .first = numbered_},
                           durations);
  if (!load) return std::unexpected(load.error());
  numbered_ += load->jobs;
  auto limit = bench_.limits().bare_enqueue(bench_.options().outstanding);
  if (!limit) return std::unexpected(limit.error());
  Row made = load_row("depth", *load, durations);
  made.part = part(depth, "enqueue");
  made.limit = *limit;
  bench_.report().add(std::move(made));
  return {};
}

Result<void> DepthRun::drain(std::size_t depth) {
  const std::size_t wanted = std::min(depth, kDrained);
  auto before = engine_.queue().get_stats();
  if (!before) return std::unexpected(before.error());
  std::size_t completed = 0;
  const auto start = std::chrono::steady_clock::now();
  if (auto ok = engine_.queue().start_processing(); !ok) return ok;
  const bool reached = wait_until(
      [&] {
        const auto now = engine_.queue().get_stats();
        completed = now ? now->completed - before->completed : 0;
        return completed >= wanted;
      },
      kPatience);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  engine_.queue().stop_processing();
  if (!reached) return fail(Errc::kTimeout, "the first jobs were not completed in time");
  auto limit = bench_.limits().bare_finish();
  if (!limit) return std::unexpected(limit.error());
  Row made = row(depth, "process");
  made.value = double(completed) / seconds.count();
  made.unit = "jobs/s";
  made.jobs = completed;
  made.seconds = seconds.count();
  made.limit = *limit;
  made.note = "the first jobs of the backlog";
  bench_.report().add(std::move(made));
  return {};
}

Result<void> DepthRun::at(std::size_t depth) {
  if (auto ok = fill(depth); !ok) return ok;
  Row memory = row(depth, "memory");
  memory.value = resident_mb();
  memory.unit = "MB";
  memory.jobs = depth;
  memory.note = "resident, this whole process, right after loading";
  bench_.report().add(std::move(memory));
  if (auto ok = enqueue(depth); !ok) return ok;
  if (auto ok = drain(depth); !ok) return ok;
  Row peak = row(depth, "memory-after");
  peak.value = resident_mb();
  peak.unit = "MB";
  peak.jobs = depth;
  bench_.report().add(std::move(peak));
  return {};
}

EngineSetup failing_setup() {
  EngineSetup setup;
  setup.queue.retry_delay = std::chrono::hours{1};
  // One in 500 succeeds, or the channel's breaker would open.
  setup.respond = [](const DeliveryRequest& request) {
    const bool sent = number_in(request.content.text()) % 500 == 0;
    return sent ? DeliveryOutcome::sent() : DeliveryOutcome::transient("refused");
  };
  return setup;
}

Result<void> wait_retrying(Engine& engine, std::size_t jobs) {
  const Progress progress("failing", jobs, [&] { return engine.started(); });
  const auto all_wait = [&] {
    const auto stats = engine.queue().get_stats();
    return stats && stats->retrying + stats->completed >= jobs;
  };
  if (wait_until([&] { return engine.started() >= jobs; }, kPatience) &&
      wait_until(all_wait, kPatience)) {
    return {};
  }
  return fail(Errc::kTimeout, "not all jobs were retrying in time");
}

}  // namespace

Result<void> depth(Workbench& bench) {
  auto depths = bench.options().depths;
  std::ranges::sort(depths);
  // The limits first, and their memory given back: it is not the engine's.
  if (auto limit = bench.limits().bare_enqueue(bench.options().outstanding); !limit) {
    return std::unexpected(limit.error());
  }
  if (auto limit = bench.limits().bare_finish(); !limit) return std::unexpected(limit.error());
  ::malloc_trim(0);
  auto engine = bench.engine();
  if (!engine) return std::unexpected(engine.error());
  DepthRun run(bench, **engine);
  for (const std::size_t depth : depths) {
    if (auto ok = run.at(depth); !ok) return ok;
  }
  return {};
}

Result<void> depth_retrying(Workbench& bench) {
  const std::size_t jobs = bench.jobs(1'000'000);
  ::malloc_trim(0);
  const double empty = resident_mb();
  auto engine = bench.engine(failing_setup());
  if (!engine) return std::unexpected(engine.error());
  if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
  Histogram ignored;
  const auto start = std::chrono::steady_clock::now();
  auto load = enqueue_load(**engine, {.jobs = jobs, .group = kBulk, .outstanding = 2}, ignored);
  if (!load) return std::unexpected(load.error());
  if (auto ok = wait_retrying(**engine, jobs); !ok) return ok;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  bench.report().add(
      {.scenario = "depth-retrying",
       .part = "memory",
       .value = resident_mb(),
       .unit = "MB",
       .jobs = jobs,
       .seconds = seconds.count(),
       .note = "resident, this whole process; before: " + std::to_string(int(empty)) +
               " MB, peak: " + std::to_string(int(peak_resident_mb())) + " MB"});
  return {};
}

}  // namespace townkrier::bench
