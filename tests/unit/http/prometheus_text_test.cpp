#include "http/prometheus_text.hpp"

#include <gmock/gmock.h>

#include "core/engine_metrics.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

using ::testing::HasSubstr;
using ApiMetrics = AppTest;
using namespace std::chrono_literals;

TEST(PrometheusText, WritesCountersGaugesAndHistograms) {
  LatencyHistogram times;
  times.record(3ms);
  times.record(40ms);
  const std::vector<QueueInfo> queues = {
      {.name = "mail", .paused = true, .stats = {.pending = 4}, .oldest_age = 1500ms}};
  const std::vector<ChannelInfo> channels = {
      {.name = "email",
       .sent = 7,
       .providers = {{.name = "smtp", .breaker = "open", .sent = 7, .failed = 2}}}};
  std::vector<Metric> all = queue_metrics(queues);
  std::ranges::move(channel_metrics(channels), std::back_inserter(all));
  std::ranges::move(activity_metrics({.wait = times, .restarts = {{"query", 2}}}),
                    std::back_inserter(all));
  const std::string text = prometheus_text(all);
  for (const char* line : {
           "# TYPE townkrier_jobs gauge\n",
           "townkrier_jobs{queue=\"mail\",status=\"pending\"} 4\n",
           "townkrier_queue_oldest_age_seconds{queue=\"mail\"} 1.5\n",
           "townkrier_queue_paused{queue=\"mail\"} 1\n",
           "# TYPE townkrier_deliveries_total counter\n",
           "townkrier_deliveries_total{channel=\"email\",result=\"sent\"} 7\n",
           "townkrier_provider_breaker{channel=\"email\",provider=\"smtp\"} 2\n",
           "# TYPE townkrier_job_wait_seconds histogram\n",
           "townkrier_job_wait_seconds_bucket{le=\"0.0025\"} 0\n",
           "townkrier_job_wait_seconds_bucket{le=\"0.005\"} 1\n",
           "townkrier_job_wait_seconds_bucket{le=\"+Inf\"} 2\n",
           "townkrier_job_wait_seconds_count 2\n",
           "townkrier_actor_restarts_total{actor=\"query\"} 2\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(ApiMetrics, AreServedAsText) {
  backend_->engine_metrics = {{.name = "townkrier_up", .help = "It is", .samples = {{{}, 1}}}};
  const Response response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, kPrometheusType);
  EXPECT_THAT(response.body, HasSubstr("townkrier_up 1\n"));
}

}  // namespace
}  // namespace townkrier::http
