#pragma once

// Actions on many jobs, slice by slice, so that other work goes on in between: a slice is asked for
// when the one before is done. Kept in memory: what a stop interrupts is not taken up again.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "townkrier/backend.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Thread-safe.
class BulkOperations {
 public:
  /// Jobs as the engine lists and changes them; called from any thread, also from inside a reply.
  struct Engine {
    std::function<void(JobFilter, Reply<JobPage>)> list_jobs;
    std::function<void(const JobId&, JobAction, Reply<Job>)> act;
  };

  explicit BulkOperations(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  /// kOverloaded when too many run.
  Result<Operation> start(BulkRequest request, std::uint64_t total, Engine engine);
  Result<Operation> get(const Uuid& id) const;  ///< kNotFound.
  /// What was begun is finished; one that is over stays as it is.
  Result<Operation> cancel(const Uuid& id);

 private:
  struct Run;
  using RunPtr = std::shared_ptr<Run>;
  static void next_slice(const RunPtr& run);
  static void act_on(const RunPtr& run, const std::vector<JobId>& ids);
  static void end(Run& run, Operation::State state, std::string error = {});

  const std::shared_ptr<const Clock> clock_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<Uuid, RunPtr> runs_;
  std::deque<Uuid> order_;  // oldest first
};

/// kConflict when what matches now is not what the caller saw: it differs by more than a tenth.
Result<void> check_expected(const BulkCount& found, const std::optional<std::uint64_t>& expect);

}  // namespace townkrier
