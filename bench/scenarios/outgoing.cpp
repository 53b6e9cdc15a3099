// outgoing: deliveries over real HTTP to a provider that takes 50 ms, by the engine's one transport
// thread; the same while another provider never answers.

#include <algorithm>
#include <thread>

#include <nlohmann/json.hpp>

#include "bench/machine.hpp"
#include "bench/slow_server.hpp"
#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr std::chrono::milliseconds kDelay{50};
constexpr int kInFlight = 1000;
constexpr int kHung = 500;
constexpr double kPatience = 120;

/// An engine with two webhook channels: "hook" to a slow server, "hung" to one that never answers.
class Outgoing {
 public:
  static Result<std::unique_ptr<Outgoing>> open(Workbench& bench) {
    auto slow = SlowServer::start(kDelay);
    if (!slow) return std::unexpected(slow.error());
    auto hung = SlowServer::start(std::nullopt);
    if (!hung) return std::unexpected(hung.error());
    auto store = open_rocksdb_store(bench.fresh_path());
    if (!store) return std::unexpected(store.error());
    std::unique_ptr<Outgoing> made(new Outgoing(*std::move(slow), *std::move(hung)));
    made->add_channel("hook", made->slow_->url(), kInFlight);
    made->add_channel("hung", made->hung_->url(), kHung);
    QueueAdapter adapter{*store, {}, {}, bench.options().durability};
    adapter.options.queues["default"].concurrency = kInFlight;
    adapter.options.drain_timeout = Duration{0};
    made->queue_ = std::make_unique<QueueManager>(adapter, made->notifications_);
    if (auto started = made->queue_->start_processing(); !started) {
      return std::unexpected(started.error());
    }
    return made;
  }

  SlowServer& slow() { return *slow_; }

  Result<void> enqueue(const std::string& channel, std::size_t jobs) {
    constexpr std::size_t kGroup = 1000;
    for (std::size_t first = 0; first < jobs; first += kGroup) {
      std::vector<JobRequest> requests(std::min(kGroup, jobs - first));
      for (JobRequest& one : requests) one.payload = payload(channel);
      auto stored = queue_->enqueue_many(std::move(requests));
      if (!stored) return std::unexpected(stored.error());
    }
    return {};
  }

  /// Enqueues and waits until all are recorded as completed; seconds from the first enqueue.
  Result<double> deliver(std::size_t jobs) {
    const auto start = Clock::now();
    if (auto ok = enqueue("hook", jobs); !ok) return std::unexpected(ok.error());
    completed_ += jobs;
    const auto done = [&] {
      // Asking costs a little, so not before every request has at least come.
      if (slow_->requests() < completed_) return false;
      const auto stats = queue_->get_stats();
      return stats && stats->completed >= completed_;
    };
    if (!wait_until(done, kPatience)) return fail(Errc::kTimeout, "not all were delivered in time");
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  Result<void> hang() {
    if (auto ok = enqueue("hung", kHung); !ok) return ok;
    if (wait_until([&] { return hung_->in_flight() >= std::size_t(kHung); }, kPatience)) return {};
    return fail(Errc::kTimeout, "not all deliveries hang");
  }

 private:
  Outgoing(std::unique_ptr<SlowServer> slow, std::unique_ptr<SlowServer> hung)
      : slow_(std::move(slow)), hung_(std::move(hung)) {}

  void add_channel(const std::string& name, const std::string& url, int in_flight) {
    ChannelConfig channel;
    channel.name = name;
    channel.concurrency = in_flight;
    channel.providers.push_back(
        {.driver = "webhook",
         .settings = json{{"url", url}, {"allow_private", true}, {"timeout", "10m"}}});
    notifications_.register_channel(std::move(channel));
  }

  static JsonText payload(const std::string& channel) {
    return json{{"notification",
                 {{"via", {channel}},
                  {channel, {{"body", {{"text", std::string(200, 'x')}, {"order", 4711}}}}}}},
                {"recipient", json::object()}};
  }

  std::unique_ptr<SlowServer> slow_;
  std::unique_ptr<SlowServer> hung_;
  NotificationManager notifications_;
  std::unique_ptr<QueueManager> queue_;
  std::uint64_t completed_ = 0;
};

Row rate_row(std::size_t jobs, double seconds) {
  return {.scenario = "outgoing",
          .value = double(jobs) / seconds,
          .unit = "jobs/s",
          .jobs = jobs,
          .seconds = seconds};
}

}  // namespace

Result<void> outgoing(Workbench& bench) {
  const std::size_t jobs = bench.jobs(10'000);
  auto engine = Outgoing::open(bench);
  if (!engine) return std::unexpected(engine.error());
  if (auto warm = (*engine)->deliver(1); !warm) return std::unexpected(warm.error());
  (*engine)->slow().take_peak();
  const double before = resident_mb();
  const auto alone = (*engine)->deliver(jobs);
  if (!alone) return std::unexpected(alone.error());
  const double growth = std::max(0.0, peak_resident_mb() - before);
  const std::size_t peak = (*engine)->slow().take_peak();
  if (auto ok = (*engine)->hang(); !ok) return ok;
  const auto beside = (*engine)->deliver(jobs);
  if (!beside) return std::unexpected(beside.error());

  Row main = rate_row(jobs, *alone);
  main.note = "HTTP deliveries of " + std::to_string(kDelay.count()) + " ms, at most " +
              std::to_string(peak) + " in flight";
  bench.report().add(std::move(main));
  Row hung = rate_row(jobs, *beside);
  hung.part = "beside-hung";
  hung.limit = Limit{"without hung deliveries", double(jobs) / *alone};
  hung.note = std::to_string(kHung) + " deliveries to another provider hang meanwhile";
  bench.report().add(std::move(hung));
  bench.report().add({.scenario = "outgoing",
                      .part = "in-flight",
                      .value = double(peak),
                      .unit = "jobs",
                      .jobs = jobs,
                      .seconds = *alone});
  bench.report().add({.scenario = "outgoing",
                      .part = "memory-growth",
                      .value = growth,
                      .unit = "MB",
                      .jobs = jobs,
                      .seconds = *alone,
                      .note = "peak resident memory beyond that before, servers included"});
  return {};
}

}  // namespace townkrier::bench
