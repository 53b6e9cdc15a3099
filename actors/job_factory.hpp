#pragma once

// Turns requests into jobs ready to be stored: checks them against channels and kinds, fills in the
// defaults, gives ids. Thread-safe; runs on the caller's thread, so that the store actor does not.

#include <memory>
#include <set>
#include <string>

#include "core/uuid_generator.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/config.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

class JobFactory {
 public:
  /// `notifications` may be null: then only jobs of `kinds` are accepted.
  JobFactory(QueueOptions options, ContentPrivacy privacy, std::shared_ptr<const Clock> clock,
             const NotificationManager* notifications, std::set<std::string> kinds);

  /// Everything but making the job.
  Result<void> check(const JobRequest& request) const;
  Result<NewJob> make(const JobRequest& request);

 private:
  Result<PreparedNotification> prepare(const JobRequest& request) const;
  /// Takes its payload from `prepared`.
  std::shared_ptr<JobEnvelope> envelope(const JobRequest& request, PreparedNotification& prepared,
                                        TimePoint now);

  QueueOptions options_;
  ContentPrivacy privacy_;
  std::shared_ptr<const Clock> clock_;
  const NotificationManager* notifications_;
  std::set<std::string> kinds_;
  UuidV7Generator ids_;
};

}  // namespace townkrier
