#include "server/demo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

namespace townkrier::server {
namespace {

using nlohmann::json;

constexpr Duration kTick = 250ms;
constexpr std::uint64_t kMaxWaiting = 40;
constexpr std::uint64_t kMaxKeptJobs = 5000;
constexpr std::string_view kStorage = "./townkrier-demo-data";

/// Waits, but not beyond a stop. False when stopped.
bool pause(const std::stop_token& stop, Duration duration) {
  std::mutex mutex;
  std::condition_variable_any never_notified;
  std::unique_lock lock(mutex);
  never_notified.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

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
  if (!pause(request.stop, 20ms + Duration(2 * dice(request)))) {
    return DeliveryOutcome::transient("stopped");
  }
  if (is_addressed_to(request, "nobody")) {
    return DeliveryOutcome::permanent("the address does not exist", "550");
  }
  return sent(request);
}

DeliveryOutcome send_flakily(const DeliveryRequest& request) {
  if (is_addressed_to(request, "broken")) {
    return DeliveryOutcome::transient("the service is down", "503");
  }
  if (dice(request) < 15) return DeliveryOutcome::transient("connection reset", "ECONNRESET");
  return send_reliably(request);
}

DeliveryOutcome send_slowly(const DeliveryRequest& request) {
  if (!pause(request.stop, 2500ms)) return DeliveryOutcome::transient("stopped");
  return sent(request);
}

/// Refuses every third message. A refusal is no attempt, so the dice would fall alike for ever.
ChannelFunction send_throttled() {
  return [count = std::make_shared<std::atomic<unsigned>>(0)](const DeliveryRequest& request) {
    if (++*count % 3 == 0) return DeliveryOutcome::throttled(3s, "too many messages");
    return send_reliably(request);
  };
}

std::string person(std::uint64_t number) {
  return "user" + std::to_string(number % 500);
}

json email_to(const std::string& name) {
  return {{"email", name + "@example.com"}, {"name", name}};
}

std::string phone(std::uint64_t number) {
  return "+1202555" + std::to_string(1000 + number % 9000).substr(0, 4);
}

JobRequest request(json notification, json recipient, JobOptions options = {}) {
  return {.payload = JsonText(
              json{{"notification", std::move(notification)}, {"recipient", std::move(recipient)}}),
          .options = std::move(options)};
}

JobRequest welcome(std::uint64_t n) {
  return request({{"via", {"email", "in_app"}},
                  {"email", {{"subject", "Welcome!"}, {"text", "Good to have you with us."}}},
                  {"in_app", {{"title", "Welcome!"}, {"message", "Take the tour."}}}},
                 {{"email", email_to(person(n))}, {"in_app", {{"userId", person(n)}}}},
                 {.tags = {"welcome"}});
}

JobRequest sign_in_code(std::uint64_t n) {
  return request({{"via", {"sms"}}, {"sms", {{"text", "Your code is on its way."}}}},
                 {{"sms", {{"phone", phone(n)}}}},
                 {.queue = "critical", .priority = JobPriority::kCritical, .tags = {"sign-in"}});
}

JobRequest offer(std::uint64_t n) {
  return request({{"via", {"push"}}, {"push", {{"title", "For you"}, {"body", "New today."}}}},
                 {{"push", {{"deviceToken", "device-" + std::to_string(n % 500)}}}},
                 {.queue = "bulk", .priority = JobPriority::kLow, .tags = {"offer"}});
}

JobRequest alert(std::uint64_t n, std::string_view room) {
  return request({{"via", {"slack"}}, {"slack", {{"text", "Disk is at 91 %."}}}},
                 {{"slack", {{"channel", room}}}},
                 {.queue = "alerts",
                  .priority = JobPriority::kHigh,
                  .max_retries = room == "broken" ? 2u : 5u,
                  .retry_delay = room == "broken" ? 700ms : 3s,
                  .metadata = JsonText(json{{"host", "db-" + std::to_string(n % 8)}}),
                  .tags = {"alert"}});
}

JobRequest call(std::uint64_t n) {
  return request({{"via", {"voice"}}, {"voice", {{"text", "Your parcel arrives today."}}}},
                 {{"voice", {{"phone", phone(n)}}}}, {.queue = "calls", .tags = {"parcel"}});
}

JobRequest chat(std::uint64_t n) {
  return request({{"via", {"whatsapp"}}, {"whatsapp", {{"text", "Your table is ready."}}}},
                 {{"whatsapp", {{"phone", phone(n)}}}}, {.tags = {"booking"}});
}

JobRequest reminder(std::uint64_t n) {
  return request(
      {{"via", {"email"}}, {"email", {{"subject", "Tomorrow"}, {"text", "See you tomorrow."}}}},
      {{"email", email_to(person(n))}},
      {.queue = "reminders", .delay = 15s + Duration(1000 * (n % 120)), .tags = {"reminder"}});
}

JobRequest undeliverable() {
  return request({{"via", {"email"}}, {"email", {{"subject", "Receipt"}, {"text", "Thank you."}}}},
                 {{"email", email_to("nobody")}}, {.tags = {"receipt"}});
}

/// The jobs of one tick. A cycle of 20 ticks (5 s) has every kind, the rare ones at its beginning
/// so that they show at once. Calls come in bursts that the slow channel needs a while for.
std::vector<JobRequest> jobs_of_tick(std::uint64_t n) {
  std::vector<JobRequest> jobs;
  if (n % 2 == 0) jobs.push_back(welcome(n));
  switch (n % 20) {
    case 0:
      jobs.push_back(undeliverable());
      for (std::uint64_t i = 0; i < 4; ++i) jobs.push_back(call(n + i));
      break;
    case 1:
      // Rare enough that the channel's breaker stays closed most of the time.
      if (n % 100 == 1) jobs.push_back(alert(n, "broken"));
      break;
    case 2:
      jobs.push_back(reminder(n));
      break;
    case 7:
    case 13:
    case 17:
      jobs.push_back(offer(n));
      break;
    case 5:
    case 11:
    case 19:
      jobs.push_back(sign_in_code(n));
      break;
    case 8:
    case 14:
      jobs.push_back(chat(n));
      break;
    case 4:
    case 9:
    case 16:
      jobs.push_back(alert(n, "operations"));
      break;
    default:
      break;
  }
  return jobs;
}

/// Runs the ticks. Errors are logged and do not end the demo.
class Traffic {
 public:
  Traffic(QueueManager& queue, Log& log) : queue_(queue), log_(log) {}

  void run(const std::stop_token& stop) {
    for (std::uint64_t n = 0; pause(stop, kTick); ++n) {
      if (!has_room()) continue;
      if (auto jobs = jobs_of_tick(n); !jobs.empty()) check(queue_.enqueue_many(std::move(jobs)));
      if (n % 40 == 3) cancel_one(n);
      if (n % 40 == 20) forget_oldest();
    }
  }

 private:
  template <class T>
  bool check(const Result<T>& result) {
    if (result) return true;
    // While the engine stops every call is refused; that is no news.
    if (result.error().code != Errc::kUnavailable) {
      log_.warning("event=demo_job_refused error=" + log_value(result.error().message));
    }
    return false;
  }

  bool has_room() {
    const auto stats = queue_.get_stats();
    return check(stats) && stats->pending + stats->retrying < kMaxWaiting;
  }

  void cancel_one(std::uint64_t n) {
    const auto jobs = queue_.enqueue_many({reminder(n)});
    if (check(jobs)) check(queue_.cancel_job(jobs->front().job.id()));
  }

  void forget_oldest() {
    const auto oldest = queue_.get_jobs({.limit = 100, .ascending = true});
    if (!check(oldest) || oldest->total <= kMaxKeptJobs) return;
    for (const Job& job : oldest->jobs) {
      if (is_terminal(job.status())) check(queue_.delete_job(job.id()));
    }
  }

  QueueManager& queue_;
  Log& log_;
};

}  // namespace

void use_demo_storage(ServerConfig& config) {
  if (!config.is_set("storage.path")) config.storage.path = kStorage;
  if (!config.is_set("logs.retention_days")) config.logs.retention_days = 1;
}

void add_demo_channels(NotificationManager& notifications, const ServerConfig& config) {
  const std::array<std::tuple<const char*, ChannelFunction, int>, 6> channels = {{
      {"email", send_reliably, 8},
      {"sms", send_reliably, 4},
      {"push", send_reliably, 4},
      {"slack", send_flakily, 2},
      {"voice", send_slowly, 2},
      {"whatsapp", send_throttled(), 2},
  }};
  for (const auto& [name, function, concurrency] : channels) {
    const bool configured = std::ranges::any_of(
        config.channels, [&](const ChannelConfig& channel) { return channel.name == name; });
    if (!configured) notifications.register_channel(name, function, {.concurrency = concurrency});
  }
}

DemoTraffic::DemoTraffic(QueueManager& queue, Log& log)
    : thread_([&queue, &log](const std::stop_token& stop) { Traffic(queue, log).run(stop); }) {}

}  // namespace townkrier::server
