#include "http/prometheus_text.hpp"

#include <limits>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace townkrier::http {

namespace {

std::vector<prometheus::ClientMetric::Label> labels_of(
    const std::map<std::string, std::string>& labels) {
  std::vector<prometheus::ClientMetric::Label> all;
  for (const auto& [name, value] : labels) all.push_back({name, value});
  return all;
}

prometheus::ClientMetric client_metric(const MetricSample& sample, Metric::Kind kind) {
  prometheus::ClientMetric metric;
  metric.label = labels_of(sample.labels);
  if (kind == Metric::Kind::kCounter) metric.counter.value = sample.value;
  if (kind == Metric::Kind::kGauge) metric.gauge.value = sample.value;
  return metric;
}

prometheus::ClientMetric client_metric(const MetricHistogram& histogram) {
  prometheus::ClientMetric metric;
  metric.label = labels_of(histogram.labels);
  metric.histogram.sample_count = histogram.count;
  metric.histogram.sample_sum = histogram.sum;
  for (const auto& [bound, count] : histogram.buckets) {
    metric.histogram.bucket.push_back({count, bound});
  }
  metric.histogram.bucket.push_back({histogram.count, std::numeric_limits<double>::infinity()});
  return metric;
}

prometheus::MetricType type_of(Metric::Kind kind) {
  switch (kind) {
    case Metric::Kind::kCounter:
      return prometheus::MetricType::Counter;
    case Metric::Kind::kGauge:
      return prometheus::MetricType::Gauge;
    case Metric::Kind::kHistogram:
      break;
  }
  return prometheus::MetricType::Histogram;
}

}  // namespace

std::string prometheus_text(std::span<const Metric> metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const Metric& metric : metrics) {
    prometheus::MetricFamily family;
    family.name = metric.name;
    family.help = metric.help;
    family.type = type_of(metric.kind);
    for (const MetricSample& sample : metric.samples) {
      family.metric.push_back(client_metric(sample, metric.kind));
    }
    for (const MetricHistogram& histogram : metric.histograms) {
      family.metric.push_back(client_metric(histogram));
    }
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace townkrier::http
