#include "bench/options.hpp"

#include <map>

#include <CLI/CLI.hpp>

#include "bench/http_load.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr std::size_t kMaxJobs = 100'000'000;

std::string known_scenario(const std::string& name) {
  if (find_scenario(name) != nullptr) return {};
  return "no scenario is called \"" + name + "\"; --list names them";
}

std::vector<std::string> default_scenarios(const Options& options) {
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios()) {
    const bool can = options.server.empty() || scenario.where == Scenario::Where::kEngineOrServer;
    if (can && scenario.by_default) names.emplace_back(scenario.name);
  }
  return names;
}

void check_server(const Options& options) {
  if (options.server.empty()) return;
  if (auto target = parse_server(options.server, options.channel); !target) {
    throw CLI::ValidationError("--server", target.error().message);
  }
  for (const std::string& name : options.scenarios) {
    if (find_scenario(name)->where == Scenario::Where::kEngineOrServer) continue;
    throw CLI::ValidationError("--server", name + " needs the engine in this process");
  }
}

void add_load_options(CLI::App& app, Options& options) {
  app.add_option("--jobs", options.jobs, "Jobs of each scenario (default: the scenario's own)")
      ->check(CLI::Range(std::size_t{1}, kMaxJobs));
  app.add_option("--seconds", options.seconds, "Longest time of scenarios that have one")
      ->check(CLI::Range(0.1, 3600.0));
  app.add_option("--rate", options.rate, "Enqueues a second where there is a schedule")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  app.add_option("--outstanding", options.outstanding, "Single calls or connections in flight")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--bulk-outstanding", options.bulk_outstanding, "Calls of 1000 jobs in flight")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--payload-bytes", options.payload_bytes, "JSON of one job's payload")
      ->check(CLI::Range(1, 500'000))
      ->capture_default_str();
  app.add_option("--depths", options.depths, "Jobs stored at each step of `depth`")
      ->check(CLI::Range(std::size_t{1}, kMaxJobs))
      ->delimiter(',')
      ->capture_default_str();
}

/// An option whose value is one of a few words.
template <class Value>
void add_choice(CLI::App& app, const std::string& name, const std::string& help,
                std::map<std::string, Value> words, Value& value) {
  std::vector<std::string> known;
  for (const auto& [word, meaning] : words) known.push_back(word);
  app.add_option_function<std::string>(
         name,
         [words = std::move(words), &value](const std::string& word) { value = words.at(word); },
         help)
      ->check(CLI::IsMember(known));
}

void add_engine_options(CLI::App& app, Options& options) {
  add_choice<Durability>(
      app, "--durability", "What an acknowledged job survives (default: fsync)",
      {{"fsync", Durability::kFsync}, {"os", Durability::kOs}, {"none", Durability::kNone}},
      options.durability);
  add_choice<Kind>(app, "--kind",
                   "notification: over a channel that does nothing; job: a handler of an own kind, "
                   "which always blocks (default: notification)",
                   {{"notification", Kind::kNotification}, {"job", Kind::kJob}}, options.kind);
  add_choice<Handler>(
      app, "--handler",
      "The channel's function: nonblocking, or blocking on worker threads (default: nonblocking)",
      {{"nonblocking", Handler::kNonBlocking}, {"blocking", Handler::kBlocking}}, options.handler);
  app.add_option("--workers", options.workers, "Threads of a blocking handler")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "Deliveries in flight")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
}

void add_place_options(CLI::App& app, Options& options) {
  app.add_option("--dir", options.parent, "Where the temporary data directory is made")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--server", options.server,
                 "http://[USER:PASSWORD@]HOST:PORT of a running server: for the enqueue-* and "
                 "http-* scenarios");
  app.add_option("--channel", options.channel, "With --server: the channel to address")
      ->capture_default_str();
  app.add_option("--json", options.json, "Write everything as JSON to a file, or - for stdout");
  app.add_option("--jsonl", options.jsonl, "Append a line of JSON for each figure to a file");
  app.add_option("--peer", options.peer, "The name in those lines")->capture_default_str();
}

void add_scenario_options(CLI::App& app, Options& options) {
  app.add_option("scenario,--scenario", options.scenarios,
                 "Scenarios to run, in this order (default: those with a * in --list)")
      ->delimiter(',')
      ->check(CLI::Validator(known_scenario, "NAME"));
  app.add_flag("--list", options.list, "List the scenarios and exit");
  app.add_option("--probe-restart", options.probe)->group("");  // internal
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{
      "Measures the embedded engine, or a running server, with jobs that do nothing, beside what\n"
      "the disk and RocksDB allow in the same run. Data goes to a temporary directory.",
      "townkrier-bench"};
  app.footer(
      "Examples:\n"
      "  townkrier-bench                              the short set\n"
      "  townkrier-bench drain --jobs 1000000\n"
      "  townkrier-bench --scenario enqueue-single,latency --durability os --json -\n"
      "  townkrier-bench enqueue-concurrent --server http://127.0.0.1:3000");
  add_scenario_options(app, options);
  add_load_options(app, options);
  add_engine_options(app, options);
  add_place_options(app, options);
  try {
    app.parse(argc, argv);
    if (options.scenarios.empty()) options.scenarios = default_scenarios(options);
    check_server(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace townkrier::bench
