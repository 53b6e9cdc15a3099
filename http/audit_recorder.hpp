#pragma once

/// \file http/audit_recorder.hpp
/// Writes the audit log: rows about what people do, before they are answered, and one row for the
/// many alike requests of programs in some seconds.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "core/uuid_generator.hpp"
#include "townkrier/audit.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Thread-safe.
class AuditRecorder {
 public:
  struct Options {
    Duration window{5'000};  ///< How long counted rows are gathered.
    LogSink log = {};        ///< Told when a row cannot be written.
  };
  AuditRecorder(Options options, std::shared_ptr<DashboardBackend> backend,
                std::shared_ptr<const Clock> clock);
  /// Writes what is gathered.
  ~AuditRecorder();
  AuditRecorder(const AuditRecorder&) = delete;
  AuditRecorder& operator=(const AuditRecorder&) = delete;

  /// Sets id and time, writes the row durably, then calls `done`, also when it could not be
  /// written: what it is about has happened.
  void record(AuditEntry entry, std::function<void()> done);
  /// The first of its kind is written at once, those alike in the window after it are one more row.
  void count(AuditEntry entry);
  /// Writes what is gathered and ends; to be called while the backend still answers.
  void stop();

 private:
  using Key = std::array<std::string, 4>;  ///< Actor, role, action, result.
  static Key key_of(const AuditEntry& entry);

  void write(std::vector<AuditEntry> entries, std::function<void()> done);
  void flush();
  void run(const std::stop_token& stop);

  const Options options_;
  const std::shared_ptr<DashboardBackend> backend_;  // Shared with the routes.
  const std::shared_ptr<const Clock> clock_;
  UuidV7Generator ids_;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<Key, AuditEntry> gathered_;  ///< Guarded by mutex_; count 0: only opens a window.

  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace townkrier::http
