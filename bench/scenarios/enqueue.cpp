// enqueue-single, enqueue-concurrent, enqueue-bulk: how fast jobs are accepted, nothing is run
// meanwhile. Against a server each call is one request.

#include <algorithm>

#include "bench/http_load.hpp"
#include "bench/load.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr std::size_t kBulk = 1000;
constexpr double kWarmUpSeconds = 0.3;

Result<LoadResult> on_engine(Workbench& bench, LoadPlan plan, Histogram& durations) {
  auto engine = bench.engine();
  if (!engine) return std::unexpected(engine.error());
  LoadPlan warm_up = plan;
  warm_up.seconds = std::min(kWarmUpSeconds, plan.seconds / 10);
  warm_up.jobs = std::max<std::size_t>(1, plan.jobs / 10);
  Histogram ignored;
  auto warmed = enqueue_load(**engine, warm_up, ignored);
  if (!warmed) return warmed;
  plan.first = warmed->jobs;
  return enqueue_load(**engine, plan, durations);
}

Result<LoadResult> on_server(const Options& options, const LoadPlan& plan, Histogram& durations) {
  auto target = parse_server(options.server, options.channel);
  if (!target) return std::unexpected(target.error());
  return http_load(*target, Payload(options), plan, durations);
}

Result<void> run_enqueue(Workbench& bench, const std::string& name, const LoadPlan& plan) {
  Histogram durations;
  const bool remote = !bench.options().server.empty();
  auto load =
      remote ? on_server(bench.options(), plan, durations) : on_engine(bench, plan, durations);
  if (!load) return std::unexpected(load.error());
  Row row = load_row(name, *load, durations);
  if (!remote) {
    // Single calls in flight share a group; groups cannot be larger than what is in flight.
    auto limit = bench.limits().bare_enqueue(plan.group == 1 ? plan.outstanding : plan.group);
    if (!limit) return std::unexpected(limit.error());
    row.limit = *limit;
  }
  bench.report().add(std::move(row));
  return {};
}

}  // namespace

Result<void> enqueue_single(Workbench& bench) {
  return run_enqueue(bench, "enqueue-single",
                     {.jobs = bench.jobs(30'000), .seconds = bench.seconds(5)});
}

Result<void> enqueue_concurrent(Workbench& bench) {
  return run_enqueue(bench, "enqueue-concurrent",
                     {.jobs = bench.jobs(200'000),
                      .seconds = bench.seconds(5),
                      .outstanding = bench.options().outstanding});
}

Result<void> enqueue_bulk(Workbench& bench) {
  return run_enqueue(bench, "enqueue-bulk",
                     {.jobs = bench.jobs(100'000),
                      .seconds = bench.seconds(30),
                      .group = kBulk,
                      .outstanding = bench.options().bulk_outstanding});
}

}  // namespace townkrier::bench
