// GET /metrics, beside the API and below it
#include <algorithm>
#include <iterator>

#include "http/api.hpp"
#include "http/prometheus_text.hpp"

namespace townkrier::http {

Route metrics_route(const ApiPtr& api) {
  return {.method = Method::kGet,
          .pattern = "/metrics",
          .access = Access::kRead,
          .handler = [api](const ExchangePtr& exchange, const PathParams&) {
            api->backend->metrics(
                answer_with<std::vector<Metric>>(exchange, [api](std::vector<Metric> metrics) {
                  if (api->requests) {
                    std::ranges::move(api->requests->metrics(), std::back_inserter(metrics));
                  }
                  Response response;
                  response.content_type = kPrometheusType;
                  response.body = prometheus_text(metrics);
                  return response;
                }));
          }};
}

}  // namespace townkrier::http
