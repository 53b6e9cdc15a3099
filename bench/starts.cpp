#include "bench/starts.hpp"

#include <algorithm>

#include "bench/progress.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 60;
constexpr std::size_t kWarmUpJobs = 500;

}  // namespace

Result<void> warm_up(Engine& engine, std::size_t unmarked) {
  Histogram ignored;
  const LoadPlan plan{.jobs = std::min(kWarmUpJobs, unmarked), .outstanding = 8, .first = unmarked};
  auto load = enqueue_load(engine, plan, ignored);
  if (!load) return std::unexpected(load.error());
  return engine.wait_completed(load->jobs, kPatience);
}

Result<void> run_schedule(Engine& engine, double rate, std::size_t jobs, Starts& starts) {
  const std::size_t before = engine.started();
  std::atomic<std::size_t> failed{0};
  const auto started = [&] { return engine.started() - before; };
  const Progress progress("latency", jobs, started);
  paced(rate, jobs, [&](std::size_t i, SteadyTime intended) {
    std::vector<JobRequest> one;
    one.push_back(engine.payload().request(i));
    starts.enqueued(i, intended, std::chrono::steady_clock::now());
    engine.queue().enqueue_many_async(std::move(one), [&failed](const auto& result) {
      if (!result) ++failed;
    });
  });
  if (wait_until([&] { return started() + failed >= jobs; }, kPatience) && failed == 0) return {};
  return fail(Errc::kTimeout, std::to_string(failed) + " jobs were refused, " +
                                  std::to_string(started()) + " of " + std::to_string(jobs) +
                                  " were started");
}

}  // namespace townkrier::bench
