#pragma once

/// \file commands.hpp
/// The groups of commands, each in a file of its own. A group adds its commands to the parser; the
/// one that was given sets `action`.

#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

namespace townkrier::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// Does what was asked; returns the exit code.
using Action = std::function<int()>;

struct Remote;
/// jobs, job, logs, retry, cancel, delete, run
void add_remote_job_commands(CLI::App& app, Action& action, const std::shared_ptr<Remote>& remote);
/// send, enqueue, stats, queues, pause, resume, watch
void add_remote_server_commands(CLI::App& app, Action& action,
                                const std::shared_ptr<Remote>& remote);
/// fsck
void add_check_commands(CLI::App& app, Action& action);
/// inspect
void add_inspect_commands(CLI::App& app, Action& action);
/// backup, restore
void add_backup_commands(CLI::App& app, Action& action);
/// hash-password
void add_password_commands(CLI::App& app, Action& action);

}  // namespace townkrier::cli
