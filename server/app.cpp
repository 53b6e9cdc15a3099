#include "server/app.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/demo.hpp"
#include "server/process_limits.hpp"
#include "server/provider_check.hpp"
#include "townkrier/dashboard_server.hpp"
#include "townkrier/events.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier::server {
namespace {

/// Beyond queue.drain_timeout: last writes, fsync, threads.
constexpr Duration kStopReserve = 5s;

int exit_code_of(const Error& error) {
  return error.code == Errc::kInvalidConfig ? kExitUsage : kExitFailed;
}

/// Errors that end the program are for a person, not for the log. A configuration's message has
/// one line a problem.
int complain(const Error& error) {
  std::string_view rest = error.message;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::fprintf(stderr, "%s\n", escape_controls(rest.substr(0, end)).c_str());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return exit_code_of(error);
}

Result<ServerConfig> load_checked(const CommandLine& command) {
  auto config = load_config(command.sources);
  if (!config) return config;
  if (command.mode == Mode::kDemo) use_demo_storage(*config);
  if (auto right = check_providers(*config); !right) return std::unexpected(right.error());
  return config;
}

Result<std::shared_ptr<Store>> open_store(const StorageOptions& options) {
  if (options.engine == "memory") return make_memory_store();
  return open_rocksdb_store(options.path, {.min_free_space_bytes = options.min_free_space_bytes});
}

/// Opens once up to the damage, which makes that the store's content, then checks it.
Result<void> give_up_damaged_log(const StorageOptions& options, Log& log) {
  if (options.engine == "memory") return {};
  log.error("event=wal_damage_accepted path=" + log_value(options.path) +
            " detail=\"what was written after the damage, if there is any, is given up\"");
  auto opened = open_rocksdb_store(options.path, {.wal_damage = WalDamage::kAccept});
  if (!opened) return std::unexpected(opened.error());
  if (auto synced = (*opened)->sync(); !synced) return synced;
  opened->reset();
  const auto findings = check_store(options.path);
  if (!findings) return std::unexpected(findings.error());
  for (const std::string& line : *findings)
    log.error("event=fsck_finding detail=" + log_value(line));
  if (!findings->empty()) {
    return fail(Errc::kCorruption, options.path + " is not whole after its log was cut off: " +
                                       std::to_string(findings->size()) +
                                       " findings; restore a backup (townkrier restore)");
  }
  log.warning("event=fsck_clean path=" + log_value(options.path) +
              " hint=\"start without --accept-wal-damage from now on\"");
  return {};
}

/// Null when none is configured.
Result<std::shared_ptr<SuppressionList>> open_suppressions(const ServerConfig& config) {
  if (config.suppression_file.empty()) return nullptr;
  auto list = open_suppression_file(config.suppression_file);
  if (list) return list;
  const auto problem = problem_at(config, "suppressions.file", list.error().message);
  return fail(list.error().code, problem.to_string());
}

std::uint64_t descriptors_wanted(const ServerConfig& config) {
  constexpr std::uint64_t kForStoreAndThreads = 512;
  std::uint64_t wanted =
      kForStoreAndThreads + static_cast<std::uint64_t>(config.server.max_connections);
  for (const ChannelConfig& channel : config.channels) {
    wanted += static_cast<std::uint64_t>(channel.concurrency);
  }
  return wanted;
}

void log_start(const CommandLine& command, const ServerConfig& config, Log& log) {
  for (const std::string& warning : config.warnings) {
    log.warning("event=config_warning detail=" + log_value(warning));
  }
  if (!command.sources.file && ::access("townkrier.toml", F_OK) == 0) {
    log.warning("event=config_not_read file=townkrier.toml hint=\"pass --config townkrier.toml\"");
  }
  log.info("event=starting version=" TOWNKRIER_VERSION " engine=" + config.storage.engine +
           " path=" + log_value(config.storage.path) +
           " durability=" + std::string(to_string(config.storage.durability)) +
           (command.mode == Mode::kDemo ? " demo=true" : ""));
}

/// The parts of a running server, in the order in which each needs those before it.
class App {
 public:
  App(const ServerConfig& config, std::shared_ptr<Store> store,
      std::shared_ptr<SuppressionList> suppressions, StopSignals& signals, Log& log)
      : config_(config),
        log_(log),
        storage_({store, config.logs, config.storage.durability}),
        notifications_({.default_channel = "",
                        .channels = config.channels,
                        .suppressions = std::move(suppressions),
                        .templates = config.templates,
                        .attachments = config.attachments,
                        .policy = config.policy,
                        .clock = nullptr,
                        .receipts = config.receipts}),
        store_(std::move(store)),
        signals_(signals) {}

  Result<void> start(Mode mode) {
    if (mode == Mode::kDemo) add_demo_channels(notifications_, config_);
    if (auto ready = notifications_.ready(); !ready) return ready;
    start_engine();
    if (mode == Mode::kDemo) {
      if (auto added = add_demo_kinds(*queue_); !added) return added;
    }
    if (auto events = start_events(); !events) return events;
    start_dashboard();
    // Listening comes first: a port that is taken is found before any job runs.
    if (auto listening = dashboard_->start(); !listening) return listening;
    if (auto started = queue_->start_processing(); !started) return started;
    if (mode == Mode::kDemo) traffic_.emplace(*queue_, log_);
    return {};
  }

  void stop() {
    stop_taking();
    if (queue_) queue_->stop_processing();
  }

  /// No new jobs from anywhere; requests that are being answered get their answer.
  void stop_taking() {
    traffic_.reset();
    if (dashboard_) dashboard_->stop();
  }

  std::string url() const { return dashboard_->url(); }

 private:
  void start_engine() {
    queue_.emplace(
        QueueAdapter{store_, config_.queue, config_.logs, config_.storage.durability,
                     config_.retention},
        notifications_,
        QueueManagerConfig{
            .clock = nullptr, .log = log_.sink(), .on_fatal = [this](const Error& error) {
              log_.error("event=store_failed error=" + log_value(error.message));
              signals_.fatal();
            }});
  }

  /// `[events]`: what happens to deliveries is posted to a URL.
  Result<void> start_events() {
    if (!config_.events) return {};
    auto webhook = create_event_webhook(
        config_.events->value(),
        {.channel = "events", .provider = "webhook", .transport = notifications_.transport()});
    if (!webhook) return std::unexpected(std::move(webhook.error()));
    events_ = *std::move(webhook);
    return queue_->subscribe([webhook = events_](const std::vector<DeliveryEvent>& events) {
      webhook->push(events);
      return true;
    });
  }

  void start_dashboard() {
    dashboard_.emplace(DashboardServerConfig{.queue_manager = &*queue_,
                                             .storage_manager = &storage_,
                                             .host = config_.server.host,
                                             .port = config_.server.port,
                                             .path = config_.server.path,
                                             .auth = config_.server.auth,
                                             .server = config_.server,
                                             .log = log_.sink()});
  }

  const ServerConfig& config_;
  Log& log_;
  StorageManager storage_;
  NotificationManager notifications_;
  std::shared_ptr<Store> store_;
  StopSignals& signals_;
  std::shared_ptr<EventWebhook> events_;
  std::optional<QueueManager> queue_;
  std::optional<DashboardServer> dashboard_;
  std::optional<DemoTraffic> traffic_;
};

int serve(const ServerConfig& config, const CommandLine& command, StopSignals& signals, Log& log) {
  if (command.wal_damage == WalDamage::kAccept) {
    if (auto given_up = give_up_damaged_log(config.storage, log); !given_up) {
      return complain(given_up.error());
    }
  }
  auto store = open_store(config.storage);
  if (!store) return complain(store.error());
  auto suppressions = open_suppressions(config);
  if (!suppressions) return complain(suppressions.error());
  std::optional<App> app(std::in_place, config, *std::move(store), *std::move(suppressions),
                         signals, log);
  auto cause = StopSignals::Cause::kSignal;
  const auto started = app->start(command.mode);
  if (started) {
    std::printf("TownKrier " TOWNKRIER_VERSION " ready: %s\n", app->url().c_str());
    std::fflush(stdout);
    log.info("event=ready url=" + log_value(app->url()));
    cause = signals.wait();
  } else {
    complain(started.error());
  }
  const StopWatchdog watchdog(signals, config.queue.drain_timeout + kStopReserve);
  if (cause == StopSignals::Cause::kFatal) {
    // The engine has stopped by itself, and the next start recovers: there is nothing to drain.
    app->stop_taking();
    log.error("event=ended reason=store_failed");
    ::_exit(kExitFailed);
  }
  log.info("event=stopping");
  app->stop();
  app.reset();
  log.info("event=stopped");
  return started ? kExitOk : exit_code_of(started.error());
}

}  // namespace

int run_app(CommandLine command, StopSignals& signals, Log& log) {
  const auto config = load_checked(command);
  if (!config) return complain(config.error());
  if (command.mode == Mode::kCheckConfig) {
    for (const std::string& warning : config->warnings) {
      std::fprintf(stderr, "warning: %s\n", escape_controls(warning).c_str());
    }
    std::printf("The configuration is right.\n");
    return kExitOk;
  }
  log_start(command, *config, log);
  ensure_descriptors(descriptors_wanted(*config), log);
  return serve(*config, command, signals, log);
}

}  // namespace townkrier::server
