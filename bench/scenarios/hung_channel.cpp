// hung-channel: what jobs on a channel that never answers do to another channel's latency.

#include <algorithm>

#include "bench/starts.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 20;

// Enqueues them and waits until the channel is as full as it gets.
Result<void> hang(Engine& engine, const Options& options, std::size_t jobs) {
  std::vector<JobRequest> requests;
  for (std::size_t i = 0; i < jobs; ++i) requests.push_back(engine.payload().hanging(i));
  auto stored = engine.queue().enqueue_many(std::move(requests));
  if (!stored) return std::unexpected(stored.error());
  const bool blocking = options.handler == Handler::kBlocking;
  const auto places = std::size_t(blocking ? options.workers : options.concurrency);
  if (wait_until([&] { return engine.hanging() >= std::min(jobs, places); }, kPatience)) return {};
  return fail(Errc::kTimeout, "only " + std::to_string(engine.hanging()) + " of " +
                                  std::to_string(jobs) + " jobs hang");
}

Result<Summary> other_channel(Engine& engine, double rate, std::size_t jobs, Starts& starts) {
  if (auto ok = run_schedule(engine, rate, jobs, starts); !ok) return std::unexpected(ok.error());
  Histogram durations;
  starts.after_intended(durations);
  return durations.summary();
}

}  // namespace

Result<void> hung_channel(Workbench& bench) {
  const Options& options = bench.options();
  const std::size_t hung = bench.jobs(1000);
  const auto jobs = std::max<std::size_t>(1, std::size_t(options.rate * bench.seconds(5)));
  Starts starts(jobs);
  Result<Summary> without;
  Result<Summary> with;
  {
    auto engine = bench.engine({.respond = starts.respond(), .hanging_channel = true});
    if (!engine) return std::unexpected(engine.error());
    if (auto ok = (*engine)->queue().start_processing(); !ok) return ok;
    if (auto ok = warm_up(**engine, jobs); !ok) return ok;
    without = other_channel(**engine, options.rate, jobs, starts);
    if (!without) return std::unexpected(without.error());
    if (auto ok = hang(**engine, options, hung); !ok) return ok;
    with = other_channel(**engine, options.rate, jobs, starts);
    if (!with) return std::unexpected(with.error());
  }
  bench.report().add(
      {.scenario = "hung-channel",
       .value = with->p99,
       .unit = "ms",
       .jobs = jobs,
       .seconds = double(jobs) / options.rate,
       .latency = *with,
       .limit = Limit{"p99 without hanging jobs", without->p99},
       .note = "p99 of another channel while " + std::to_string(hung) + " jobs hang"});
  bench.report().add({.scenario = "hung-channel",
                      .part = "without",
                      .value = without->p99,
                      .unit = "ms",
                      .jobs = jobs,
                      .seconds = double(jobs) / options.rate,
                      .latency = *without});
  return {};
}

}  // namespace townkrier::bench
