#include "http/log_backend.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxWaiting = 1024;

// Runs blocking calls one after the other on one thread.
class Worker {
 public:
  using Task = std::function<void()>;
  Worker() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  // False: too many wait.
  bool post(Task task) {
    std::lock_guard lock(mutex_);
    if (tasks_.size() >= kMaxWaiting) return false;
    tasks_.push_back(std::move(task));
    wake_.notify_one();
    return true;
  }

 private:
  // What is queued at the end is dropped; its exchanges answer for themselves.
  void run(const std::stop_token& stop) {
    for (;;) {
      Task task;
      {
        std::unique_lock lock(mutex_);
        if (!wake_.wait(lock, stop, [this] { return !tasks_.empty(); })) return;
        if (stop.stop_requested()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Task> tasks_;  // Guarded by mutex_.
  std::jthread thread_;     // Last: it uses all of the above.
};

class LogBackend final : public DashboardBackend {
 public:
  LogBackend(StorageManager& storage, std::shared_ptr<DashboardBackend> engine)
      : storage_(storage), engine_(std::move(engine)) {}

  void log_stats(StatsFilter filter, Reply<StorageStats> reply) override {
    call(std::move(reply),
         [this, filter = std::move(filter)] { return storage_.get_stats(filter); });
  }
  void get_log(const LogId& id, Reply<NotificationLog> reply) override {
    call(std::move(reply), [this, id] { return storage_.get_log(id); });
  }
  void query_logs(LogFilter filter, Reply<LogPage> reply) override {
    call(std::move(reply),
         [this, filter = std::move(filter)] { return storage_.query_logs(filter); });
  }
  void cleanup_logs(TimePoint older_than, Reply<std::uint64_t> reply) override {
    call(std::move(reply), [this, older_than] { return storage_.cleanup(older_than); });
  }

  Result<void> check(const JobRequest& request) const override { return engine_->check(request); }
  void enqueue(std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply) override {
    engine_->enqueue(std::move(requests), std::move(reply));
  }
  void send_now(JobRequest request, Reply<SendReport> reply) override {
    engine_->send_now(std::move(request), std::move(reply));
  }
  void get_job(const JobId& id, Reply<Job> reply) override {
    engine_->get_job(id, std::move(reply));
  }
  void list_jobs(JobFilter filter, Reply<JobPage> reply) override {
    engine_->list_jobs(std::move(filter), std::move(reply));
  }
  void act(const JobId& id, JobAction action, Reply<Job> reply) override {
    engine_->act(id, action, std::move(reply));
  }
  void job_stats(Reply<QueueStats> reply) override { engine_->job_stats(std::move(reply)); }
  void queues(Reply<std::vector<QueueInfo>> reply) override { engine_->queues(std::move(reply)); }
  void set_queue_flow(const std::string& queue, Flow flow, Reply<QueueInfo> reply) override {
    engine_->set_queue_flow(queue, flow, std::move(reply));
  }
  void channels(Reply<std::vector<ChannelInfo>> reply) override {
    engine_->channels(std::move(reply));
  }
  void inbox(const std::string& user_id, std::size_t limit, std::optional<std::string> cursor,
             Reply<InboxPage> reply) override {
    engine_->inbox(user_id, limit, std::move(cursor), std::move(reply));
  }
  void mark_read(const std::string& user_id, const LogId& id, Reply<std::uint64_t> reply) override {
    engine_->mark_read(user_id, id, std::move(reply));
  }
  void health(Reply<HealthReport> reply) override { engine_->health(std::move(reply)); }
  ContentPrivacy privacy() const override { return engine_->privacy(); }

 private:
  template <class T, class Read>
  void call(Reply<T> reply, Read read) {
    if (!worker_.post([reply, read = std::move(read)] { reply(read()); })) {
      reply(fail(Errc::kOverloaded, "too many log queries are waiting"));
    }
  }

  StorageManager& storage_;
  const std::shared_ptr<DashboardBackend> engine_;  // Shared with the engine's facade.
  Worker worker_;
};

}  // namespace

std::shared_ptr<DashboardBackend> with_logs_from(StorageManager& storage,
                                                 std::shared_ptr<DashboardBackend> engine) {
  return std::make_shared<LogBackend>(storage, std::move(engine));
}

}  // namespace townkrier::http
