#pragma once

/// \file script.hpp
/// The history that op_script writes, and what it leaves in a store.

#include <map>

#include "conformance/store_fixture.hpp"

namespace townkrier::testing {

inline constexpr std::uint64_t kScriptOperations = 50;

/// Four jobs are enqueued, each with a log row; the fifth operation finishes the first two of them.
inline bool is_enqueue(std::uint64_t operation) {
  return operation % 5 != 0;
}

inline Job script_job(std::uint64_t id) {
  Job job = make_job({.id = id});
  job.state.deliveries.front().log_id = id_of(1000 + id);
  return job;
}

inline StoreBatch script_batch(std::uint64_t operation) {
  StoreBatch batch;
  if (is_enqueue(operation)) {
    NewJob added{.job = script_job(operation), .logs = {make_log({.id = 1000 + operation})}};
    added.logs[0].job_id = added.job.id();
    batch.enqueued.push_back(std::move(added));
    return batch;
  }
  for (const auto id : {operation - 4, operation - 3}) {
    Job job = script_job(id);
    JobChange change = move(job, JobStatus::kCompleted, std::int64_t(operation));
    change.job.state.deliveries.front().updated_at = at(std::int64_t(operation));
    change.job.state.deliveries.front().status = LogStatus::kSent;
    change.logs.push_back({0, LogStatus::kScheduled});
    batch.changes.push_back(std::move(change));
  }
  return batch;
}

/// The status of every job after the first `operations`.
inline std::map<JobId, JobStatus> script_content(std::uint64_t operations) {
  std::map<JobId, JobStatus> jobs;
  for (std::uint64_t i = 1; i <= operations; ++i) {
    const StoreBatch batch = script_batch(i);
    for (const auto& each : batch.enqueued) jobs[each.job.id()] = each.job.status();
    for (const auto& each : batch.changes) jobs[each.job.id()] = each.job.status();
  }
  return jobs;
}

}  // namespace townkrier::testing
