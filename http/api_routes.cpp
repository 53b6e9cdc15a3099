// Every route of the API, and GET /openapi.json
#include "http/api.hpp"
#include "http/openapi.hpp"

namespace townkrier::http {

namespace {

void add_openapi_route(Routes& routes) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/openapi.json",
                    .access = Access::kKnown,
                    .handler = [](const ExchangePtr& exchange, const PathParams&) {
                      Response response;
                      response.body = openapi_document();
                      exchange->reply(std::move(response));
                    }});
}

}  // namespace

Routes api_routes(const ApiPtr& api, const SessionContext& context) {
  Routes routes;
  add_activity_routes(routes, api);
  add_bulk_routes(routes, api);
  add_stats_routes(routes, api);
  add_job_routes(routes, api);
  add_log_routes(routes, api);
  add_notification_routes(routes, api);
  add_queue_routes(routes, api);
  add_inbox_routes(routes, api);
  add_audit_routes(routes, api);
  add_receipt_routes(routes, api);
  add_suppression_routes(routes, api);
  add_event_routes(routes, api, context);
  add_session_routes(routes, context);
  add_openapi_route(routes);
  return routes;
}

}  // namespace townkrier::http
