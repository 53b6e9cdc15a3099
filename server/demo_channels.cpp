// The channels and job kinds of the demo. Nothing leaves the process.
#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/demo.hpp"
#include "server/demo_parts.hpp"

namespace townkrier::server {
namespace {

using nlohmann::json;

/// 0..99, the same for the same try of the same delivery, spread evenly.
std::size_t dice(const DeliveryRequest& request) {
  return std::hash<std::string>{}(request.idempotency_key + std::to_string(request.attempt)) % 100;
}

bool is_addressed_to(const DeliveryRequest& request, std::string_view name) {
  return request.recipient.text().find(name) != std::string::npos;
}

DeliveryOutcome sent(const DeliveryRequest& request) {
  return DeliveryOutcome::sent("demo-" + request.idempotency_key.substr(0, 8));
}

/// Takes up to 200 ms, refuses addresses that do not exist.
DeliveryOutcome send_reliably(const DeliveryRequest& request) {
  if (!demo_pause(request.stop, 20ms + Duration(2 * dice(request)))) {
    return DeliveryOutcome::transient("stopped");
  }
  if (is_addressed_to(request, "nobody")) {
    return DeliveryOutcome::permanent("the address does not exist", "550");
  }
  return sent(request);
}

/// Its first tries come too often at times; the provider behind it takes them.
DeliveryOutcome send_busily(const DeliveryRequest& request) {
  if (dice(request) < 10) return DeliveryOutcome::transient("too many connections", "421");
  return send_reliably(request);
}

DeliveryOutcome send_flakily(const DeliveryRequest& request) {
  if (is_addressed_to(request, "broken")) {
    return DeliveryOutcome::transient("the service is down", "503");
  }
  if (dice(request) < 15) return DeliveryOutcome::transient("connection reset", "ECONNRESET");
  return send_reliably(request);
}

DeliveryOutcome send_slowly(const DeliveryRequest& request) {
  if (!demo_pause(request.stop, 2500ms)) return DeliveryOutcome::transient("stopped");
  return sent(request);
}

/// A carrier that is away for the day: its breaker opens.
DeliveryOutcome send_never(const DeliveryRequest&) {
  return DeliveryOutcome::transient("the carrier does not answer", "ETIMEDOUT");
}

/// Refuses every third message. A refusal is no attempt, so the dice would fall alike for ever.
ChannelFunction send_throttled() {
  return [count = std::make_shared<std::atomic<unsigned>>(0)](const DeliveryRequest& request) {
    if (++*count % 3 == 0) return DeliveryOutcome::throttled(3s, "too many messages");
    return send_reliably(request);
  };
}

/// One of several providers of a channel.
class DemoProvider final : public Provider {
 public:
  DemoProvider(std::string name, std::string channel, ChannelFunction function)
      : name_(std::move(name)), channel_(std::move(channel)), function_(std::move(function)) {}
  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return channel_; }
  bool blocking() const override { return true; }
  void send(DeliveryRequest request, DeliveryDone done) override { done(function_(request)); }

 private:
  const std::string name_;
  const std::string channel_;
  const ChannelFunction function_;
};

struct DemoChannel {
  std::string name;
  int concurrency;
  std::vector<std::pair<std::string, ChannelFunction>> providers;
};

std::vector<DemoChannel> demo_channels() {
  return {
      {"email", 8, {{"smtp", send_busily}, {"smtp-backup", send_reliably}}},
      {"sms", 4, {{"carrier-north", send_never}, {"carrier-south", send_reliably}}},
      {"push", 4, {{"push", send_reliably}}},
      {"slack", 2, {{"slack", send_flakily}}},
      {"voice", 2, {{"voice", send_slowly}}},
      {"whatsapp", 2, {{"whatsapp", send_throttled()}}},
  };
}

void add(NotificationManager& notifications, const DemoChannel& channel) {
  ChannelConfig config{.name = channel.name, .concurrency = channel.concurrency};
  std::vector<std::shared_ptr<Provider>> providers;
  for (const auto& [name, function] : channel.providers) {
    // Shared: the manager hands them to its channel.
    providers.push_back(std::make_shared<DemoProvider>(name, channel.name, function));
  }
  notifications.register_channel(std::move(config), std::move(providers));
}

/// Twelve pages, half a second each, with a line for every third.
Result<JsonText> make_report(JobContext& job) {
  const json payload = job.payload();
  const auto pages = payload.at("pages").get<std::uint64_t>();
  (void)job.log("reading " + payload.at("month").get<std::string>());
  for (std::uint64_t page = 1; page <= pages; ++page) {
    if (!demo_pause(job.stop_token(), 500ms)) return fail(Errc::kTimeout, "stopped");
    (void)job.progress(page, pages, "page " + std::to_string(page));
    if (page % 3 == 0) (void)job.log("page " + std::to_string(page) + " is drawn");
  }
  return JsonText(json{{"file", payload.at("name").get<std::string>() + ".pdf"},
                       {"pages", pages},
                       {"bytes", 48'000 * pages}});
}

/// One file is bad for good, one needs a second attempt, one is good.
Result<JsonText> import_file(JobContext& job) {
  const json payload = job.payload();
  const auto file = payload.at("file").get<std::string>();
  const auto rows = payload.at("rows").get<std::uint64_t>();
  for (std::uint64_t row = 0; row < rows; row += 40) {
    (void)job.progress(row, rows, "rows");
    if (!demo_pause(job.stop_token(), 150ms)) return fail(Errc::kTimeout, "stopped");
    if (file == "prices.csv" && row == 120) {
      (void)job.log("row 121 has 7 columns, expected 9");
      return fail(Errc::kMalformed, "prices.csv, row 121: 7 columns, expected 9");
    }
    if (file == "customers.csv" && row == 200 && job.attempt() == 1) {
      return fail(Errc::kTimeout, "the database closed the connection after row 200");
    }
  }
  (void)job.log(std::to_string(rows) + " rows are in");
  return JsonText(json{{"rows", rows}, {"changed", rows / 3}});
}

}  // namespace

bool demo_pause(const std::stop_token& stop, Duration duration) {
  std::mutex mutex;
  std::condition_variable_any never_notified;
  std::unique_lock lock(mutex);
  never_notified.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

void add_demo_channels(NotificationManager& notifications, const ServerConfig& config) {
  for (const DemoChannel& channel : demo_channels()) {
    const bool configured = std::ranges::any_of(
        config.channels, [&](const ChannelConfig& one) { return one.name == channel.name; });
    if (!configured) add(notifications, channel);
  }
}

Result<void> add_demo_kinds(QueueManager& queue) {
  if (auto added = queue.register_handler("report", make_report, {.concurrency = 2}); !added) {
    return added;
  }
  return queue.register_handler("import", import_file, {.concurrency = 2});
}

}  // namespace townkrier::server
