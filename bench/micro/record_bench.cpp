// What the store writes and reads for a job.

#include <benchmark/benchmark.h>

#include "bench/micro/sample.hpp"
#include "persistence/record_codec.hpp"  // why: measures the parts of the engine one by one

namespace townkrier::bench {
namespace {

using persistence::encode;

constexpr std::size_t kText = 100;

const std::vector<ShownContent> kShown = {{"u***@example.com", "Welc***", "Dear J***"}};

struct Records {
  SystemClock clock;
  UuidV7Generator ids{clock};
  Job job = sample_job(ids, kText);
  NotificationLog log =
      first_log_rows(*job.envelope, job.state, kShown, ContentPrivacy::kMasked).front();
};

template <class Record>
void encode_again(benchmark::State& state, const Record& record) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    encode(record, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = double(out.size());
}

template <class Record>
std::string encoded(const Record& record) {
  std::string out;
  encode(record, out);
  return out;
}

void encode_job(benchmark::State& state) {
  const Records records;
  encode_again(state, records.job);
}
BENCHMARK(encode_job);

void encode_state(benchmark::State& state) {
  const Records records;
  encode_again(state, records.job.state);
}
BENCHMARK(encode_state);

void encode_log(benchmark::State& state) {
  const Records records;
  encode_again(state, records.log);
}
BENCHMARK(encode_log);

void decode_job(benchmark::State& state) {
  const Records records;
  const std::string bytes = encoded(records.job);
  for (auto _ : state) {
    benchmark::DoNotOptimize(persistence::decode_job(records.job.id(), bytes));
  }
}
BENCHMARK(decode_job);

void decode_state(benchmark::State& state) {
  const Records records;
  const std::string bytes = encoded(records.job.state);
  for (auto _ : state) benchmark::DoNotOptimize(persistence::decode_state(bytes));
}
BENCHMARK(decode_state);

void decode_log(benchmark::State& state) {
  const Records records;
  const std::string bytes = encoded(records.log);
  for (auto _ : state) {
    benchmark::DoNotOptimize(persistence::decode_log(records.log.id, bytes));
  }
}
BENCHMARK(decode_log);

void make_a_log_row(benchmark::State& state) {
  const Records records;
  const Job& job = records.job;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        first_log_rows(*job.envelope, job.state, kShown, ContentPrivacy::kMasked));
  }
}
BENCHMARK(make_a_log_row);

}  // namespace
}  // namespace townkrier::bench
