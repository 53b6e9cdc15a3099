// townkrier inspect

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "townkrier/maintenance.hpp"

namespace townkrier::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kPage = 500;

struct Options {
  std::string directory;
  std::string job;
  bool jobs = false;
  bool logs = false;
  std::string status;
  std::string queue;
  std::string kind;
  std::string channel;
  std::size_t limit = 50;
  bool oldest_first = false;
  bool json = false;
  Format format() const { return json ? Format::kJson : Format::kText; }
};

json summary_json(const StoreSummary& summary, const std::string& path) {
  json queues = json::array();
  for (const auto& [name, queue] : summary.queues) {
    json each = to_json(queue.jobs);
    each["name"] = name;
    each["paused"] = queue.paused;
    if (queue.oldest_ready) each["oldestReady"] = to_iso8601(*queue.oldest_ready);
    queues.push_back(std::move(each));
  }
  json document{{"path", path},
                {"formatVersion", summary.format_version},
                {"sizeBytes", summary.size_bytes},
                {"jobs", to_json(summary.jobs)},
                {"queues", std::move(queues)},
                {"logs",
                 {{"total", summary.logs.total},
                  {"byStatus", summary.logs.by_status},
                  {"byChannel", summary.logs.by_channel}}},
                {"settings", summary.settings}};
  if (summary.next_due) document["nextDue"] = to_iso8601(*summary.next_due);
  return document;
}

std::vector<std::string> cells_of(std::string name, const QueueStats& stats, std::string oldest) {
  return {std::move(name),           grouped(stats.pending),   grouped(stats.scheduled),
          grouped(stats.processing), grouped(stats.retrying),  grouped(stats.completed),
          grouped(stats.failed),     grouped(stats.cancelled), std::move(oldest)};
}

void print(const StoreSummary& summary, const std::string& path) {
  const TimePoint now = SystemClock().now();
  std::printf("%s: format %llu, %s\n\n", path.c_str(),
              static_cast<unsigned long long>(summary.format_version),
              human_bytes(summary.size_bytes).c_str());
  Table table({"QUEUE", "PENDING", "SCHEDULED", "PROCESSING", "RETRYING", "COMPLETED", "FAILED",
               "CANCELLED", "OLDEST PENDING"});
  for (const auto& [name, queue] : summary.queues) {
    table.add(cells_of(printable(name) + (queue.paused ? " (paused)" : ""), queue.jobs,
                       queue.oldest_ready ? human_duration(now - *queue.oldest_ready) : "-"));
  }
  table.add(cells_of("total", summary.jobs, ""));
  table.print();
  if (summary.next_due) {
    std::printf("\nNext job due: %s\n", to_iso8601(*summary.next_due).c_str());
  }
  std::printf("\nLog rows: %s\n", grouped(summary.logs.total).c_str());
  for (const auto& [status, count] : summary.logs.by_status) {
    std::printf("  %s: %s\n", status.c_str(), grouped(count).c_str());
  }
  if (summary.settings.empty()) return;
  std::printf("\nSettings\n");
  for (const auto& [name, value] : summary.settings) {
    std::printf("  %s = %s\n", printable(name).c_str(), printable(value).c_str());
  }
}

/// What a cell of a table shows of a member of a document.
std::string cell(const json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end()) return "-";
  return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  text.resize(bytes);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  return text + "...";
}

/// Pages until there are `limit` rows. `ask` takes a filter and returns a page.
template <class Filter, class Ask>
Result<json> collect(const char* name, Filter filter, std::size_t limit, Ask ask) {
  json all = json::array();
  std::uint64_t total = 0;
  while (all.size() < limit) {
    filter.limit = std::min(kPage, limit - all.size());
    auto page = ask(filter);
    if (!page) return page;
    total = (*page)["total"].template get<std::uint64_t>();
    for (auto& row : (*page)[name]) all.push_back(std::move(row));
    if (!page->contains("next")) break;
    filter.cursor = (*page)["next"].template get<std::string>();
  }
  return json{{name, std::move(all)}, {"total", total}};
}

void print_rows(const json& document, const char* name,
                const std::vector<std::pair<const char*, const char*>>& columns) {
  std::vector<std::string> heading;
  for (const auto& column : columns) heading.emplace_back(column.first);
  Table table(std::move(heading));
  for (const auto& row : document[name]) {
    std::vector<std::string> cells;
    for (const auto& column : columns) cells.push_back(cut(cell(row, column.second), 60));
    table.add(std::move(cells));
  }
  table.print();
  const auto total = document["total"].get<std::uint64_t>();
  if (total > document[name].size()) {
    std::printf("%s of %s; --limit shows more\n", grouped(document[name].size()).c_str(),
                grouped(total).c_str());
  }
}

int wrong_usage(const char* option, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", option, error.message.c_str());
  return kExitUsage;
}

int show_job(const StoreInspector& store, const Options& options) {
  const auto id = JobId::parse(options.job);
  if (!id) return wrong_usage("--job", id.error());
  const auto job = store.job(*id);
  if (!job) return complain(job.error(), options.format());
  options.json ? print_json(*job) : print_pretty(*job);
  return kExitOk;
}

int show_jobs(const StoreInspector& store, const Options& options) {
  JobFilter filter{.ascending = options.oldest_first};
  if (!options.status.empty()) {
    const auto status = parse_job_status(options.status);
    if (!status) return wrong_usage("--status", status.error());
    filter.status = *status;
  }
  if (!options.queue.empty()) filter.queue = options.queue;
  if (!options.kind.empty()) filter.kind = options.kind;
  if (!options.channel.empty()) filter.channel = options.channel;
  const auto found = collect("jobs", filter, options.limit,
                             [&](const JobFilter& each) { return store.jobs(each); });
  if (!found) return complain(found.error(), options.format());
  if (options.json) {
    print_json(*found);
  } else {
    print_rows(*found, "jobs",
               {{"ID", "id"},
                {"STATUS", "status"},
                {"QUEUE", "queue"},
                {"KIND", "kind"},
                {"PRIORITY", "priority"},
                {"ATTEMPTS", "attempts"},
                {"UPDATED", "updatedAt"},
                {"ERROR", "error"}});
  }
  return kExitOk;
}

int show_logs(const StoreInspector& store, const Options& options) {
  LogFilter filter;
  filter.ascending = options.oldest_first;
  if (!options.status.empty()) {
    const auto status = parse_log_status(options.status);
    if (!status) return wrong_usage("--status", status.error());
    filter.status = *status;
  }
  if (!options.channel.empty()) filter.channel = options.channel;
  const auto found = collect("logs", filter, options.limit,
                             [&](const LogFilter& each) { return store.logs(each); });
  if (!found) return complain(found.error(), options.format());
  if (options.json) {
    print_json(*found);
  } else {
    print_rows(*found, "logs",
               {{"ID", "id"},
                {"STATUS", "status"},
                {"CHANNEL", "channel"},
                {"RECIPIENT", "recipient"},
                {"ATTEMPTS", "attempts"},
                {"UPDATED", "updatedAt"},
                {"ERROR", "error"}});
  }
  return kExitOk;
}

int inspect(const Options& options) {
  const auto store = StoreInspector::open(options.directory);
  if (!store) return complain(store.error(), options.format());
  if (!options.job.empty()) return show_job(*store, options);
  if (options.jobs) return show_jobs(*store, options);
  if (options.logs) return show_logs(*store, options);
  const auto summary = store->summary();
  if (!summary) return complain(summary.error(), options.format());
  if (options.json) {
    print_json(summary_json(*summary, options.directory));
  } else {
    print(*summary, options.directory);
  }
  return kExitOk;
}

}  // namespace

void add_inspect_commands(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "inspect",
      "Look into a store without a server, or beside one; recipients and contents are "
      "masked");
  const auto options = std::make_shared<Options>();  // shared with the callback
  command->add_option("DIR", options->directory, "Data directory")->required();
  auto* job = command->add_option("--job", options->job, "Show one job")->type_name("ID");
  auto* jobs = command->add_flag("--jobs", options->jobs, "List jobs")->excludes(job);
  command->add_flag("--logs", options->logs, "List log rows")->excludes(job)->excludes(jobs);
  command->add_option("--status", options->status, "Only of this status")->type_name("STATUS");
  command->add_option("--queue", options->queue, "Only jobs of this queue")
      ->type_name("NAME")
      ->needs(jobs);
  command->add_option("--kind", options->kind, "Only jobs of this kind")
      ->type_name("NAME")
      ->needs(jobs);
  command->add_option("--channel", options->channel, "Only of this channel")->type_name("NAME");
  command->add_option("--limit", options->limit, "How many at most (default: 50)")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000'000));
  command->add_flag("--oldest-first", options->oldest_first, "The newest come first otherwise");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([options, &action] { action = [options] { return inspect(*options); }; });
}

}  // namespace townkrier::cli
