#include "townkrier/queue_manager.hpp"

#include <mutex>
#include <utility>

#include "actors/runtime.hpp"
#include "core/log_rows.hpp"

namespace townkrier {

namespace {

constexpr Duration kCallTimeout{30'000};

template <class T>
std::pair<Reply<T>, std::future<Result<T>>> promised() {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  return {[promise](Result<T> result) { promise->set_value(std::move(result)); },
          std::move(future)};
}

template <class T>
Result<T> wait(std::future<Result<T>> future, Duration timeout = kCallTimeout) {
  if (future.wait_for(timeout) != std::future_status::ready) {
    return fail(Errc::kTimeout, "no answer in time; the outcome is unknown");
  }
  return future.get();
}

template <class T>
std::future<Result<T>> failed_future(Error error) {
  std::promise<Result<T>> promise;
  promise.set_value(std::unexpected(std::move(error)));
  return promise.get_future();
}

JobRequest notification_request(const Notification& notification, const Recipient& recipient,
                                JobOptions options) {
  std::string payload = "{\"notification\":" + notification.render().text() +
                        ",\"recipient\":" + recipient.to_json().text() + "}";
  return {std::string{kNotificationKind}, JsonText::trusted(std::move(payload)),
          std::move(options)};
}

Reply<std::vector<EnqueuedJob>> first_of(Reply<Job> reply) {
  return [reply = std::move(reply)](Result<std::vector<EnqueuedJob>> jobs) {
    if (!jobs) return reply(std::unexpected(std::move(jobs.error())));
    reply(std::move(jobs->front().job));
  };
}

}  // namespace

QueueAdapter InMemoryQueueAdapter(QueueOptions options) {
  return {make_memory_store(), std::move(options), {}, Durability::kNone};
}

struct QueueManager::Impl {
  QueueAdapter adapter;
  NotificationManager* notifications;
  QueueManagerConfig config;
  std::vector<KindHandler> kinds;
  std::shared_ptr<LogStore> log_target;  // another store than the queue's
  std::mutex mutex;                      // guards runtime, error, kinds, log_target
  std::shared_ptr<Runtime> runtime;
  std::optional<Error> error;

  // The engine starts with the first call that needs it, so that handlers can be registered before.
  Result<std::shared_ptr<Runtime>> engine() {
    const std::lock_guard lock{mutex};
    if (error) return std::unexpected(*error);
    if (runtime) return runtime;
    RuntimeConfig made{adapter,    notifications,   kinds, config.clock,
                       config.log, config.on_fatal, {}};
    // The target may be named later (a dashboard made after the first job).
    made.log_sink = [this](const std::vector<LogId>& rows) { pass_on(rows); };
    auto launched = Runtime::launch(std::move(made), nullptr);
    if (!launched) {
      error = launched.error();
      return std::unexpected(*error);
    }
    runtime = *launched;
    return runtime;
  }

  void pass_on(const std::vector<LogId>& ids) {
    std::shared_ptr<LogStore> target;
    {
      const std::lock_guard lock{mutex};
      target = log_target;
    }
    if (!target) return;
    for (const LogId& id : ids) {
      auto row = adapter.store->get_log(id);
      if (!row) continue;  // deleted meanwhile
      LogChange copy{std::move(*row), std::nullopt};
      // A row that began before this store was named is new to it.
      if (auto earlier = target->get_log(id)) copy.previous = earlier->status;
      if (auto written = target->put_logs({&copy, 1}, Durability::kOs); !written) {
        config.log(LogLevel::kError,
                   "event=log_copy_failed detail=\"" + written.error().message + "\"");
      }
    }
  }
};

QueueManager::QueueManager(QueueAdapter adapter, NotificationManager* notifications,
                           QueueManagerConfig config)
    : impl_(std::make_unique<Impl>()) {
  impl_->adapter = std::move(adapter);
  impl_->notifications = notifications;
  impl_->config = with_defaults(std::move(config));
}

QueueManager::QueueManager(QueueAdapter adapter, NotificationManager& notifications,
                           QueueManagerConfig config)
    : QueueManager(std::move(adapter), &notifications, std::move(config)) {}

QueueManager::~QueueManager() {
  if (impl_->runtime) impl_->runtime->shut_down();
}

Result<void> QueueManager::register_handler(std::string kind, JobHandler handler,
                                            HandlerOptions options) {
  KindHandler made{std::move(kind), std::move(handler), options};
  if (auto valid = check_handler(made); !valid) return valid;
  const std::lock_guard lock{impl_->mutex};
  if (impl_->runtime) {
    return fail(Errc::kConflict, "register handlers before the first job and start_processing");
  }
  std::erase_if(impl_->kinds, [&](const KindHandler& known) { return known.kind == made.kind; });
  impl_->kinds.push_back(std::move(made));
  return {};
}

Result<SendReport> QueueManager::send_now(const Notification& notification,
                                          const Recipient& recipient) {
  auto engine = impl_->engine();
  if (!engine) return std::unexpected(engine.error());
  auto [reply, future] = promised<SendReport>();
  (*engine)->send_now(notification_request(notification, recipient, {}), std::move(reply));
  return wait(std::move(future), impl_->adapter.options.timeout + kCallTimeout);
}

Result<Job> QueueManager::enqueue(const Notification& notification, const Recipient& recipient,
                                  JobOptions options) {
  return wait(enqueue_async(notification, recipient, std::move(options)));
}

Result<Job> QueueManager::enqueue(std::string kind, JsonText payload, JobOptions options) {
  return wait(enqueue_async(std::move(kind), std::move(payload), std::move(options)));
}

std::future<Result<Job>> QueueManager::enqueue_async(const Notification& notification,
                                                     const Recipient& recipient,
                                                     JobOptions options) {
  auto [reply, future] = promised<Job>();
  std::vector<JobRequest> one;
  one.push_back(notification_request(notification, recipient, std::move(options)));
  auto engine = impl_->engine();
  if (!engine) return failed_future<Job>(engine.error());
  (*engine)->enqueue(std::move(one), first_of(std::move(reply)));
  return std::move(future);
}

std::future<Result<Job>> QueueManager::enqueue_async(std::string kind, JsonText payload,
                                                     JobOptions options) {
  auto [reply, future] = promised<Job>();
  std::vector<JobRequest> one;
  one.push_back({std::move(kind), std::move(payload), std::move(options)});
  auto engine = impl_->engine();
  if (!engine) return failed_future<Job>(engine.error());
  (*engine)->enqueue(std::move(one), first_of(std::move(reply)));
  return std::move(future);
}

Result<std::vector<EnqueueResult>> QueueManager::enqueue_many(std::vector<JobRequest> requests) {
  auto [reply, future] = promised<std::vector<EnqueueResult>>();
  enqueue_many_async(std::move(requests), std::move(reply));
  return wait(std::move(future));
}

void QueueManager::enqueue_many_async(std::vector<JobRequest> requests,
                                      Reply<std::vector<EnqueueResult>> reply) {
  auto engine = impl_->engine();
  if (!engine) return reply(std::unexpected(engine.error()));
  (*engine)->enqueue(std::move(requests), std::move(reply));
}

std::future<Result<Job>> QueueManager::get_job_async(const JobId& id) {
  auto engine = impl_->engine();
  if (!engine) return failed_future<Job>(engine.error());
  auto [reply, future] = promised<Job>();
  (*engine)->get_job(id, std::move(reply));
  return std::move(future);
}

std::future<Result<JobPage>> QueueManager::get_jobs_async(JobFilter filter) {
  auto engine = impl_->engine();
  if (!engine) return failed_future<JobPage>(engine.error());
  auto [reply, future] = promised<JobPage>();
  (*engine)->list_jobs(std::move(filter), std::move(reply));
  return std::move(future);
}

std::future<Result<Job>> QueueManager::act_async(const JobId& id, JobAction action) {
  auto engine = impl_->engine();
  if (!engine) return failed_future<Job>(engine.error());
  auto [reply, future] = promised<Job>();
  (*engine)->act(id, action, std::move(reply));
  return std::move(future);
}

std::future<Result<QueueStats>> QueueManager::get_stats_async() {
  auto engine = impl_->engine();
  if (!engine) return failed_future<QueueStats>(engine.error());
  auto [reply, future] = promised<QueueStats>();
  (*engine)->job_stats(std::move(reply));
  return std::move(future);
}

Result<Job> QueueManager::get_job(const JobId& id) {
  return wait(get_job_async(id));
}
Result<JobPage> QueueManager::get_jobs(const JobFilter& filter) {
  return wait(get_jobs_async(filter));
}
Result<Job> QueueManager::retry_job(const JobId& id) {
  return wait(act_async(id, JobAction::kRetry));
}
Result<Job> QueueManager::cancel_job(const JobId& id) {
  return wait(act_async(id, JobAction::kCancel));
}
Result<Job> QueueManager::delete_job(const JobId& id) {
  return wait(act_async(id, JobAction::kDelete));
}
Result<Job> QueueManager::run_job_now(const JobId& id) {
  return wait(act_async(id, JobAction::kRunNow));
}
Result<QueueStats> QueueManager::get_stats() {
  return wait(get_stats_async());
}

Result<QueueInfo> QueueManager::pause_queue(const std::string& queue) {
  auto engine = impl_->engine();
  if (!engine) return std::unexpected(engine.error());
  auto [reply, future] = promised<QueueInfo>();
  (*engine)->set_queue_flow(queue, DashboardBackend::Flow::kPause, std::move(reply));
  return wait(std::move(future));
}

Result<QueueInfo> QueueManager::resume_queue(const std::string& queue) {
  auto engine = impl_->engine();
  if (!engine) return std::unexpected(engine.error());
  auto [reply, future] = promised<QueueInfo>();
  (*engine)->set_queue_flow(queue, DashboardBackend::Flow::kResume, std::move(reply));
  return wait(std::move(future));
}

Result<void> QueueManager::subscribe(DeliveryEventSink sink) {
  auto engine = impl_->engine();
  if (!engine) return std::unexpected(engine.error());
  (*engine)->subscribe(std::move(sink));
  return {};
}

void QueueManager::log_to(StorageManager& storage) {
  const std::lock_guard lock{impl_->mutex};
  const auto& target = storage.adapter().store;
  if (target != impl_->adapter.store) impl_->log_target = target;
}

Result<void> QueueManager::start_processing(ProcessingOptions options) {
  auto engine = impl_->engine();
  if (!engine) return std::unexpected(engine.error());
  const Duration poll = options.poll_interval.value_or(impl_->adapter.options.poll_interval);
  if (poll < Duration{10} || poll > std::chrono::hours{1}) {
    return fail(Errc::kInvalidArgument, "poll_interval: must be 10 ms..1 h");
  }
  (*engine)->start_processing(poll);
  return {};
}

void QueueManager::stop_processing() {
  std::shared_ptr<Runtime> runtime;
  {
    const std::lock_guard lock{impl_->mutex};
    runtime = impl_->runtime;
  }
  if (runtime) runtime->stop_processing();
}

Result<std::shared_ptr<DashboardBackend>> QueueManager::backend() const {
  auto engine = impl_->engine();
  if (!engine) return std::unexpected(engine.error());
  return std::static_pointer_cast<DashboardBackend>(*engine);
}

}  // namespace townkrier
