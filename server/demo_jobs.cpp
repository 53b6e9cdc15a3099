// The jobs of the demo: who gets what.
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/demo_parts.hpp"

namespace townkrier::server {
namespace {

using nlohmann::json;

constexpr std::uint64_t kNewsletterReaders = 12;

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

/// The e-mail is only sent when the push message fails.
JobRequest offer(std::uint64_t n) {
  return request({{"via", {"push", "email"}},
                  {"fallback", json::array({json{{"channel", "email"}, {"insteadOf", "push"}}})},
                  {"push", {{"title", "For you"}, {"body", "New today."}}},
                  {"email", {{"subject", "For you"}, {"text", "New today."}}}},
                 {{"push", {{"deviceToken", "device-" + std::to_string(n % 500)}}},
                  {"email", email_to(person(n))}},
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

JobRequest undeliverable() {
  return request({{"via", {"email"}}, {"email", {{"subject", "Receipt"}, {"text", "Thank you."}}}},
                 {{"email", email_to("nobody")}}, {.tags = {"receipt"}});
}

JobRequest report(std::uint64_t n) {
  static constexpr std::string_view kNames[] = {"sales", "churn", "stock"};
  return {
      .kind = "report",
      .payload = JsonText(json{{"name", kNames[n / 20 % 3]}, {"month", "2026-10"}, {"pages", 12}}),
      .options = {.queue = "reports", .tags = {"monthly"}}};
}

JobRequest import(std::uint64_t n, std::string_view file) {
  return {.kind = "import",
          .payload = JsonText(json{{"file", file}, {"rows", 400 + n % 90}}),
          .options = {.queue = "imports",
                      .priority = JobPriority::kLow,
                      .max_retries = 2,
                      .retry_delay = 2s,
                      .tags = {"nightly"}}};
}

/// Those that most ticks have: short messages.
void add_messages(std::uint64_t n, std::vector<JobRequest>& jobs) {
  switch (n % 20) {
    case 7:
    case 13:
    case 17:
      return jobs.push_back(offer(n));
    case 5:
    case 11:
    case 19:
      return jobs.push_back(sign_in_code(n));
    case 8:
    case 14:
      return jobs.push_back(chat(n));
    case 4:
    case 9:
    case 16:
      return jobs.push_back(alert(n, "operations"));
    default:
      return;
  }
}

}  // namespace

JobRequest demo_reminder(std::uint64_t n) {
  return request(
      {{"via", {"email"}}, {"email", {{"subject", "Tomorrow"}, {"text", "See you tomorrow."}}}},
      {{"email", email_to(person(n))}},
      {.queue = "reminders", .delay = 15s + Duration(1000 * (n % 120)), .tags = {"reminder"}});
}

std::vector<JobRequest> demo_newsletter() {
  std::vector<JobRequest> jobs;
  for (std::uint64_t i = 0; i < kNewsletterReaders; ++i) {
    jobs.push_back(request(
        {{"via", {"email"}}, {"email", {{"subject", "News in November"}, {"text", "Dear reader"}}}},
        {{"email", email_to(person(7 * i))}},
        {.queue = kDemoPausedQueue, .priority = JobPriority::kLow, .tags = {"newsletter"}}));
  }
  return jobs;
}

std::vector<JobRequest> demo_jobs_of_tick(std::uint64_t n) {
  std::vector<JobRequest> jobs;
  if (n % 2 == 0) jobs.push_back(welcome(n));
  if (n % 20 == 0) {
    jobs.push_back(undeliverable());
    jobs.push_back(report(n));
    for (std::uint64_t i = 0; i < 4; ++i) jobs.push_back(call(n + i));
  }
  // Rare enough that the channel's breaker stays closed most of the time.
  if (n % 100 == 1) jobs.push_back(alert(n, "broken"));
  if (n % 40 == 1) jobs.push_back(import(n, n % 80 == 1 ? "prices.csv" : "customers.csv"));
  if (n % 40 == 21) jobs.push_back(import(n, "orders.csv"));
  if (n % 20 == 2) jobs.push_back(demo_reminder(n));
  add_messages(n, jobs);
  return jobs;
}

}  // namespace townkrier::server
