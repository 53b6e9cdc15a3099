// What the scheduler does for a job, apart from messages.

#include <benchmark/benchmark.h>

#include "bench/micro/sample.hpp"
#include "core/due_wheel.hpp"     // why: measures the parts of the engine one by one
#include "core/ready_queue.hpp"   // why: as above
#include "core/retry_policy.hpp"  // why: as above

namespace townkrier::bench {
namespace {

constexpr std::size_t kText = 100;

std::vector<Job> sample_jobs(std::size_t count) {
  const SystemClock clock;
  UuidV7Generator ids(clock);
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < count; ++i) jobs.push_back(sample_job(ids, kText));
  return jobs;
}

void count_jobs(benchmark::State& state, std::size_t jobs) {
  state.SetItemsProcessed(std::int64_t(state.iterations()) * std::int64_t(jobs));
}

// Adds range(0) jobs and takes them out again.
void ready_queue_add_take(benchmark::State& state) {
  const auto jobs = sample_jobs(std::size_t(state.range(0)));
  const auto any = [](const std::string&) { return true; };
  for (auto _ : state) {
    ReadyQueue queue({}, std::chrono::seconds{30});
    for (const Job& job : jobs) queue.add(job);
    while (auto job = queue.take("default", kNow, any)) benchmark::DoNotOptimize(job);
  }
  count_jobs(state, jobs.size());
}
BENCHMARK(ready_queue_add_take)->Arg(16)->Arg(4000);

// The same with jobs due within the next minute.
void due_wheel_add_pop(benchmark::State& state) {
  auto jobs = sample_jobs(std::size_t(state.range(0)));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].state.status = JobStatus::kScheduled;
    jobs[i].state.due_at = kNow + Duration{i * 37 % 50'000};
  }
  for (auto _ : state) {
    DueWheel wheel({});
    if (const auto load = wheel.load(kNow)) {
      wheel.loaded(*load, {}, [](const JobId&) { return false; });
    }
    for (const Job& job : jobs) wheel.add(job);
    benchmark::DoNotOptimize(wheel.pop_due(kNow + Duration{60'000}, jobs.size()));
  }
  count_jobs(state, jobs.size());
}
BENCHMARK(due_wheel_add_pop)->Arg(16)->Arg(4000);

void uuid_v7(benchmark::State& state) {
  const SystemClock clock;
  UuidV7Generator ids(clock);
  for (auto _ : state) benchmark::DoNotOptimize(ids.next());
}
BENCHMARK(uuid_v7);

void uuid_to_text(benchmark::State& state) {
  const Uuid id = random_uuid();
  for (auto _ : state) benchmark::DoNotOptimize(id.to_string());
}
BENCHMARK(uuid_to_text);

void retry_delay(benchmark::State& state) {
  const RetryPolicy policy;
  std::uint32_t retry = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy.delay(Duration{1000}, ++retry % 20 + 1, 0.5));
  }
}
BENCHMARK(retry_delay);

// Begin, outcome, settle: a job's whole way through an attempt.
void one_attempt(benchmark::State& state) {
  const auto jobs = sample_jobs(1);
  const Uuid run = random_uuid();
  const std::vector<std::size_t> all = {0};
  for (auto _ : state) {
    JobState now = jobs.front().state;
    begin_attempt(now, all, run, kNow);
    apply_outcome(*jobs.front().envelope, now, 0, DeliveryOutcome::sent("id"), {}, 0.5, kNow);
    settle(*jobs.front().envelope, now, AttemptEnd::kNormal, kNow);
    benchmark::DoNotOptimize(now);
  }
}
BENCHMARK(one_attempt);

}  // namespace
}  // namespace townkrier::bench
