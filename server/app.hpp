#pragma once

/// \file app.hpp
/// The server from its command line to its exit code.

#include "server/command_line.hpp"
#include "server/logging.hpp"
#include "server/stop_signals.hpp"

namespace townkrier::server {

/// Runs until a signal or a failure for good. Returns the exit code.
int run_app(CommandLine command, StopSignals& signals, Log& log);

}  // namespace townkrier::server
