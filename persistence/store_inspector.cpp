#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "core/masking.hpp"
#include "persistence/rocksdb_store.hpp"
#include "townkrier/maintenance.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using persistence::Database;

constexpr auto kPrivacy = ContentPrivacy::kMasked;

std::uint64_t size_of_files(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    std::error_code gone;
    const auto size = entry.file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

/// Error texts are masked when they are written, but as the store's privacy was at that time.
Job with_masked_errors(Job job) {
  const auto mask = [](std::string& error) { error = mask_error(error, kPrivacy); };
  mask(job.state.error);
  for (auto& delivery : job.state.deliveries) mask(delivery.error);
  for (auto& entry : job.state.history) {
    mask(entry.error);
    mask(entry.message);
  }
  return job;
}

json masked(const Job& job) {
  json object = job_to_json(with_masked_errors(job), kPrivacy);
  for (const char* part : {"metadata", "result"}) {
    if (object.contains(part)) object[part] = masked_payload(object[part], kPrivacy);
  }
  return object;
}

json masked(NotificationLog row) {
  if (row.content_privacy == ContentPrivacy::kPublic) {
    row.recipient = mask_address_text(row.recipient);
    for (auto* text : {&row.subject, &row.content}) {
      if (*text) *text = mask_text(**text, kPrivacy);
    }
    row.error = mask_error(row.error, kPrivacy);
    for (auto& entry : row.retry_logs) entry.error = mask_error(entry.error, kPrivacy);
  }
  json object = log_to_json(row);
  if (object.contains("metadata")) {
    object["metadata"] = masked_payload(object["metadata"], kPrivacy);
  }
  return object;
}

template <class Rows>
json page(const char* name, const Rows& rows, std::uint64_t total,
          const std::optional<std::string>& next) {
  json object{{name, json::array()}, {"total", total}};
  for (const auto& row : rows) object[name].push_back(masked(row));
  if (next) object["next"] = *next;
  return object;
}

}  // namespace

struct StoreInspector::Impl {
  std::string path;
  std::unique_ptr<const persistence::RocksDbStore> store;
};

Result<StoreInspector> StoreInspector::open(const std::string& path) {
  auto database = Database::open(path, Database::Mode::kReadOnly);
  if (!database) return std::unexpected(database.error());
  auto meta = persistence::read_meta(persistence::ReadView(**database));
  if (!meta) return std::unexpected(meta.error());
  return StoreInspector(std::make_shared<const Impl>(
      path, std::make_unique<persistence::RocksDbStore>(std::move(*database), std::move(*meta),
                                                        std::uint64_t{0})));
}

Result<StoreSummary> StoreInspector::summary() const {
  const Store& store = *impl_->store;
  StoreSummary summary;
  summary.format_version = persistence::kSchemaVersion;  // no other is opened
  summary.size_bytes = size_of_files(impl_->path);
  const auto jobs = store.job_stats();
  const auto queues = store.job_stats_by_queue();
  auto logs = store.log_stats({});
  auto settings = store.settings();
  const auto due = store.due_jobs(TimePoint::max(), std::nullopt, 1);
  if (!jobs) return std::unexpected(jobs.error());
  if (!queues) return std::unexpected(queues.error());
  if (!logs) return std::unexpected(logs.error());
  if (!settings) return std::unexpected(settings.error());
  if (!due) return std::unexpected(due.error());
  summary.jobs = *jobs;
  summary.logs = std::move(*logs);
  summary.settings = std::move(*settings);
  if (!due->empty()) summary.next_due = due->front().state.due_at;
  for (const auto& [name, stats] : *queues) {
    const auto oldest = store.oldest_ready(name);
    if (!oldest) return std::unexpected(oldest.error());
    const auto paused = summary.settings.find("paused:" + name);
    summary.queues[name] = {paused != summary.settings.end() && paused->second == "1", stats,
                            *oldest};
  }
  return summary;
}

Result<json> StoreInspector::job(const JobId& id) const {
  const auto job = impl_->store->get_job(id);
  if (!job) return std::unexpected(job.error());
  return masked(*job);
}

Result<json> StoreInspector::jobs(const JobFilter& filter) const {
  const auto found = impl_->store->list_jobs(filter);
  if (!found) return std::unexpected(found.error());
  return page("jobs", found->jobs, found->total, found->next);
}

Result<json> StoreInspector::logs(const LogFilter& filter) const {
  const auto found = impl_->store->query_logs(filter);
  if (!found) return std::unexpected(found.error());
  return page("logs", found->logs, found->total, found->next);
}

}  // namespace townkrier
