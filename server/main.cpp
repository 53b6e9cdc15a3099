// townkrierd: the bundled server. `townkrierd --help` says what it takes.

#include <sys/stat.h>

#include <cstdio>

#include "server/app.hpp"
#include "server/command_line.hpp"
#include "server/logging.hpp"
#include "server/stop_signals.hpp"

int main(int argc, char** argv) {
  using namespace townkrier::server;
  ::umask(077);  // Jobs, logs and secrets are nobody else's.
  auto signals = StopSignals::create();
  if (!signals) {
    std::fprintf(stderr, "%s\n", signals.error().message.c_str());
    return kExitFailed;
  }
  auto command = parse_command_line(argc, argv);
  if (!command) return command.error();
  Log log(command->log_level);
  return run_app(*std::move(command), *signals, log);
}
