#include "bench/limits.hpp"

#include <algorithm>
#include <filesystem>

#include "bench/engine.hpp"
#include "bench/load.hpp"
#include "bench/progress.hpp"

namespace townkrier::bench {

namespace {

constexpr double kSeconds = 2;
constexpr std::size_t kJobs = 100'000;
constexpr std::size_t kSample = 3000;
constexpr std::size_t kBulk = 1000;

// A small run gets by with less exact limits.
double seconds_of(const Options& options) {
  return std::min(kSeconds, options.seconds.value_or(kSeconds));
}
std::size_t jobs_of(const Options& options) {
  return std::clamp(options.jobs.value_or(kJobs), kSample, kJobs);
}

// Of all write-ahead logs: what was written, as long as none was flushed away.
std::size_t log_bytes(const std::string& dir) {
  std::size_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(dir, ignored)) {
    if (entry.path().extension() == ".log") bytes += entry.file_size(ignored);
  }
  return bytes;
}

void remove(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace

Result<void> Limits::measure_syncs() {
  if (sync_) return {};
  const Progress progress("limit: syncs", 0, [] { return std::size_t{0}; });
  const std::string path = dir_ + "/syncs";
  Histogram durations;
  auto rate = append_sync_rate(path, seconds_of(options_), durations);
  remove(path);
  if (!rate) return std::unexpected(rate.error());
  sync_rate_ = *rate;
  sync_ = durations.summary();
  return {};
}

Result<Limit> Limits::syncs_per_second() {
  if (auto ok = measure_syncs(); !ok) return std::unexpected(ok.error());
  return Limit{"fdatasync of 4 KiB", sync_rate_};
}

Result<Limit> Limits::sync_p50() {
  if (auto ok = measure_syncs(); !ok) return std::unexpected(ok.error());
  return Limit{"fdatasync p50", sync_->p50};
}

Result<Limit> Limits::sync_p99() {
  if (auto ok = measure_syncs(); !ok) return std::unexpected(ok.error());
  return Limit{"fdatasync p99", sync_->p99};
}

Result<JobBytes> Limits::job_bytes() {
  if (bytes_) return *bytes_;
  const std::string path = dir_ + "/sample";
  JobBytes bytes;
  {
    auto engine = Engine::open(options_, {.dir = path});
    if (!engine) return std::unexpected(engine.error());
    Histogram ignored;
    auto stored = enqueue_load(**engine, {.jobs = kSample, .group = kBulk}, ignored);
    if (!stored) return std::unexpected(stored.error());
    const std::size_t before = log_bytes(path);
    bytes.enqueue = before / kSample;
    if (auto ok = (*engine)->queue().start_processing(); !ok) return std::unexpected(ok.error());
    if (auto ok = (*engine)->wait_completed(kSample, 60); !ok) return std::unexpected(ok.error());
    bytes.finish = (log_bytes(path) - before) / kSample;
  }
  remove(path);
  bytes_ = bytes;
  return bytes;
}

Result<Limit> Limits::measured(const std::string& name, Loop loop, BareLoop plan) {
  const auto known = rates_.find(name);
  if (known != rates_.end()) return Limit{name, known->second};
  auto bytes = job_bytes();
  if (!bytes) return std::unexpected(bytes.error());
  const Progress progress("limit: " + name, 0, [] { return std::size_t{0}; });
  plan.path = dir_ + "/bare";
  plan.enqueue_bytes = bytes->enqueue;
  plan.finish_bytes = bytes->finish;
  plan.sync = options_.durability == Durability::kFsync;
  auto rate = loop(plan);
  remove(plan.path);
  if (!rate) return std::unexpected(rate.error());
  rates_[name] = *rate;
  return Limit{name, *rate};
}

Result<Limit> Limits::bare_enqueue(std::size_t group) {
  return measured("bare RocksDB, groups of " + std::to_string(group), bare_enqueue_rate,
                  {.jobs = kJobs, .seconds = seconds_of(options_), .group = group});
}

Result<Limit> Limits::bare_finish() {
  return measured("bare RocksDB finish loop", bare_finish_rate,
                  {.jobs = jobs_of(options_), .group = kBulk});
}

Result<Limit> Limits::bare_both() {
  auto enqueue = bare_enqueue(kBulk);
  if (!enqueue) return enqueue;
  auto finish = bare_finish();
  if (!finish) return finish;
  return Limit{"bare enqueue + finish", 1 / (1 / enqueue->value + 1 / finish->value)};
}

}  // namespace townkrier::bench
