// queries: what a dashboard asks, while jobs flow.

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "bench/load.hpp"
#include "bench/progress.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr double kPatience = 900;

struct Query {
  std::string name;
  std::function<Result<void>()> ask;
  std::unique_ptr<Histogram> durations = std::make_unique<Histogram>();
};

template <class T>
Result<void> as_void(const Result<T>& result) {
  return result ? Result<void>{} : std::unexpected(result.error());
}

template <class T, class Ask>
Result<void> wait_reply(Ask ask) {
  std::promise<Result<T>> promise;
  auto answer = promise.get_future();
  ask([&promise](Result<T> result) { promise.set_value(std::move(result)); });
  return as_void(answer.get());
}

Query jobs_query(Engine& engine, std::string name, JobFilter filter) {
  return {"jobs-" + std::move(name),
          [&engine, filter] { return as_void(engine.queue().get_jobs(filter)); }};
}

Query logs_query(Engine& engine, std::string name, LogFilter filter) {
  return {"logs-" + std::move(name),
          [&engine, filter] { return as_void(engine.storage().query_logs(filter)); }};
}

std::vector<Query> make_queries(Engine& engine, const std::shared_ptr<DashboardBackend>& backend,
                                const JobId& known) {
  std::vector<Query> all;
  const auto jobs = [&](std::string name, JobFilter filter) {
    all.push_back(jobs_query(engine, std::move(name), std::move(filter)));
  };
  const auto logs = [&](std::string name, LogFilter filter) {
    all.push_back(logs_query(engine, std::move(name), std::move(filter)));
  };
  jobs("newest", {});
  jobs("oldest", {.ascending = true});
  jobs("completed", {.status = JobStatus::kCompleted});
  jobs("scheduled", {.status = JobStatus::kScheduled});
  jobs("queue", {.queue = "default"});
  jobs("channel", {.channel = std::string(kChannel)});
  jobs("priority-without-jobs", {.priority = JobPriority::kCritical});
  jobs("text", {.text = known.to_string().substr(0, 13)});
  jobs("offset-5000", {.offset = 5000});
  all.push_back({"job", [&engine, known] { return as_void(engine.queue().get_job(known)); }});
  all.push_back({"stats", [&engine] { return as_void(engine.queue().get_stats()); }});
  all.push_back({"queues", [backend] {
                   return wait_reply<std::vector<QueueInfo>>(
                       [&](auto reply) { backend->queues(std::move(reply)); });
                 }});
  logs("newest", {});
  logs("sent", {.status = LogStatus::kSent});
  logs("channel", {.channel = std::string(kChannel)});
  logs("of-job", {.job_id = known});
  logs("recipient", {.recipient = "example.com"});
  all.push_back({"log-stats", [&engine] { return as_void(engine.storage().get_stats()); }});
  return all;
}

// Half of the jobs completed, half scheduled for tomorrow. Returns one of the completed.
Result<JobId> fill(Engine& engine, std::size_t jobs) {
  Histogram ignored;
  const std::size_t half = jobs / 2;
  auto first = engine.queue().enqueue_many({engine.payload().request(0)});
  if (!first) return std::unexpected(first.error());
  LoadPlan plan{.jobs = half, .group = 1000, .outstanding = 2};
  if (auto done = enqueue_load(engine, plan, ignored); !done) return std::unexpected(done.error());
  if (auto ok = engine.queue().start_processing(); !ok) return std::unexpected(ok.error());
  const Progress progress("process", half, [&] { return engine.started(); });
  if (auto ok = engine.wait_completed(half + 1, kPatience); !ok) return std::unexpected(ok.error());
  plan.jobs = jobs - half;
  plan.options_of = [](std::size_t) { return JobOptions{.delay = std::chrono::hours{24}}; };
  if (auto done = enqueue_load(engine, plan, ignored); !done) return std::unexpected(done.error());
  return first->front().job.id();
}

// Each gets an equal share of the time, and is asked at least kLeast times.
Result<void> ask_for(std::vector<Query>& queries, double seconds) {
  constexpr std::uint64_t kLeast = 20;
  const std::chrono::duration<double> share(seconds / double(queries.size()));
  std::atomic<std::size_t> asked{0};
  const Progress progress("queries", queries.size(), [&] { return asked.load(); });
  for (Query& query : queries) {
    const auto end = std::chrono::steady_clock::now() + share;
    while (query.durations->count() < kLeast || std::chrono::steady_clock::now() < end) {
      const auto begun = std::chrono::steady_clock::now();
      if (auto ok = query.ask(); !ok) return ok;
      query.durations->record(std::chrono::steady_clock::now() - begun);
    }
    ++asked;
  }
  return {};
}

}  // namespace

Result<void> queries(Workbench& bench) {
  const std::size_t jobs = bench.jobs(100'000);
  auto engine = bench.engine();
  if (!engine) return std::unexpected(engine.error());
  auto known = fill(**engine, jobs);
  if (!known) return std::unexpected(known.error());
  auto backend = (*engine)->queue().backend();
  if (!backend) return std::unexpected(backend.error());
  auto all = make_queries(**engine, *backend, *known);
  const double seconds = bench.seconds(10);
  Result<void> asked;
  {
    const std::jthread flow([&](const std::stop_token& stop) {
      paced(bench.options().rate, stop, [&](std::size_t i, SteadyTime) {
        std::vector<JobRequest> one;
        one.push_back((*engine)->payload().request(i));
        (*engine)->queue().enqueue_many_async(std::move(one), [](const auto&) {});
      });
    });
    asked = ask_for(all, seconds);
  }
  if (!asked) return asked;
  for (const Query& query : all) {
    const Summary summary = query.durations->summary();
    bench.report().add({.scenario = "queries",
                        .part = query.name,
                        .value = summary.p99,
                        .unit = "ms",
                        .jobs = summary.count,
                        .seconds = seconds,
                        .latency = summary});
  }
  return {};
}

}  // namespace townkrier::bench
