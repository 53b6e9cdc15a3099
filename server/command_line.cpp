#include "server/command_line.hpp"

#include <unistd.h>

#include <string_view>

#include <CLI/CLI.hpp>

namespace townkrier::server {
namespace {

constexpr const char* kFooter = R"(
Without --config the defaults hold: RocksDB in ./townkrier-data, API and dashboard on
127.0.0.1:3000, channels console and in_app. Every key of the file can also come from the
environment, which wins: queue.max_retries is TOWNKRIER_QUEUE_MAX_RETRIES. A text "env:NAME" or
"file:PATH" is read from there.

SIGTERM and SIGINT stop in order: running deliveries get queue.drain_timeout to end, what is
unfinished is kept for the next start. A second signal ends at once.

Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration.)";

struct Flags {
  std::string config;
  std::string listen;
  std::string data_dir;
  std::string log_level = "info";
  bool demo = false;
  bool check_config = false;
  bool accept_wal_damage = false;
};

void declare(CLI::App& app, Flags& flags) {
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app.add_option("--config", flags.config, "Configuration file (TOML)")
      ->type_name("FILE")
      ->envname("TOWNKRIER_CONFIG");
  app.add_option("--listen", flags.listen,
                 "Address of API and dashboard; port 0 takes any free one (server.listen)")
      ->type_name("HOST:PORT");
  app.add_option("--data-dir", flags.data_dir, "Where jobs and logs are kept (storage.path)")
      ->type_name("DIR");
  auto* demo = app.add_flag("--demo", flags.demo,
                            "Add sample channels and traffic; keeps its data in "
                            "./townkrier-demo-data unless told otherwise");
  app.add_flag("--check-config", flags.check_config, "Check the configuration and exit")
      ->excludes(demo);
  app.add_flag(
      "--accept-wal-damage", flags.accept_wal_damage,
      "For one start: open a store whose write-ahead log is damaged, up to the damage. What "
      "was written after it is given up: keep a copy of the directory first");
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error (default: info)")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->envname("TOWNKRIER_LOG_LEVEL");
  app.set_version_flag("--version", "townkrierd " TOWNKRIER_VERSION);
  app.footer(kFooter);
}

CommandLine to_command_line(const CLI::App& app, const Flags& flags) {
  CommandLine result;
  if (flags.demo) result.mode = Mode::kDemo;
  if (flags.check_config) result.mode = Mode::kCheckConfig;
  if (flags.accept_wal_damage) result.wal_damage = WalDamage::kAccept;
  result.log_level = *parse_log_level(flags.log_level);
  // Given but empty is a mistake that the loader reports, not the same as absent.
  if (app.count("--config") > 0) result.sources.file = flags.config;
  if (app.count("--listen") > 0) result.sources.listen = flags.listen;
  if (app.count("--data-dir") > 0) result.sources.data_dir = flags.data_dir;
  result.sources.environment = process_environment();
  return result;
}

}  // namespace

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

std::expected<CommandLine, int> parse_command_line(int argc, char** argv) {
  CLI::App app("TownKrier: durable background jobs and notifications, with a dashboard.",
               "townkrierd");
  Flags flags;
  declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error) == 0 ? kExitOk : kExitUsage);
  }
  return to_command_line(app, flags);
}

}  // namespace townkrier::server
