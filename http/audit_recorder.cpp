#include "http/audit_recorder.hpp"

#include <utility>
#include <vector>

namespace townkrier::http {

AuditRecorder::AuditRecorder(Options options, std::shared_ptr<DashboardBackend> backend,
                             std::shared_ptr<const Clock> clock)
    : options_(std::move(options)),
      backend_(std::move(backend)),
      clock_(std::move(clock)),
      ids_(*clock_),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

AuditRecorder::~AuditRecorder() {
  stop();
}

void AuditRecorder::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  flush();
}

AuditRecorder::Key AuditRecorder::key_of(const AuditEntry& entry) {
  return {entry.actor, entry.role, entry.action, entry.result};
}

void AuditRecorder::record(AuditEntry entry, std::function<void()> done) {
  std::vector<AuditEntry> entries;
  entries.push_back(std::move(entry));
  write(std::move(entries), std::move(done));
}

void AuditRecorder::count(AuditEntry entry) {
  {
    const std::lock_guard lock(mutex_);
    const auto [place, opens] = gathered_.try_emplace(key_of(entry), entry);
    if (opens) {
      place->second.count = 0;
      wake_.notify_one();
    } else {
      ++place->second.count;
      return;
    }
  }
  record(std::move(entry), [] {});
}

void AuditRecorder::write(std::vector<AuditEntry> entries, std::function<void()> done) {
  for (AuditEntry& entry : entries) {
    entry.id = ids_.next();
    entry.at = clock_->now();
  }
  backend_->record_audit(
      std::move(entries), [log = options_.log, done = std::move(done)](const auto& written) {
        if (!written && log) {
          log(LogLevel::kError,
              "event=audit_not_written code=" + std::string(to_string(written.error().code)));
        }
        done();
      });
}

void AuditRecorder::flush() {
  std::map<Key, AuditEntry> gathered;
  {
    const std::lock_guard lock(mutex_);
    gathered.swap(gathered_);
  }
  std::vector<AuditEntry> entries;
  for (auto& [key, entry] : gathered) {
    if (entry.count > 0) entries.push_back(std::move(entry));
  }
  if (!entries.empty()) write(std::move(entries), [] {});
}

void AuditRecorder::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return !gathered_.empty(); })) return;
      wake_.wait_for(lock, stop, options_.window, [] { return false; });
    }
    flush();
  }
}

}  // namespace townkrier::http
