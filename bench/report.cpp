#include "bench/report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bench/machine.hpp"
#include "townkrier/time.hpp"

namespace townkrier::bench {

namespace {

using nlohmann::json;

constexpr double kDisturbed = 0.25;

// 12 345, 12.3, 0.123: about three digits, as many as a measurement is worth.
std::string number(double value) {
  char text[40];
  const int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  const std::string_view all = text;
  const std::size_t point = std::min(all.find('.'), all.size());
  std::string grouped;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && i < point && (point - i) % 3 == 0) grouped += ',';
    grouped += all[i];
  }
  return grouped;
}

std::string title(const Row& row) {
  return row.part.empty() ? row.scenario : row.scenario + " " + row.part;
}

void print(const Row& row) {
  std::printf("%-30s %12s %-7s", title(row).c_str(), number(row.value).c_str(), row.unit.c_str());
  if (const auto ratio = row.ratio()) {
    std::printf("  %5.2f of %s (%s)", *ratio, number(row.limit->value).c_str(),
                row.limit->name.c_str());
  }
  std::printf("\n");
  if (row.latency) {
    std::printf("%30s ms: p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  of %llu\n", "",
                number(row.latency->p50).c_str(), number(row.latency->p90).c_str(),
                number(row.latency->p99).c_str(), number(row.latency->p999).c_str(),
                number(row.latency->max).c_str(),
                static_cast<unsigned long long>(row.latency->count));
  }
  if (!row.note.empty()) std::printf("%30s %s\n", "", row.note.c_str());
  std::fflush(stdout);
}

json machine_json(const Options& options) {
  const Machine found = machine(options.parent);
  return {{"cpu", found.cpu},
          {"cores", found.cores},
          {"memoryMb", found.memory_mb},
          {"kernel", found.kernel},
          {"fileSystem", found.file_system},
          {"compiler", found.compiler},
          {"build", found.build}};
}

json options_json(const Options& options) {
  json all = {{"scenarios", options.scenarios},
              {"durability", to_string(options.durability)},
              {"payloadBytes", options.payload_bytes},
              {"outstanding", options.outstanding},
              {"bulkOutstanding", options.bulk_outstanding},
              {"rate", options.rate},
              {"kind", options.kind == Kind::kJob ? "job" : "notification"},
              {"handler", options.handler == Handler::kBlocking ? "blocking" : "nonblocking"},
              {"workers", options.workers},
              {"concurrency", options.concurrency}};
  if (options.jobs) all["jobs"] = *options.jobs;
  if (options.seconds) all["seconds"] = *options.seconds;
  if (!options.server.empty()) all["remote"] = true;
  return all;
}

json row_json(const Row& row) {
  json one = {{"scenario", row.scenario}, {"value", row.value},
              {"unit", row.unit},         {"jobs", row.jobs},
              {"seconds", row.seconds},   {"otherCores", row.other_cores}};
  if (!row.part.empty()) one["part"] = row.part;
  if (row.latency) {
    one["percentiles"] = {{"unit", "ms"},
                          {"count", row.latency->count},
                          {"p50", row.latency->p50},
                          {"p90", row.latency->p90},
                          {"p99", row.latency->p99},
                          {"p99.9", row.latency->p999},
                          {"max", row.latency->max}};
  }
  if (row.limit) one["limit"] = {{"name", row.limit->name}, {"value", row.limit->value}};
  if (const auto ratio = row.ratio()) one["ratio"] = *ratio;
  if (!row.note.empty()) one["note"] = row.note;
  return one;
}

std::string now_text() {
  return to_iso8601(SystemClock{}.now());
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!limit || limit->value <= 0) return std::nullopt;
  return value / limit->value;
}

void Report::add(Row row) {
  if (table_) print(row);
  rows_.push_back(std::move(row));
}

void Report::others_used(std::size_t first, double cores) {
  for (std::size_t i = first; i < rows_.size(); ++i) rows_[i].other_cores = cores;
  if (table_ && first < rows_.size() && cores > kDisturbed) {
    std::printf("%30s disturbed: other programs used %s cores meanwhile\n", "",
                number(cores).c_str());
  }
}

std::string to_json(const Report& report, const Options& options) {
  json results = json::array();
  for (const Row& row : report.rows()) results.push_back(row_json(row));
  const json all = {{"program", "townkrier-bench"},
                    {"version", TOWNKRIER_VERSION},
                    {"time", now_text()},
                    {"machine", machine_json(options)},
                    {"options", options_json(options)},
                    {"results", std::move(results)}};
  return all.dump(2) + "\n";
}

std::string to_lines(const Report& report, const Options& options) {
  std::string lines;
  for (const Row& row : report.rows()) {
    json line = {{"peer", options.peer},
                 {"version", "townkrier " TOWNKRIER_VERSION},
                 {"time", now_text()},
                 {"scenario", row.part.empty() ? row.scenario : row.scenario + "-" + row.part},
                 {"jobs", row.jobs},
                 {"seconds", row.seconds},
                 {"value", row.value},
                 {"unit", row.unit},
                 {"jobs_per_s", nullptr},
                 {"p50_ms", nullptr},
                 {"p99_ms", nullptr},
                 {"other_cores", row.other_cores},
                 {"durability", to_string(options.durability)},
                 {"note", row.note}};
    if (row.unit == "jobs/s") line["jobs_per_s"] = row.value;
    if (row.latency) {
      line["p50_ms"] = row.latency->p50;
      line["p99_ms"] = row.latency->p99;
    }
    lines += line.dump() + "\n";
  }
  return lines;
}

}  // namespace townkrier::bench
