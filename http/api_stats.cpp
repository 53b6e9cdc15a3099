// GET /stats, /health, /health/live, /health/ready
#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "http/api.hpp"
#include "http/version.hpp"

namespace townkrier::http {

namespace {

std::string_view word_of(HealthReport::Status status) {
  switch (status) {
    case HealthReport::Status::kOk:
      return "ok";
    case HealthReport::Status::kDegraded:
      return "degraded";
    case HealthReport::Status::kFailing:
      break;
  }
  return "failing";
}

void get_stats(const ApiPtr& api, const ExchangePtr& exchange) {
  api->backend->job_stats([api, exchange](Result<QueueStats> jobs) {
    if (!jobs) return exchange->reply(jobs.error());
    api->backend->log_stats(
        {}, answer_with<StorageStats>(exchange,
                                      [jobs = *jobs, clock = api->clock](const StorageStats& logs) {
                                        return stats_response(jobs, logs, clock->now());
                                      }));
  });
}

void get_health(const ApiPtr& api, const ExchangePtr& exchange) {
  api->backend->health(
      answer_with<HealthReport>(exchange, [clock = api->clock](const HealthReport& report) {
        return health_response(report, clock->now());
      }));
}

}  // namespace

Response stats_response(const QueueStats& jobs, const StorageStats& logs, TimePoint now) {
  return json_response(200, {{"queue", queue_stats_to_json(jobs)},
                             {"notifications", storage_stats_to_json(logs)},
                             {"timestamp", to_iso8601(now)}});
}

Response health_response(const HealthReport& report, TimePoint now) {
  const bool failing = report.status == HealthReport::Status::kFailing;
  Response response = json_response(failing ? 503 : 200, {{"status", word_of(report.status)},
                                                          {"timestamp", to_iso8601(now)},
                                                          {"version", kVersion},
                                                          {"checks", report.checks}});
  if (failing) response.with_header("Retry-After", "1");
  return response;
}

void add_stats_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/stats",
                    .access = Access::kRead,
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      get_stats(api, exchange);
                    }});
  for (const char* pattern : {"/health", "/health/ready"}) {
    routes.push_back({.method = Method::kGet,
                      .pattern = pattern,
                      .access = Access::kKnown,
                      .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                        get_health(api, exchange);
                      }});
  }
  // Says that the event loop turns; asks nothing of the engine and tells nothing about it.
  routes.push_back({.method = Method::kGet,
                    .pattern = "/health/live",
                    .access = Access::kPublic,
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      exchange->reply(json_response(
                          200, {{"status", "ok"}, {"timestamp", to_iso8601(api->clock->now())}}));
                    }});
}

}  // namespace townkrier::http
