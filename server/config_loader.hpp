#pragma once

/// \file config_loader.hpp
/// The server's configuration: flags before environment before townkrier.toml before defaults.
/// Pure but for the files it is told to read; for one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/config_reader.hpp"
#include "townkrier/config.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/result.hpp"

namespace townkrier::server {

/// Where a configuration comes from.
struct ConfigSources {
  std::optional<std::string> file;                 ///< Path of a TOML file.
  std::optional<std::string> listen;               ///< `--listen`
  std::optional<std::string> data_dir;             ///< `--data-dir`
  std::map<std::string, std::string> environment;  ///< All of the process's environment.
};

struct ServerConfig {
  ServerOptions server;
  StorageOptions storage;
  QueueOptions queue;
  LogOptions logs;
  RetentionOptions retention;
  std::vector<ChannelConfig> channels;
  TemplateOptions templates;
  AttachmentOptions attachments;
  std::string suppression_file;  ///< `[suppressions] file`; empty: none.
  PolicyOptions policy;
  /// `[receipts.NAME]`: by provider, the settings of a receipt reader.
  std::map<std::string, JsonText> receipts;
  std::optional<JsonText> events;  ///< `[events]`: the settings of an event webhook.

  /// Whole lines for the log, e.g. about a plain password.
  std::vector<std::string> warnings;
  /// Where each key was set, by dotted key. A provider's keys are
  /// "channels.email.providers.0.port".
  std::map<std::string, Origin> origins;

  bool is_set(const std::string& key) const { return origins.contains(key); }
};

/// Reads and checks everything that needs no driver. On an error the message has one line a
/// problem ("townkrier.toml:12: queue.max_retries: must be 0..1000"), all that were found, in the
/// order of the sources; `fields` has the same by dotted key. kInvalidConfig.
Result<ServerConfig> load_config(const ConfigSources& sources);

/// The same for a text; `name` is how messages call it.
Result<ServerConfig> load_config_text(std::string_view text, const std::string& name,
                                      const ConfigSources& sources);

/// A problem found after loading, e.g. by a driver, at the place where `key` was set, or, when it
/// is missing, where the table around it begins.
ConfigProblem problem_at(const ServerConfig& config, std::string key, std::string detail);

}  // namespace townkrier::server
