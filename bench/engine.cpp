#include "bench/engine.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace townkrier::bench {

namespace {

class NoOpProvider final : public Provider {
 public:
  NoOpProvider(Respond respond, std::shared_ptr<std::atomic<std::size_t>> started, Handler handler)
      : respond_(std::move(respond)), started_(std::move(started)), handler_(handler) {}
  std::string_view name() const override { return kChannel; }
  std::string_view channel_type() const override { return kChannel; }
  bool blocking() const override { return handler_ == Handler::kBlocking; }
  void send(DeliveryRequest request, DeliveryDone done) override {
    DeliveryOutcome outcome = respond_ ? respond_(request) : DeliveryOutcome::sent();
    started_->fetch_add(1);
    done(std::move(outcome));
  }

 private:
  const Respond respond_;
  const std::shared_ptr<std::atomic<std::size_t>> started_;
  const Handler handler_;
};

JobHandler handler_of(Respond respond, std::shared_ptr<std::atomic<std::size_t>> started) {
  return [respond = std::move(respond),
          started = std::move(started)](JobContext& context) -> Result<JsonText> {
    DeliveryRequest request;
    request.content = context.payload_text();
    request.attempt = context.attempt();
    const DeliveryOutcome outcome = respond ? respond(request) : DeliveryOutcome::sent();
    started->fetch_add(1);
    if (outcome.kind == DeliveryOutcome::Kind::kSent) return JsonText{};
    return fail(Errc::kDeliveryFailed, outcome.error);
  };
}

}  // namespace

/// Keeps every delivery until `release`; on a worker thread it also keeps the thread.
class HangingProvider final : public Provider {
 public:
  explicit HangingProvider(Handler handler) : handler_(handler) {}
  std::string_view name() const override { return kHangingChannel; }
  std::string_view channel_type() const override { return kHangingChannel; }
  bool blocking() const override { return handler_ == Handler::kBlocking; }

  void send(DeliveryRequest, DeliveryDone done) override {
    std::unique_lock lock(mutex_);
    if (handler_ == Handler::kNonBlocking && !released_) return kept_.push_back(std::move(done));
    ++held_;
    freed_.wait(lock, [&] { return released_; });
    --held_;
    lock.unlock();
    done(DeliveryOutcome::permanent("let go"));
  }

  void release() {
    std::vector<DeliveryDone> kept;
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
      kept.swap(kept_);
    }
    freed_.notify_all();
    for (auto& done : kept) done(DeliveryOutcome::permanent("let go"));
  }

  std::size_t holding() {
    const std::lock_guard lock(mutex_);
    return kept_.size() + held_;
  }

 private:
  const Handler handler_;
  std::mutex mutex_;
  std::condition_variable freed_;
  // Guarded by mutex_.
  std::vector<DeliveryDone> kept_;
  std::size_t held_ = 0;
  bool released_ = false;
};

bool wait_until(const std::function<bool()>& is_true, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds{500});
  }
  return true;
}

Result<std::unique_ptr<Engine>> Engine::open(const Options& options, EngineSetup setup) {
  auto store = open_rocksdb_store(setup.dir);
  if (!store) return std::unexpected(store.error());
  std::unique_ptr<Engine> engine(new Engine(options));
  engine->storage_ =
      std::make_unique<StorageManager>(StorageAdapter{*store, {}, options.durability});
  engine->notifications_ = std::make_unique<NotificationManager>();
  QueueAdapter adapter{*store, setup.queue, {}, options.durability};
  adapter.options.queues["default"].concurrency = options.concurrency;
  engine->queue_ = std::make_unique<QueueManager>(adapter, *engine->notifications_);
  if (auto added = engine->add_channels(options, setup); !added) {
    return std::unexpected(added.error());
  }
  return engine;
}

Result<void> Engine::add_channels(const Options& options, const EngineSetup& setup) {
  ChannelConfig channel;
  channel.name = kChannel;
  channel.concurrency =
      options.handler == Handler::kBlocking ? options.workers : options.concurrency;
  // Failures that a scenario wants are no reason to stop sending.
  channel.breaker.failures = 1000;
  notifications_->register_channel(
      channel, {std::make_shared<NoOpProvider>(setup.respond, started_, options.handler)});
  if (setup.hanging_channel) {
    hanging_ = std::make_shared<HangingProvider>(options.handler);
    channel.name = kHangingChannel;
    notifications_->register_channel(channel, {hanging_});
  }
  return queue_->register_handler(std::string(kJobKind), handler_of(setup.respond, started_),
                                  {.concurrency = options.workers});
}

Engine::~Engine() {
  if (hanging_) hanging_->release();
}

std::size_t Engine::hanging() const {
  return hanging_ ? hanging_->holding() : 0;
}

Result<void> Engine::wait_completed(std::size_t jobs, double seconds) {
  Result<QueueStats> stats;
  const auto is_done = [&] {
    // Asking costs a little, so not before every attempt has at least started.
    if (started() < jobs) return false;
    stats = queue_->get_stats();
    return !stats || (stats->completed + stats->failed >= jobs && stats->pending == 0 &&
                      stats->processing == 0 && stats->retrying == 0 && stats->scheduled == 0);
  };
  if (!wait_until(is_done, seconds)) {
    return fail(Errc::kTimeout, std::to_string(started()) + " attempts of " + std::to_string(jobs) +
                                    " jobs were started when time was up");
  }
  return stats ? Result<void>{} : std::unexpected(stats.error());
}

}  // namespace townkrier::bench
