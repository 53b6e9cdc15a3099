#include "persistence/rocksdb_status.hpp"

namespace townkrier::persistence {

Error to_error(const rocksdb::Status& status, std::string_view action) {
  Errc code = Errc::kIo;
  std::string advice;
  if (status.IsNoSpace()) {
    code = Errc::kDiskFull;
  } else if (status.IsCorruption()) {
    code = Errc::kCorruption;
  } else if (status.IsNotFound()) {
    code = Errc::kNotFound;
  } else if (status.IsIncomplete() || status.IsBusy() || status.IsTimedOut()) {
    code = Errc::kOverloaded;
    advice = "; the disk does not keep up, try again later";
  }
  return {code, std::string(action) + ": " + status.ToString() + advice, {}};
}

void BackgroundErrors::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) {
  const std::lock_guard lock(mutex_);
  status_ = *status;
  fatal_ = fatal_ || status->severity() >= rocksdb::Status::kFatalError;
}

void BackgroundErrors::OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) {
  const std::lock_guard lock(mutex_);
  if (info.new_bg_error.ok() && !fatal_) status_ = rocksdb::Status::OK();
}

Result<void> BackgroundErrors::check() const {
  const std::lock_guard lock(mutex_);
  if (status_.ok()) return {};
  return std::unexpected(to_error(status_, "the store cannot write"));
}

Result<void> BackgroundErrors::check_fatal() const {
  {
    const std::lock_guard lock(mutex_);
    if (!fatal_) return {};
  }
  return check();
}

}  // namespace townkrier::persistence
