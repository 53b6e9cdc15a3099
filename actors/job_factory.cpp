#include "actors/job_factory.hpp"

#include <utility>

#include "core/lifecycle.hpp"
#include "core/log_rows.hpp"
#include "core/recipient_policy.hpp"
#include "core/request_json.hpp"

namespace townkrier {

namespace {

bool collects(const MessagePolicy& policy) {
  return policy.digest && !policy.critical;
}

// A digest sets the time and the unique key itself.
Result<void> check_digest(const JobOptions& options, const MessagePolicy& policy) {
  if (!collects(policy)) return {};
  constexpr const char* kWhy = "excludes a digest";
  if (!options.unique_key.empty()) {
    return fail_field(Errc::kInvalidArgument, "/options/uniqueKey", kWhy);
  }
  if (options.scheduled_for) {
    return fail_field(Errc::kInvalidArgument, "/options/scheduledFor", kWhy);
  }
  if (options.delay) return fail_field(Errc::kInvalidArgument, "/options/delay", kWhy);
  return {};
}

}  // namespace

JobFactory::JobFactory(QueueOptions options, ContentPrivacy privacy,
                       std::shared_ptr<const Clock> clock, const NotificationManager* notifications,
                       std::set<std::string> kinds)
    : options_(std::move(options)),
      privacy_(privacy),
      clock_(std::move(clock)),
      notifications_(notifications),
      kinds_(std::move(kinds)),
      ids_(*clock_) {}

// The job's channels and, for a notification, what was made of its payload.
Result<PreparedNotification> JobFactory::prepare(const JobRequest& request) const {
  if (request.kind != kNotificationKind) {
    if (!kinds_.contains(request.kind)) {
      return fail_field(Errc::kUnknownKind, "/kind", "no handler is registered for this kind");
    }
    return PreparedNotification{request.payload, {"@" + request.kind}, {}, {}, {}, {}};
  }
  if (notifications_ == nullptr) {
    return fail_field(Errc::kUnknownChannel, "/notification", "no channels are configured");
  }
  return notifications_->prepare(request.payload, privacy_);
}

Result<void> JobFactory::check(const JobRequest& request) const {
  if (auto valid = validate_options(request.options); !valid) return valid;
  auto prepared = prepare(request);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  return check_digest(request.options, prepared->plan.policy);
}

std::shared_ptr<JobEnvelope> JobFactory::envelope(const JobRequest& request,
                                                  PreparedNotification& prepared, TimePoint now) {
  const JobOptions& wanted = request.options;
  auto made = std::make_shared<JobEnvelope>();
  made->id = ids_.next();
  made->kind = request.kind;
  made->queue = wanted.queue;
  made->priority = wanted.priority;
  made->payload = std::move(prepared.payload);
  made->masked = std::move(prepared.masked);
  made->parts = std::move(prepared.parts);
  made->plan = std::move(prepared.plan);
  made->max_retries = wanted.max_retries.value_or(options_.max_retries);
  made->retry_delay = wanted.retry_delay.value_or(options_.retry_delay);
  made->timeout = wanted.timeout.value_or(options_.timeout);
  made->scheduled_for = wanted.scheduled_for;
  if (wanted.delay) made->scheduled_for = now + *wanted.delay;
  made->unique_key = wanted.unique_key;
  if (collects(made->plan.policy)) {
    DigestWindow window = digest_window(*made->plan.policy.digest, now);
    made->scheduled_for = window.end;
    made->unique_key = std::move(window.unique_key);
  }
  made->metadata = wanted.metadata;
  made->tags = wanted.tags;
  made->created_at = now;
  return made;
}

Result<NewJob> JobFactory::make(const JobRequest& request) {
  if (auto valid = validate_options(request.options); !valid) {
    return std::unexpected(valid.error());
  }
  auto prepared = prepare(request);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  if (auto fits = check_digest(request.options, prepared->plan.policy); !fits) {
    return std::unexpected(std::move(fits.error()));
  }
  const TimePoint now = clock_->now();
  auto made = envelope(request, *prepared, now);
  std::vector<Delivery> deliveries;
  deliveries.reserve(prepared->via.size());
  for (std::string& channel : prepared->via) {
    Delivery delivery;
    delivery.channel = std::move(channel);
    delivery.log_id = ids_.next();
    deliveries.push_back(std::move(delivery));
  }
  NewJob job;
  job.job.state = initial_state(*made, std::move(deliveries), now);
  job.job.envelope = std::move(made);
  job.logs = first_log_rows(*job.job.envelope, job.job.state, prepared->shown, privacy_);
  return job;
}

}  // namespace townkrier
