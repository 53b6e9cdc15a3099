// townkrier-bench: how fast the embedded engine is, beside what the disk and RocksDB allow in the
// same run. Figures are of this machine at this moment; compare ratios, not absolute numbers.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>
#include <townkrier/townkrier.hpp>

#include "bench/bare_loop.hpp"
#include "bench/load.hpp"

namespace {

using namespace townkrier;
using namespace townkrier::bench;

struct Arguments {
  LoadOptions load;
  std::string durability = "fsync";
  std::string parent;
  bool json = false;
};

struct Report {
  double syncs = 0;
  double bare = 0;
  Measured enqueue;
  double end_to_end = 0;
  std::size_t bytes_per_job = 0;
};

void print_table(const Arguments& args, const Report& r) {
  const auto& l = r.enqueue.latencies_ms;
  std::printf("%zu jobs, %zu-byte text, %zu requests outstanding, durability %s\n\n",
              args.load.jobs, args.load.payload_bytes, args.load.outstanding,
              args.durability.c_str());
  std::printf("%-34s %12.0f /s\n", "limit: fdatasync of 512 bytes", r.syncs);
  std::printf("%-34s %12.0f jobs/s  (%zu bytes a job, groups of %zu)\n", "limit: bare RocksDB loop",
              r.bare, r.bytes_per_job, args.load.outstanding);
  std::printf("%-34s %12.0f jobs/s  %.0f %% of the bare loop\n", "durable enqueue", r.enqueue.rate,
              100 * r.enqueue.rate / r.bare);
  std::printf("%-34s p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms\n", "  acknowledged after",
              percentile(l, 0.5), percentile(l, 0.95), percentile(l, 0.99), percentile(l, 1));
  std::printf("%-34s %12.0f jobs/s  %.0f %% of the bare loop\n", "end to end (enqueue and deliver)",
              r.end_to_end, 100 * r.end_to_end / r.bare);
}

void print_json(const Arguments& args, const Report& r) {
  const auto& l = r.enqueue.latencies_ms;
  std::printf(
      "{\"jobs\":%zu,\"payloadBytes\":%zu,\"outstanding\":%zu,\"durability\":\"%s\","
      "\"limits\":{\"syncsPerSecond\":%.0f,\"bareJobsPerSecond\":%.0f,\"bytesPerJob\":%zu},"
      "\"enqueue\":{\"jobsPerSecond\":%.0f,\"p50Ms\":%.3f,\"p95Ms\":%.3f,\"p99Ms\":%.3f},"
      "\"endToEnd\":{\"jobsPerSecond\":%.0f}}\n",
      args.load.jobs, args.load.payload_bytes, args.load.outstanding, args.durability.c_str(),
      r.syncs, r.bare, r.bytes_per_job, r.enqueue.rate, percentile(l, 0.5), percentile(l, 0.95),
      percentile(l, 0.99), r.end_to_end);
}

Result<Report> measure(Arguments& args, const std::filesystem::path& dir) {
  Report report;
  report.syncs = sync_rate((dir / "sync").string(), 1000);
  // Enqueue alone: nothing is run meanwhile.
  args.load.data_dir = (dir / "enqueue").string();
  {
    auto engine = NoOpEngine::open(args.load);
    if (!engine) return std::unexpected(engine.error());
    report.enqueue = enqueue_load((*engine)->queue(), args.load);
    report.bytes_per_job = std::max<std::size_t>(1, log_bytes(args.load.data_dir) / args.load.jobs);
  }
  report.bare = bare_enqueue_rate((dir / "bare").string(),
                                  {args.load.jobs, args.load.outstanding, report.bytes_per_job, 5,
                                   args.load.durability == Durability::kFsync});
  args.load.data_dir = (dir / "endtoend").string();
  auto engine = NoOpEngine::open(args.load);
  if (!engine) return std::unexpected(engine.error());
  if (auto started = (*engine)->queue().start_processing(); !started) {
    return std::unexpected(started.error());
  }
  const auto start = std::chrono::steady_clock::now();
  const Measured both = enqueue_load((*engine)->queue(), args.load);
  if (!(*engine)->wait_delivered(args.load.jobs, std::chrono::seconds{300})) {
    return fail(Errc::kTimeout, "not everything was delivered within 300 s");
  }
  report.end_to_end =
      double(args.load.jobs) /
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.enqueue.errors += both.errors;
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Load-tests the embedded engine with a channel that does nothing.",
               "townkrier-bench"};
  Arguments args;
  args.parent = std::filesystem::temp_directory_path().string();
  app.add_option("--jobs", args.load.jobs, "Jobs in each scenario")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--outstanding", args.load.outstanding, "Single requests in flight")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--payload", args.load.payload_bytes, "Bytes of the notification's text")
      ->check(CLI::Range(1, 500'000))
      ->capture_default_str();
  app.add_option("--durability", args.durability, "What an acknowledged job survives")
      ->check(CLI::IsMember({"fsync", "os", "none"}))
      ->capture_default_str();
  app.add_option("--dir", args.parent, "Where to put the (temporary) data")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--json", args.json, "One JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  args.load.durability = *parse_durability(args.durability);

  const auto dir =
      std::filesystem::path(args.parent) / ("townkrier-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(dir);
  auto report = measure(args, dir);
  std::error_code ignored;
  std::filesystem::remove_all(dir, ignored);
  if (!report) {
    std::fprintf(stderr, "townkrier-bench: %s\n", report.error().message.c_str());
    return 1;
  }
  if (report->enqueue.errors > 0) {
    std::fprintf(stderr, "townkrier-bench: %zu requests failed\n", report->enqueue.errors);
    return 1;
  }
  args.json ? print_json(args, *report) : print_table(args, *report);
  return 0;
}
