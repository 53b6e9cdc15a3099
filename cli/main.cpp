// townkrier: the operator's command. `townkrier --help` lists what it can do.

#include <sys/stat.h>

#include "cli/commands.hpp"
#include "cli/remote.hpp"

int main(int argc, char** argv) {
  using namespace townkrier::cli;
  ::umask(077);  // Backups and restored stores are nobody else's.
  CLI::App app(
      "TownKrier: asks a running server, or looks after a store of jobs and notifications.",
      "townkrier");
  app.set_version_flag("--version", "townkrier " TOWNKRIER_VERSION);
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app.footer(
      "Exit codes: 0 ok, 1 failed or something is wrong with the store, 2 wrong usage.\n"
      "`townkrier COMMAND --help` says more about a command.");
  Action action;
  const auto remote = std::make_shared<Remote>();  // shared with the commands
  app.add_option("--server", remote->server.url,
                 "A running server (default: " + remote->server.url + ")")
      ->envname("TOWNKRIER_SERVER");
  app.add_option("--token", remote->server.token,
                 "Its token; better in the environment, where other users do not see it")
      ->envname("TOWNKRIER_TOKEN");
  add_remote_job_commands(app, action, remote);
  add_remote_server_commands(app, action, remote);
  add_check_commands(app, action);
  add_inspect_commands(app, action);
  add_backup_commands(app, action);
  add_password_commands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return action();
}
