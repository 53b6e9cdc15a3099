#include "http/http_metrics.hpp"

#include "core/engine_metrics.hpp"

namespace townkrier::http {

namespace {

using Labels = std::map<std::string, std::string>;

Labels labels_of(const std::string& route) {
  const auto space = route.find(' ');
  return {{"method", route.substr(0, space)}, {"route", route.substr(space + 1)}};
}

}  // namespace

void HttpMetrics::count(const std::string& route, int status, std::chrono::microseconds took) {
  const std::lock_guard lock(mutex_);
  ++answers_[{route, status}];
  times_[route].record(took);
}

void HttpMetrics::count_unrouted(int status) {
  const std::lock_guard lock(mutex_);
  ++answers_[{"any (other)", status}];
}

std::vector<Metric> HttpMetrics::metrics() const {
  Metric answers{.name = "townkrier_http_requests_total",
                 .help = "Answered requests by route and status.",
                 .kind = Metric::Kind::kCounter,
                 .samples = {},
                 .histograms = {}};
  Metric times{.name = "townkrier_http_request_seconds",
               .help = "From a request's arrival to its answer, by route.",
               .kind = Metric::Kind::kHistogram,
               .samples = {},
               .histograms = {}};
  const std::lock_guard lock(mutex_);
  for (const auto& [key, count] : answers_) {
    Labels labels = labels_of(key.first);
    labels["status"] = std::to_string(key.second);
    answers.samples.push_back({std::move(labels), static_cast<double>(count)});
  }
  for (const auto& [route, histogram] : times_) {
    times.histograms.push_back(seconds_of(histogram, labels_of(route)));
  }
  return {std::move(answers), std::move(times)};
}

}  // namespace townkrier::http
