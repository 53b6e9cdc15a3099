#pragma once

/// \file rocksdb_status.hpp
/// The one place where RocksDB's errors become ours, and where its background errors are noticed.

#include <mutex>
#include <string>
#include <string_view>

#include <rocksdb/listener.h>
#include <rocksdb/status.h>

#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// `action` begins the message: "cannot write". Not for an OK status.
Error to_error(const rocksdb::Status& status, std::string_view action);

/// Remembers what RocksDB says about its background work. Thread-safe; the database calls it from
/// its own threads.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override;

  /// The present error. A fatal one stays until the process is restarted.
  Result<void> check() const;
  /// Only the fatal one: nothing may be written any more.
  Result<void> check_fatal() const;

 private:
  mutable std::mutex mutex_;
  rocksdb::Status status_;
  bool fatal_ = false;
};

}  // namespace townkrier::persistence
