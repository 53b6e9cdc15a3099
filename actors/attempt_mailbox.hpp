#pragma once

// What a running attempt of a job handler tells the engine, until the scheduler takes it. Shared by
// the handler's thread (AttemptPort), the scheduler that runs the attempt and the channel that
// hands it to the next scheduler should this one die. Thread-safe: one mutex.
//
// Invariants:
//  1. Once closed, nothing enters any more.
//  2. The scheduler is told once of what it has not taken yet, however much that is.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "actors/protocol.hpp"
#include "core/lifecycle.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// Checks a request and makes its job; any thread.
using JobMaker = std::function<Result<NewJob>(const JobRequest&)>;

class AttemptMailbox final : public AttemptPort {
 public:
  using Steady = caf::actor_clock::time_point;

  AttemptMailbox(DeliveryKey key, std::uint32_t attempt, std::shared_ptr<const Clock> clock,
                 JobMaker make)
      : key_(key), attempt_(attempt), clock_(std::move(clock)), make_(std::move(make)) {}

  Result<void> report(JobProgress progress) override;
  Result<void> log(std::string_view line) override;
  void extend(Duration from_now, std::function<void(Result<void>)> done) override;
  Result<JobId> enqueue(const JobRequest& request) override;

  /// Who is told from now on; told at once of what is waiting.
  void tell(const SchedulerActor& scheduler);
  /// What has come since the last time.
  AttemptReport take();
  /// The attempt is over. What was left, and the children it asked for.
  struct Rest {
    AttemptReport report;
    std::vector<NewJob> children;
  };
  Rest close();

  const DeliveryKey& key() const { return key_; }
  /// The deadline that an extension has set.
  std::optional<Steady> deadline() const;
  void set_deadline(Steady deadline);

 private:
  void notify();

  const DeliveryKey key_;
  const std::uint32_t attempt_;
  const std::shared_ptr<const Clock> clock_;
  const JobMaker make_;

  mutable std::mutex mutex_;
  caf::actor_addr scheduler_;
  bool closed_ = false;
  AttemptReport report_;
  std::size_t report_bytes_ = 0;
  std::vector<NewJob> children_;
  std::size_t child_bytes_ = 0;
  std::optional<Steady> deadline_;
};

}  // namespace townkrier
