#pragma once

// The engine as one object: the actors, and the DashboardBackend through which the facade, the HTTP
// interface and townkrier/caf.hpp talk to them. Thread-safe.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/bulk_operations.hpp"
#include "actors/job_factory.hpp"
#include "actors/supervisor_actor.hpp"
#include "core/activity.hpp"
#include "core/admission.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier {

/// One job kind of the embedder's.
struct KindHandler {
  std::string kind;
  JobHandler handler;
  HandlerOptions options;
};

struct RuntimeConfig {
  QueueAdapter adapter;
  NotificationManager* notifications = nullptr;
  std::vector<KindHandler> kinds;
  std::shared_ptr<const Clock> clock;
  LogSink log;
  std::function<void(const Error&)> on_fatal;
  std::function<void(const std::vector<LogId>&)> log_sink;
};

/// A clock, a log and a fatal handler where none was given.
QueueManagerConfig with_defaults(QueueManagerConfig config);

/// Checks a job kind and its options.
Result<void> check_handler(const KindHandler& handler);

inline Error engine_stopped() {
  return {Errc::kUnavailable, "the engine has stopped", {}};
}

/// How many receipts came of what. Thread-safe.
class ReceiptCounts {
 public:
  void count(const std::string& provider, std::string_view result);
  std::vector<Metric> metrics() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts_;
};

struct ReceiptSearch;
struct SentMessage;

class Runtime final : public DashboardBackend, public std::enable_shared_from_this<Runtime> {
 public:
  /// Spawns everything. `system` is a caller's (it must outlive the runtime), or null for an own
  /// one.
  static Result<std::shared_ptr<Runtime>> launch(RuntimeConfig config, caf::actor_system* system);
  ~Runtime() override;

  void start_processing(Duration poll_interval);
  /// Blocks until drained or handed back.
  void stop_processing();
  /// Returns at once; `done` is called when it is over, also when the engine is gone.
  void stop_processing(std::function<void()> done);
  /// The ordered end; blocks. Afterwards every call answers kUnavailable.
  void shut_down();
  void subscribe(EventSink sink);
  void subscribe(DeliveryEventSink sink) { feed_->add(std::move(sink)); }

  Result<void> check(const JobRequest& request) const override;
  void enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) override;
  void enqueue_once(IdempotencyKey key, std::vector<JobRequest> requests,
                    Reply<std::vector<EnqueuedJob>> reply) override;
  void send_now(JobRequest request, Reply<SendReport> reply) override;
  void get_job(const JobId& id, Reply<Job> reply) override;
  void list_jobs(JobFilter filter, Reply<JobPage> reply) override;
  void act(const JobId& id, JobAction action, Reply<Job> reply) override;
  void count_bulk(BulkRequest request, Reply<BulkCount> reply) override;
  void start_bulk(BulkRequest request, Reply<Operation> reply) override;
  void get_operation(const Uuid& id, Reply<Operation> reply) override;
  void cancel_operation(const Uuid& id, Reply<Operation> reply) override;
  void job_stats(Reply<QueueStats> reply) override;
  void log_stats(StatsFilter filter, Reply<StorageStats> reply) override;
  void get_log(const LogId& id, Reply<NotificationLog> reply) override;
  void query_logs(LogFilter filter, Reply<LogPage> reply) override;
  void cleanup_logs(TimePoint older_than, Reply<std::uint64_t> reply) override;
  void queues(Reply<std::vector<QueueInfo>> reply) override;
  void set_queue_flow(const std::string& queue, Flow flow, Reply<QueueInfo> reply) override;
  void channels(Reply<std::vector<ChannelInfo>> reply) override;
  void live(std::uint64_t since, Reply<LiveNews> reply) override;
  void series(SeriesFilter filter, Reply<std::vector<SeriesBucket>> reply) override;
  void errors(Reply<ErrorSummary> reply) override;
  void inbox(const std::string& user_id, std::size_t limit, std::optional<std::string> cursor,
             Reply<InboxPage> reply) override;
  void mark_read(const std::string& user_id, const LogId& id, Reply<std::uint64_t> reply) override;
  void take_receipts(const std::string& provider, ReceiptRequest request,
                     Reply<std::uint64_t> reply) override;
  void suppressions(SuppressionFilter filter, Reply<SuppressionPage> reply) override;
  void suppress(Suppression suppression, Reply<bool> reply) override;
  void unsuppress(Suppression which, Reply<bool> reply) override;
  void record_audit(std::vector<AuditEntry> entries, Reply<std::monostate> reply) override;
  void audit(AuditFilter filter, Reply<AuditPage> reply) override;
  void health(Reply<HealthReport> reply) override;
  void metrics(Reply<std::vector<Metric>> reply) override;
  ContentPrivacy privacy() const override { return config_.adapter.logs.content_privacy; }

 private:
  Runtime(RuntimeConfig config, caf::actor_system* system, std::vector<ConfiguredChannel> channels);

  std::vector<ConfiguredChannel> all_channels() const;
  void restore_activity();
  int concurrency_of(const std::string& queue) const;
  void spawn_supervisor(std::vector<ConfiguredChannel> channels);
  void await_end();
  void end_own_system();
  std::vector<caf::strong_actor_ptr> everybody();
  /// Mailboxes have no limit of their own: as many questions wait as jobs may be in flight. False:
  /// answered with kOverloaded.
  template <class T>
  bool admit(Reply<T>& reply);
  template <class T>
  void read(std::function<Result<T>(const Store&)> get, Reply<T> reply);
  template <class T>
  void write(std::function<Result<T>(Store&)> change, Reply<T> reply);
  Result<std::vector<NewJob>> make_jobs(std::vector<JobRequest>& requests);
  void accept(std::vector<JobRequest> requests, std::optional<IdempotencyKey> once,
              Reply<std::vector<EnqueuedJob>> reply);
  // runtime_receipts.cpp
  void look_for(ReceiptSearch search);
  void note_receipt(const SentMessage& message, ReceiptSearch search);
  void settle_row(const SentMessage& message, const ReceiptSearch& search);
  bool gone() const { return ended_.load(); }

  RuntimeConfig config_;
  std::shared_ptr<Admission> admission_;
  std::shared_ptr<Activity> activity_;  // Shared with the store actor and reads under way.
  std::unique_ptr<BulkOperations> operations_;
  std::shared_ptr<Admission> questions_;
  // Shared with attempts, which may outlive this when their handlers do not return.
  std::shared_ptr<JobFactory> factory_;
  struct OwnSystem {
    caf::actor_system_config config;
    std::unique_ptr<caf::actor_system> system;
  };
  std::unique_ptr<OwnSystem> own_;
  std::shared_ptr<CallsUnderWay> calls_ = std::make_shared<CallsUnderWay>();
  caf::actor_system* system_ = nullptr;
  std::shared_ptr<Directory> directory_ = std::make_shared<Directory>();
  std::shared_ptr<DeliveryFeed> feed_ = std::make_shared<DeliveryFeed>();
  SupervisorActor supervisor_;
  ReceiptCounts receipt_counts_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> failed_{false};
};

template <class T>
bool Runtime::admit(Reply<T>& reply) {
  if (!questions_->enter(1, 0)) {
    reply(fail(Errc::kOverloaded, "too many requests are waiting; try again later"));
    return false;
  }
  reply = [questions = questions_, reply = std::move(reply)](Result<T> result) {
    questions->leave(1, 0);
    reply(std::move(result));
  };
  return true;
}

template <class T>
void Runtime::read(std::function<Result<T>(const Store&)> get, Reply<T> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  if (!admit(reply)) return;
  auto once = std::make_shared<ReplyOnce<T>>(std::move(reply));
  caf::anon_send(
      directory_->query(), read_atom::value,
      parcel(ReadCall{[get = std::move(get), once](const Store& store) { (*once)(get(store)); }}));
}

template <class T>
void Runtime::write(std::function<Result<T>(Store&)> change, Reply<T> reply) {
  if (gone()) return reply(std::unexpected(engine_stopped()));
  auto once = std::make_shared<ReplyOnce<T>>(std::move(reply));
  caf::anon_send(directory_->store(), run_atom::value,
                 parcel(StoreTask{[change = std::move(change), once](Store& store) {
                   (*once)(change(store));
                 }}));
}

}  // namespace townkrier
