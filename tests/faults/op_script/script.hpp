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

inline StoreBatch script_batch(std::uint64_t operation) {
  StoreBatch batch;
  if (is_enqueue(operation)) {
    batch.enqueued.push_back({.job = make_job({.id = operation}),
                              .logs = {{make_log({.id = 1000 + operation}), std::nullopt}}});
    return batch;
  }
  for (const auto id : {operation - 4, operation - 3}) {
    Job job = make_job({.id = id});
    batch.changes.push_back(move(job, JobStatus::kCompleted, std::int64_t(operation)));
    LogChange row{make_log({.id = 1000 + id, .status = LogStatus::kSent}), LogStatus::kScheduled};
    batch.changes.back().logs.push_back(row);
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
