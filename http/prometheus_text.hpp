#pragma once

/// \file http/prometheus_text.hpp
/// Metrics in Prometheus' text format, written by prometheus-cpp. Pure.

#include <span>
#include <string>

#include "townkrier/metrics.hpp"

namespace townkrier::http {

inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

std::string prometheus_text(std::span<const Metric> metrics);

}  // namespace townkrier::http
