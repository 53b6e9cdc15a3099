// Every route of the API, and GET /openapi.json
#include "http/api.hpp"
#include "http/openapi.hpp"

namespace townkrier::http {

namespace {

void add_openapi_route(Routes& routes) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/openapi.json",
                    .handler = [](const ExchangePtr& exchange, const PathParams&) {
                      Response response;
                      response.body = openapi_document();
                      exchange->reply(std::move(response));
                    }});
}

}  // namespace

Routes api_routes(const ApiPtr& api) {
  Routes routes;
  add_activity_routes(routes, api);
  add_bulk_routes(routes, api);
  add_stats_routes(routes, api);
  add_job_routes(routes, api);
  add_log_routes(routes, api);
  add_notification_routes(routes, api);
  add_queue_routes(routes, api);
  add_inbox_routes(routes, api);
  add_openapi_route(routes);
  return routes;
}

}  // namespace townkrier::http
