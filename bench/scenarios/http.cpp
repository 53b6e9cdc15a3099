// http-enqueue, http-batch: durable enqueue over HTTP, of a server in this process or another.

#include "bench/http_load.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kWarmUpShare = 0.1;

Result<LoadResult> warmed_load(const HttpTarget& target, const Payload& payload, LoadPlan plan,
                               Histogram& durations) {
  LoadPlan warm_up = plan;
  warm_up.jobs = std::max<std::size_t>(1, plan.jobs / 20);
  warm_up.seconds = plan.seconds * kWarmUpShare;
  Histogram ignored;
  auto warmed = http_load(target, payload, warm_up, ignored);
  if (!warmed) return warmed;
  plan.first = warmed->jobs;
  return http_load(target, payload, plan, durations);
}

// The client shares this process (and its cores) with the server.
Result<LoadResult> in_process(Workbench& bench, const LoadPlan& plan, Histogram& durations) {
  auto engine = bench.engine();
  if (!engine) return std::unexpected(engine.error());
  DashboardServerConfig config;
  config.queue_manager = &(*engine)->queue();
  config.storage_manager = &(*engine)->storage();
  config.port = 0;
  config.server.max_body_bytes = 64u << 20;
  DashboardServer server(config);
  if (auto ok = server.start(); !ok) return std::unexpected(ok.error());
  const HttpTarget target{"127.0.0.1", server.port(), "", std::string(kChannel)};
  auto load = warmed_load(target, (*engine)->payload(), plan, durations);
  server.stop();
  return load;
}

Result<void> run_http(Workbench& bench, const std::string& name, const LoadPlan& plan) {
  Histogram durations;
  const Options& options = bench.options();
  Result<LoadResult> load;
  if (options.server.empty()) {
    load = in_process(bench, plan, durations);
  } else {
    auto target = parse_server(options.server, options.channel);
    if (!target) return std::unexpected(target.error());
    load = warmed_load(*target, Payload(options), plan, durations);
  }
  if (!load) return std::unexpected(load.error());
  Row row = load_row(name, *load, durations);
  if (options.server.empty()) {
    auto limit = bench.limits().bare_enqueue(plan.group == 1 ? plan.outstanding : plan.group);
    if (!limit) return std::unexpected(limit.error());
    row.limit = *limit;
  }
  bench.report().add(std::move(row));
  return {};
}

}  // namespace

Result<void> http_enqueue(Workbench& bench) {
  return run_http(bench, "http-enqueue",
                  {.jobs = bench.jobs(200'000),
                   .seconds = bench.seconds(5),
                   .outstanding = bench.options().outstanding});
}

Result<void> http_batch(Workbench& bench) {
  return run_http(bench, "http-batch",
                  {.jobs = bench.jobs(100'000),
                   .seconds = bench.seconds(30),
                   .group = 1000,
                   .outstanding = bench.options().bulk_outstanding});
}

}  // namespace townkrier::bench
