// townkrier-bench: how fast the engine is, beside what the disk and RocksDB allow in the same run.
// Figures are of this machine at this moment; compare ratios, not absolute numbers.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "bench/machine.hpp"
#include "bench/workbench.hpp"

namespace {

using namespace townkrier;
using namespace townkrier::bench;

int complain(const Error& error) {
  std::fprintf(stderr, "townkrier-bench: %s\n", error.message.c_str());
  return 1;
}

void print_list() {
  for (const Scenario& scenario : scenarios()) {
    std::printf("%c %-20.*s %.*s\n", scenario.by_default ? '*' : ' ', int(scenario.name.size()),
                scenario.name.data(), int(scenario.summary.size()), scenario.summary.data());
  }
}

void print_header(const Options& options) {
  const Machine on = machine(options.parent);
  std::printf("%s, %u cores, %zu MB, %s, %s, %s, %s build\n", on.cpu.c_str(), on.cores,
              on.memory_mb, on.kernel.c_str(), on.file_system.c_str(), on.compiler.c_str(),
              on.build.c_str());
  std::printf("durability %s, payload %zu bytes, %zu outstanding\n\n",
              std::string(to_string(options.durability)).c_str(), options.payload_bytes,
              options.outstanding);
}

Result<void> write_file(const std::string& path, std::ios::openmode mode, const std::string& text) {
  std::ofstream file(path, mode);
  file << text;
  file.close();
  if (!file) return fail(Errc::kIo, "cannot write " + path);
  return {};
}

Result<void> write_results(const Report& report, const Options& options) {
  if (options.json == "-") {
    std::fputs(to_json(report, options).c_str(), stdout);
  } else if (!options.json.empty()) {
    auto written = write_file(options.json, std::ios::trunc, to_json(report, options));
    if (!written) return written;
  }
  if (options.jsonl.empty()) return {};
  return write_file(options.jsonl, std::ios::app, to_lines(report, options));
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Result<void> run_scenario(Workbench& bench, const std::string& name) {
  const std::size_t first = bench.report().rows().size();
  const CpuTime cpu = cpu_time();
  const double start = seconds_now();
  auto done = find_scenario(name)->run(bench);
  const CpuTime used = cpu_time();
  const double others = (used.all - cpu.all) - (used.own - cpu.own);
  bench.report().others_used(first, std::max(0.0, others / (seconds_now() - start)));
  return done;
}

// What was measured before a failure is written, too.
int run(const Options& options) {
  auto bench = Workbench::create(options);
  if (!bench) return complain(bench.error());
  const bool table = options.json != "-";
  (*bench)->report().print_table_on(table);
  if (table) print_header(options);
  int failures = 0;
  for (const std::string& name : options.scenarios) {
    if (auto done = run_scenario(**bench, name); !done) {
      failures += complain({done.error().code, name + ": " + done.error().message, {}});
    }
  }
  if (auto written = write_results((*bench)->report(), options); !written) {
    return complain(written.error());
  }
  return std::min(failures, 1);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto exit_code = parse_options(argc, argv, options)) return *exit_code;
  if (!options.probe.empty()) return probe_restart(options);
  if (options.list) {
    print_list();
    return 0;
  }
  return run(options);
}
