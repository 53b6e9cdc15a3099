#pragma once

/// \file demo.hpp
/// `--demo`: sample channels, some of them flaky, and traffic that shows every status.

#include <stop_token>
#include <thread>

#include "server/config_loader.hpp"
#include "server/logging.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier::server {

/// Keeps the demo's data apart from real data, for a day, and unmasked, unless something else was
/// chosen.
void use_demo_storage(ServerConfig& config);

/// email, sms and push work mostly (one carrier of sms is away), slack is flaky, voice is slow,
/// whatsapp is often throttled.
/// Nothing leaves the process. Channels that the configuration has stay as they are there.
void add_demo_channels(NotificationManager& notifications, const ServerConfig& config);

/// The job kinds "report" and "import", with progress, log lines and results.
Result<void> add_demo_kinds(QueueManager& queue);

/// A few jobs a second until it is destroyed. It rests while much is waiting, and deletes its
/// oldest finished jobs, so a demo may run for ever. One queue is paused.
class DemoTraffic {
 public:
  /// Both must outlive it.
  DemoTraffic(QueueManager& queue, Log& log);

 private:
  std::jthread thread_;  ///< Stops and joins when destroyed.
};

}  // namespace townkrier::server
