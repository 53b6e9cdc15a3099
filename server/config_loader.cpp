#include "server/config_loader.hpp"

#include <algorithm>
#include <tuple>

#include "server/channel_config.hpp"
#include "server/listen_address.hpp"
#include "server/secret_file.hpp"

namespace townkrier::server {
namespace {

constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxLogins = 1000;

Result<Role> read_role(std::string_view text) {
  if (auto role = parse_role(text)) return role;
  return fail(Errc::kInvalidConfig, "must be viewer, producer, operator or admin");
}

/// The tables of an array, which variables may add to: TOWNKRIER_..._USERS_0_USERNAME.
template <class Read>
void read_tables(TableReader& reader, std::string_view key, Read read) {
  const ConfigNode* array = reader.array(key);
  const auto* tables = array != nullptr ? array->as<ConfigNode::Array>() : nullptr;
  for (std::size_t i = 0; i < kMaxLogins; ++i) {
    const std::string path = reader.path_of(key) + "." + std::to_string(i);
    const ConfigNode* table = tables != nullptr && i < tables->size() ? &(*tables)[i] : nullptr;
    if (table == nullptr && reader.reading().variables_under(path).empty()) return;
    if (table != nullptr) reader.reading().remember_origin(path, table->origin);
    if (table != nullptr && table->as<ConfigNode::Table>() == nullptr) {
      reader.reading().problem(table->origin, path, "must be a table");
      continue;
    }
    read(table, path);
  }
  reader.wrong(key, "must be at most " + std::to_string(kMaxLogins));
}

void warn_of_plain(ConfigReading& reading, const std::string& path, const std::string& password,
                   const std::string& hash) {
  if (password.empty() || !hash.empty()) return;
  reading.warning(reading.origins().at(path + ".password"), path + ".password",
                  "is kept in plain text; password_hash is safer");
}

UserOptions read_user(ConfigReading& reading, const ConfigNode* table, const std::string& path) {
  TableReader reader(reading, table, path);
  UserOptions user;
  reader.text("username", user.username);
  reader.word("role", user.role, &read_role);
  reader.text("password", user.password);
  reader.text("password_hash", user.password_hash);
  reader.finish();
  warn_of_plain(reading, path, user.password, user.password_hash);
  return user;
}

TokenOptions read_token(ConfigReading& reading, const ConfigNode* table, const std::string& path) {
  TableReader reader(reading, table, path);
  TokenOptions token;
  reader.text("name", token.name);
  reader.word("role", token.role, &read_role);
  reader.text("hash", token.hash);
  reader.finish();
  return token;
}

void read_auth(ConfigReading& reading, const ConfigNode* table, AuthOptions& options) {
  TableReader reader(reading, table, "server.auth");
  reader.text("username", options.username);
  reader.text("password", options.password);
  reader.text("password_hash", options.password_hash);
  reader.duration("session_idle", options.session_idle);
  reader.duration("session_lifetime", options.session_lifetime);
  read_tables(reader, "users", [&](const ConfigNode* node, const std::string& path) {
    options.users.push_back(read_user(reading, node, path));
  });
  read_tables(reader, "tokens", [&](const ConfigNode* node, const std::string& path) {
    options.tokens.push_back(read_token(reading, node, path));
  });
  reader.finish();
  options.enabled = table != nullptr || !options.username.empty() || !options.password.empty() ||
                    !options.password_hash.empty() || !options.users.empty() ||
                    !options.tokens.empty();
  warn_of_plain(reading, "server.auth", options.password, options.password_hash);
}

ServerOptions read_server(ConfigReading& reading, const ConfigNode* table) {
  TableReader reader(reading, table, "server");
  ServerOptions options;
  ListenAddress listen{options.host, options.port};
  reader.word("listen", listen, &parse_listen);
  options.host = listen.host;
  options.port = listen.port;
  reader.text("path", options.path);
  reader.bytes("max_body_bytes", options.max_body_bytes);
  reader.integer("threads", options.threads);
  reader.duration("request_timeout", options.request_timeout);
  reader.integer("max_connections", options.max_connections);
  reader.integer("max_connections_per_address", options.max_connections_per_address);
  reader.texts("hosts", options.hosts);
  reader.texts("trusted_proxies", options.trusted_proxies);
  for (const std::string& network : options.trusted_proxies) {
    if (!is_network(network)) {
      reader.wrong("trusted_proxies", "must be addresses or networks such as \"10.0.0.0/8\"");
    }
  }
  read_auth(reading, reader.table("auth"), options.auth);
  reader.finish();
  if (!options.auth.enabled && !is_loopback(options.host)) {
    reader.wrong("listen",
                 "another address than loopback needs [server.auth]: everybody who can "
                 "connect could read and send");
  } else {
    reader.report(options.validate());
  }
  return options;
}

StorageOptions read_storage(ConfigReading& reading, const ConfigNode* table) {
  TableReader reader(reading, table, "storage");
  StorageOptions options;
  reader.text("engine", options.engine);
  reader.text("path", options.path);
  reader.word("durability", options.durability, &parse_durability);
  reader.bytes("min_free_space", options.min_free_space_bytes);
  reader.text("backup", options.backup);
  reader.finish();
  reader.report(options.validate());
  return options;
}

QueueOptions read_queue(ConfigReading& reading, const ConfigNode* table) {
  TableReader reader(reading, table, "queue");
  QueueOptions options;
  reader.integer("max_retries", options.max_retries);
  reader.duration("retry_delay", options.retry_delay);
  reader.duration("max_retry_delay", options.max_retry_delay);
  reader.number("jitter", options.jitter);
  reader.duration("timeout", options.timeout);
  reader.duration("poll_interval", options.poll_interval);
  reader.duration("ageing", options.ageing);
  reader.integer("max_crashes", options.max_crashes);
  reader.integer("max_inflight_jobs", options.max_inflight_jobs);
  reader.bytes("max_inflight_bytes", options.max_inflight_bytes);
  reader.duration("drain_timeout", options.drain_timeout);
  reader.finish();
  return options;
}

/// Queues that only variables name: TOWNKRIER_QUEUES_<NAME>_CONCURRENCY.
void add_queues_of_environment(ConfigReading& reading, std::map<std::string, QueueLimits>& queues) {
  constexpr std::string_view kKey = "_CONCURRENCY";
  for (const std::string& rest : reading.variables_under("queues")) {
    if (!rest.ends_with(kKey) || rest.size() == kKey.size()) continue;
    const std::string variable = variable_name("queues") + "_" + rest;
    const bool known = std::ranges::any_of(queues, [&](const auto& queue) {
      return variable_name("queues." + queue.first + ".concurrency") == variable;
    });
    if (known) continue;
    std::string name = rest.substr(0, rest.size() - kKey.size());
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    TableReader(reading, nullptr, "queues." + name)
        .integer("concurrency", queues[name].concurrency);
  }
}

std::map<std::string, QueueLimits> read_queues(ConfigReading& reading, const ConfigNode* table) {
  std::map<std::string, QueueLimits> queues;
  if (table != nullptr) {
    for (const auto& [name, node] : *table->as<ConfigNode::Table>()) {
      reading.remember_origin("queues." + name, node.origin);
      if (node.as<ConfigNode::Table>() == nullptr) {
        reading.problem(node.origin, "queues." + name, "must be a table");
        continue;
      }
      TableReader reader(reading, &node, "queues." + name);
      reader.integer("concurrency", queues[name].concurrency);
      reader.finish();
    }
  }
  add_queues_of_environment(reading, queues);
  return queues;
}

LogOptions read_logs(ConfigReading& reading, const ConfigNode* table) {
  TableReader reader(reading, table, "logs");
  LogOptions options;
  reader.word("content_privacy", options.content_privacy, &parse_content_privacy);
  reader.integer("retention_days", options.retention_days);
  reader.flag("auto_cleanup", options.auto_cleanup);
  reader.finish();
  reader.report(options.validate());
  return options;
}

void read_limits(ConfigReading& reading, TableReader& root, const std::string& name,
                 RetentionLimits& limits) {
  TableReader reader(reading, root.table(name), "retention." + name);
  constexpr Duration kUnset{-1};  // no text means a negative one
  Duration age = kUnset;
  reader.duration("max_age", age);
  if (age != kUnset) limits.max_age = age;
  reader.integer("max_count", limits.max_count);
  reader.bytes("max_bytes", limits.max_bytes);
  reader.finish();
}

RetentionOptions read_retention(ConfigReading& reading, const ConfigNode* table) {
  TableReader reader(reading, table, "retention");
  RetentionOptions options;
  reader.duration("interval", options.interval);
  read_limits(reading, reader, "completed", options.completed);
  read_limits(reading, reader, "failed", options.failed);
  read_limits(reading, reader, "cancelled", options.cancelled);
  read_limits(reading, reader, "inbox", options.inbox);
  reader.finish();
  reader.report(options.validate());
  return options;
}

void read_message_tools(ConfigReading& reading, TableReader& root, ServerConfig& config) {
  TableReader templates(reading, root.table("templates"), "templates");
  templates.text("dir", config.templates.dir);
  templates.finish();
  TableReader attachments(reading, root.table("attachments"), "attachments");
  attachments.text("dir", config.attachments.dir);
  attachments.bytes("max_bytes", config.attachments.max_bytes);
  attachments.finish();
  TableReader suppressions(reading, root.table("suppressions"), "suppressions");
  suppressions.text("file", config.suppression_file);
  suppressions.finish();
}

void read_quiet_hours(ConfigReading& reading, TableReader& policy, PolicyOptions& options) {
  const ConfigNode* table = policy.table("quiet_hours");
  const std::string path = policy.path_of("quiet_hours");
  if (table == nullptr && reading.variables_under(path).empty()) return;
  QuietHours hours;
  TableReader reader(reading, table, path);
  reader.word("from", hours.from, &parse_time_of_day);
  reader.word("to", hours.to, &parse_time_of_day);
  const ConfigNode* channels = reader.array("channels");
  const auto* names = channels != nullptr ? channels->as<ConfigNode::Array>() : nullptr;
  for (std::size_t i = 0; names != nullptr && i < names->size(); ++i) {
    const auto* name = (*names)[i].as<std::string>();
    if (name != nullptr) hours.channels.push_back(*name);
    if (name == nullptr) reader.wrong("channels", "must be texts");
  }
  reader.finish();
  options.quiet_hours = std::move(hours);
}

void read_policy(ConfigReading& reading, TableReader& root, PolicyOptions& options) {
  TableReader policy(reading, root.table("policy"), "policy");
  policy.text("time_zone", options.time_zone);
  read_quiet_hours(reading, policy, options);
  policy.finish();
  policy.report(options.validate());
}

void read_events(ConfigReading& reading, TableReader& root, ServerConfig& config) {
  const ConfigNode* table = root.table("events");
  if (table == nullptr && reading.variables_under("events").empty()) return;
  if (table != nullptr) reading.remember_origin("events", table->origin);
  config.events = read_settings(reading, table, "events");
}

void read_receipts(ConfigReading& reading, TableReader& root, ServerConfig& config) {
  const ConfigNode* tables = root.table("receipts");
  if (tables == nullptr) return;
  for (const auto& [provider, node] : *tables->as<ConfigNode::Table>()) {
    const std::string path = "receipts." + provider;
    reading.remember_origin(path, node.origin);
    if (node.as<ConfigNode::Table>() == nullptr) {
      reading.problem(node.origin, path, "must be a table");
      continue;
    }
    config.receipts[provider] = read_settings(reading, &node, path);
  }
}

ConfigOverlay overlay_of(const ConfigSources& sources) {
  ConfigOverlay overlay{sources.environment, {}};
  if (sources.listen) overlay.flags["server.listen"] = {{"--listen", 0}, *sources.listen};
  if (sources.data_dir) overlay.flags["storage.path"] = {{"--data-dir", 0}, *sources.data_dir};
  return overlay;
}

Error to_error(std::vector<ConfigProblem> problems) {
  std::ranges::stable_sort(problems, {}, [](const ConfigProblem& problem) {
    return std::tuple(problem.origin.line == 0, problem.origin.line);
  });
  Error error{Errc::kInvalidConfig, "", {}};
  for (const ConfigProblem& problem : problems) {
    error.message += (error.message.empty() ? "" : "\n") + problem.to_string();
    error.fields.push_back({problem.key, problem.detail});
  }
  return error;
}

Result<ServerConfig> read_config(const ConfigNode& document, const ConfigSources& sources) {
  const ConfigOverlay overlay = overlay_of(sources);
  ConfigReading reading(overlay);
  TableReader root(reading, &document, "");
  ServerConfig config;
  config.server = read_server(reading, root.table("server"));
  config.storage = read_storage(reading, root.table("storage"));
  const ConfigNode* queue = root.table("queue");
  config.queue = read_queue(reading, queue);
  config.queue.queues = read_queues(reading, root.table("queues"));
  TableReader(reading, queue, "queue").report(config.queue.validate());
  config.logs = read_logs(reading, root.table("logs"));
  config.retention = read_retention(reading, root.table("retention"));
  config.channels = read_channels(reading, root.table("channels"));
  read_message_tools(reading, root, config);
  read_policy(reading, root, config.policy);
  read_events(reading, root, config);
  read_receipts(reading, root, config);
  root.finish();
  reading.report_unused_variables();
  if (!reading.problems().empty()) return std::unexpected(to_error(reading.problems()));
  for (const ConfigProblem& warning : reading.warnings()) {
    config.warnings.push_back(warning.to_string());
  }
  config.origins = reading.origins();
  return config;
}

}  // namespace

Result<ServerConfig> load_config_text(std::string_view text, const std::string& name,
                                      const ConfigSources& sources) {
  auto document = parse_toml(text, name);
  if (!document) return std::unexpected(std::move(document.error()));
  return read_config(*document, sources);
}

Result<ServerConfig> load_config(const ConfigSources& sources) {
  if (!sources.file) {
    return read_config(ConfigNode{{}, ConfigNode::Table{}}, sources);
  }
  auto text = read_text_file(*sources.file, kMaxConfigBytes);
  if (!text) return fail(Errc::kInvalidConfig, text.error().message);
  return load_config_text(*text, *sources.file, sources);
}

ConfigProblem problem_at(const ServerConfig& config, std::string key, std::string detail) {
  return {nearest_origin(config.origins, key), std::move(key), std::move(detail)};
}

}  // namespace townkrier::server
