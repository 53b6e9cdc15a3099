// townkrier backup, restore

#include <cstdio>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "townkrier/config.hpp"
#include "townkrier/maintenance.hpp"

namespace townkrier::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string first;   ///< DIR of a backup, BACKUP_DIR of a restore.
  std::string second;  ///< BACKUP_DIR of a backup, DIR of a restore.
  bool list = false;
  bool json = false;
  std::uint32_t keep = 0;
  std::string limit;
  std::optional<std::uint32_t> id;
  Format format() const { return json ? Format::kJson : Format::kText; }
};

json backup_json(const BackupInfo& info) {
  return {{"id", info.id},
          {"createdAt", to_iso8601(info.created_at)},
          {"sizeBytes", info.size_bytes},
          {"files", info.files}};
}

int list(const Options& options) {
  // `backup --list BACKUP_DIR`: one directory is enough, two are taken as of a backup.
  const auto& directory = options.second.empty() ? options.first : options.second;
  const auto backups = list_backups(directory);
  if (!backups) return complain(backups.error(), options.format());
  if (options.json) {
    json all = json::array();
    for (const auto& each : *backups) all.push_back(backup_json(each));
    print_json({{"backups", std::move(all)}});
    return kExitOk;
  }
  Table table({"ID", "MADE", "SIZE", "FILES"});
  for (const auto& each : *backups) {
    table.add({std::to_string(each.id), to_iso8601(each.created_at), human_bytes(each.size_bytes),
               std::to_string(each.files)});
  }
  table.print();
  return kExitOk;
}

int back_up(const Options& options) {
  if (options.list) return list(options);
  if (options.second.empty()) {
    std::fprintf(stderr, "townkrier backup: BACKUP_DIR is required\n");
    return kExitUsage;
  }
  BackupOptions how{.keep = options.keep};
  if (!options.limit.empty()) {
    const auto limit = parse_bytes(options.limit);
    if (!limit) {
      std::fprintf(stderr, "--limit: %s\n", limit.error().message.c_str());
      return kExitUsage;
    }
    how.max_bytes_per_second = *limit;
  }
  ProgressLine line;
  line.show("backing up " + options.first);
  const auto made = backup_store(options.first, options.second, how);
  line.clear();
  if (!made) return complain(made.error(), options.format());
  if (options.json) {
    print_json(backup_json(*made));
  } else {
    std::printf("Backup %u of %s is in %s: %s in %s, verified\n", made->id, options.first.c_str(),
                options.second.c_str(), human_bytes(made->size_bytes).c_str(),
                counted(made->files, "file").c_str());
  }
  return kExitOk;
}

int restore(const Options& options) {
  ProgressLine line;
  line.show("restoring to " + options.second);
  const auto report = restore_store(options.first, options.second, options.id);
  line.clear();
  if (!report) return complain(report.error(), options.format());
  if (options.json) {
    print_json({{"backup", backup_json(report->backup)},
                {"path", options.second},
                {"jobs", report->check.jobs},
                {"logs", report->check.logs},
                {"messages", report->check.messages}});
  } else {
    std::printf("Backup %u of %s is restored to %s: %s, %s, nothing is wrong\n", report->backup.id,
                to_iso8601(report->backup.created_at).c_str(), options.second.c_str(),
                counted(report->check.jobs, "job").c_str(),
                counted(report->check.logs, "log row").c_str());
  }
  return kExitOk;
}

void add_backup(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("backup", "Back up a store that no server has open");
  const auto options = std::make_shared<Options>();  // shared with the callback
  command->add_option("DIR", options->first, "Data directory; with --list: the backup directory")
      ->required();
  command->add_option("BACKUP_DIR", options->second,
                      "Where backups are kept; unchanged files are shared between them");
  command->add_flag("--list", options->list, "List the backups of a backup directory");
  command->add_option("--keep", options->keep, "Remove all but the newest N backups afterwards")
      ->type_name("N")
      ->check(CLI::Range(1u, 1'000'000u));
  command->add_option("--limit", options->limit, "Copy at most this much a second (\"32MiB\")")
      ->type_name("BYTES");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->footer(
      "The store's checksums are checked before, the copy's after. While a server is running, it\n"
      "makes the backups itself.");
  command->callback([options, &action] { action = [options] { return back_up(*options); }; });
}

void add_restore(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("restore", "Restore a backup to a new or empty directory, and check it");
  const auto options = std::make_shared<Options>();  // shared with the callback
  command->add_option("BACKUP_DIR", options->first, "Where the backups are")->required();
  command->add_option("DIR", options->second, "Data directory to make")->required();
  command->add_option("--backup", options->id, "Which backup (default: the newest)")
      ->type_name("ID");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([options, &action] { action = [options] { return restore(*options); }; });
}

}  // namespace

void add_backup_commands(CLI::App& app, Action& action) {
  add_backup(app, action);
  add_restore(app, action);
}

}  // namespace townkrier::cli
