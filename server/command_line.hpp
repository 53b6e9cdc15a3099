#pragma once

/// \file command_line.hpp
/// The flags of townkrierd.

#include <expected>
#include <map>
#include <string>

#include "server/config_loader.hpp"
#include "server/logging.hpp"
#include "townkrier/store.hpp"

namespace townkrier::server {

enum class Mode : std::uint8_t {
  kServe,
  kDemo,         ///< Serve, with sample channels and traffic.
  kCheckConfig,  ///< Only say whether the configuration is right.
};

struct CommandLine {
  Mode mode = Mode::kServe;
  ConfigSources sources;
  LogLevel log_level = LogLevel::kInfo;
  /// A flag and nothing else, so that it is not left on.
  WalDamage wal_damage = WalDamage::kRefuse;
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// Reads flags and environment. The error is the exit code: help, version or the complaint is
/// printed already.
std::expected<CommandLine, int> parse_command_line(int argc, char** argv);

/// All variables of this process.
std::map<std::string, std::string> process_environment();

}  // namespace townkrier::server
