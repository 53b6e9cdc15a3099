#include "core/engine_metrics.hpp"

#include <array>
#include <functional>
#include <string_view>
#include <utility>

namespace townkrier {

namespace {

using Labels = std::map<std::string, std::string>;
using Kind = Metric::Kind;

constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};
constexpr std::array kSizes = {1.0,   2.0,   5.0,   10.0,   25.0,  50.0,
                               100.0, 250.0, 500.0, 1000.0, 5000.0};

template <class Bounds>
MetricHistogram coarse(const LatencyHistogram& fine, const Bounds& bounds, double unit,
                       Labels labels) {
  MetricHistogram histogram;
  histogram.labels = std::move(labels);
  histogram.count = fine.count();
  for (const double bound : bounds) histogram.buckets.emplace_back(bound, 0);
  for (const auto& [bucket, count] : fine.filled()) {
    const double value = static_cast<double>(LatencyHistogram::value_of(bucket).count()) / unit;
    histogram.sum += value * static_cast<double>(count);
    for (auto& [bound, cumulative] : histogram.buckets) {
      if (value <= bound) cumulative += count;
    }
  }
  return histogram;
}

Metric counter(std::string name, std::string help) {
  return {std::move(name), std::move(help), Kind::kCounter, {}, {}};
}
Metric gauge(std::string name, std::string help) {
  return {std::move(name), std::move(help), Kind::kGauge, {}, {}};
}
Metric histogram(std::string name, std::string help, MetricHistogram values) {
  return {std::move(name), std::move(help), Kind::kHistogram, {}, {std::move(values)}};
}

void add(Metric& metric, Labels labels, double value) {
  metric.samples.push_back({std::move(labels), value});
}
void add(Metric& metric, Labels labels, std::uint64_t value) {
  add(metric, std::move(labels), static_cast<double>(value));
}

double seconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

double breaker_number(std::string_view state) {
  if (state == "open") return 2;
  return state == "half-open" ? 1 : 0;
}

}  // namespace

MetricHistogram seconds_of(const LatencyHistogram& times, Labels labels) {
  return coarse(times, kBounds, 1e6, std::move(labels));
}

std::vector<Metric> queue_metrics(std::span<const QueueInfo> queues) {
  Metric jobs = gauge("townkrier_jobs", "Jobs by queue and status");
  Metric age = gauge("townkrier_queue_oldest_age_seconds",
                     "Since the oldest pending job became due; 0 without one");
  Metric paused = gauge("townkrier_queue_paused", "1 while no jobs of the queue are run");
  for (const QueueInfo& queue : queues) {
    const QueueStats& s = queue.stats;
    const std::pair<const char*, std::uint64_t> counts[] = {
        {"pending", s.pending},    {"processing", s.processing}, {"completed", s.completed},
        {"failed", s.failed},      {"retrying", s.retrying},     {"scheduled", s.scheduled},
        {"cancelled", s.cancelled}};
    for (const auto& [status, count] : counts) {
      add(jobs, {{"queue", queue.name}, {"status", status}}, count);
    }
    const Duration oldest = queue.oldest_age.value_or(Duration{0});
    add(age, {{"queue", queue.name}}, static_cast<double>(oldest.count()) / 1000);
    add(paused, {{"queue", queue.name}}, queue.paused ? 1.0 : 0.0);
  }
  return {std::move(jobs), std::move(age), std::move(paused)};
}

std::vector<Metric> channel_metrics(std::span<const ChannelInfo> channels) {
  Metric deliveries = counter("townkrier_deliveries_total", "Deliveries by channel and result");
  Metric tries = counter("townkrier_provider_tries_total", "Tries by provider and result");
  Metric in_flight = gauge("townkrier_channel_in_flight", "Deliveries handed to a provider");
  Metric waiting = gauge("townkrier_channel_waiting", "Pending jobs with a delivery for it");
  Metric breaker = gauge("townkrier_provider_breaker", "0 closed, 1 half-open, 2 open");
  Metric latency = gauge("townkrier_provider_latency_seconds",
                         "From hand-over to answer, over the last five to ten minutes");
  for (const ChannelInfo& channel : channels) {
    const Labels name = {{"channel", channel.name}};
    const auto with = [](Labels labels, const char* key, std::string value) {
      labels[key] = std::move(value);
      return labels;
    };
    add(deliveries, with(name, "result", "sent"), channel.sent);
    add(deliveries, with(name, "result", "failed"), channel.failed);
    add(deliveries, with(name, "result", "retried"), channel.retried);
    add(in_flight, name, channel.in_flight);
    add(waiting, name, channel.waiting);
    for (const ProviderInfo& provider : channel.providers) {
      const Labels both = with(name, "provider", provider.name);
      add(tries, with(both, "result", "sent"), provider.sent);
      add(tries, with(both, "result", "failed"), provider.failed);
      add(breaker, both, breaker_number(provider.breaker));
      add(latency, with(both, "quantile", "0.5"), seconds(provider.latency.p50));
      add(latency, with(both, "quantile", "0.95"), seconds(provider.latency.p95));
      add(latency, with(both, "quantile", "0.99"), seconds(provider.latency.p99));
    }
  }
  return {std::move(deliveries), std::move(tries),   std::move(in_flight),
          std::move(waiting),    std::move(breaker), std::move(latency)};
}

std::vector<Metric> activity_metrics(const ActivityCounters& counters) {
  std::vector<Metric> all;
  Metric jobs = counter("townkrier_job_events_total", "What became of jobs since the start");
  for (std::size_t i = 0; i < kSeriesMetricCount; ++i) {
    const auto metric = static_cast<SeriesMetric>(i);
    add(jobs, {{"event", std::string(to_string(metric))}}, counters.totals[metric]);
  }
  all.push_back(std::move(jobs));
  all.push_back(histogram("townkrier_job_wait_seconds", "From due to the begin of an attempt",
                          seconds_of(counters.wait)));
  all.push_back(histogram("townkrier_job_run_seconds", "Of attempts, from begin to end",
                          seconds_of(counters.run)));
  all.push_back(histogram("townkrier_commit_seconds", "Of group commits, with their sync",
                          seconds_of(counters.commit_time)));
  all.push_back(histogram("townkrier_commit_jobs", "Jobs written by one group commit",
                          coarse(counters.commit_jobs, kSizes, 1, {})));
  Metric restarts = counter("townkrier_actor_restarts_total", "Actors restarted by role");
  for (const auto& [role, count] : counters.restarts) add(restarts, {{"actor", role}}, count);
  all.push_back(std::move(restarts));
  return all;
}

}  // namespace townkrier
