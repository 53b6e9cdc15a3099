#include "bench/load.hpp"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <semaphore>
#include <thread>

namespace townkrier::bench {

namespace {

using Clock = std::chrono::steady_clock;

class NoOpProvider final : public Provider {
 public:
  explicit NoOpProvider(std::shared_ptr<std::atomic<std::size_t>> delivered)
      : delivered_(std::move(delivered)) {}
  std::string_view name() const override { return "noop"; }
  std::string_view channel_type() const override { return "noop"; }
  bool needs_recipient() const override { return false; }
  void send(DeliveryRequest, DeliveryDone done) override {
    delivered_->fetch_add(1);
    delivered_->notify_all();
    done(DeliveryOutcome::sent());
  }

 private:
  std::shared_ptr<std::atomic<std::size_t>> delivered_;
};

}  // namespace

Result<std::unique_ptr<NoOpEngine>> NoOpEngine::open(const LoadOptions& options) {
  auto store = open_rocksdb_store(options.data_dir);
  if (!store) return std::unexpected(store.error());
  auto engine = std::make_unique<NoOpEngine>();
  engine->delivered_ = std::make_shared<std::atomic<std::size_t>>(0);
  engine->notifications_ = std::make_unique<NotificationManager>();
  ChannelConfig channel;
  channel.name = "noop";
  channel.concurrency = 4096;
  engine->notifications_->register_channel(channel,
                                           {std::make_shared<NoOpProvider>(engine->delivered_)});
  QueueAdapter adapter{*store, {}, {}, options.durability};
  adapter.options.queues["default"].concurrency = 4096;
  engine->queue_ = std::make_unique<QueueManager>(adapter, *engine->notifications_);
  return engine;
}

bool NoOpEngine::wait_delivered(std::size_t count, std::chrono::seconds limit) const {
  // The waiter is woken by deliveries; a second thread bounds the wait.
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  std::jthread alarm{[&] {
    std::unique_lock lock{mutex};
    if (!ended.wait_for(lock, limit, [&] { return done; })) delivered_->fetch_add(1u << 30);
    delivered_->notify_all();
  }};
  for (std::size_t now = delivered_->load(); now < count; now = delivered_->load()) {
    delivered_->wait(now);
  }
  {
    const std::lock_guard lock{mutex};
    done = true;
  }
  ended.notify_all();
  return delivered_->load() < (1u << 30);
}

Measured enqueue_load(QueueManager& queue, const LoadOptions& options) {
  Measured measured;
  std::vector<std::atomic<float>> latencies(options.jobs);
  std::counting_semaphore<> room{std::ptrdiff_t(options.outstanding)};
  std::atomic<std::size_t> errors{0};
  const JobRequest request{
      std::string{kNotificationKind},
      JsonText::trusted("{\"notification\":{\"via\":[\"noop\"],\"noop\":{\"text\":\"" +
                        std::string(options.payload_bytes, 'x') + "\"}},\"recipient\":{}}"),
      {}};
  const auto start = Clock::now();
  for (std::size_t i = 0; i < options.jobs; ++i) {
    room.acquire();
    const auto begun = Clock::now();
    queue.enqueue_many_async({request}, [&, i, begun](Result<std::vector<EnqueueResult>> result) {
      if (!result) ++errors;
      latencies[i] = std::chrono::duration<float, std::milli>(Clock::now() - begun).count();
      room.release();
    });
  }
  for (std::size_t i = 0; i < options.outstanding; ++i) room.acquire();
  measured.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  measured.rate = double(options.jobs) / measured.seconds;
  measured.errors = errors;
  measured.latencies_ms.assign(latencies.begin(), latencies.end());
  std::ranges::sort(measured.latencies_ms);
  return measured;
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = std::size_t(share * double(sorted.size() - 1));
  return sorted[index];
}

std::size_t log_bytes(const std::string& data_dir) {
  std::size_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir, ignored)) {
    if (entry.path().extension() == ".log") bytes += entry.file_size(ignored);
  }
  return bytes;
}

}  // namespace townkrier::bench
