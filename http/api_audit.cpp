// GET /audit
#include <nlohmann/json.hpp>

#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxLimit = 500;
constexpr std::size_t kDefaultLimit = 50;
constexpr std::size_t kMaxCursorBytes = 512;

void list_audit(const ApiPtr& api, const ExchangePtr& exchange) {
  auto filter = read_audit_filter(exchange->request());
  if (!filter) return exchange->reply(filter.error());
  api->backend->audit(std::move(*filter), answer_with<AuditPage>(exchange, audit_response));
}

}  // namespace

Result<AuditFilter> read_audit_filter(const Request& request) {
  QueryReader query(request);
  AuditFilter filter;
  filter.actor = query.text("actor");
  filter.action = query.text("action");
  filter.from = query.time("from");
  filter.to = query.time("to");
  filter.limit = query.number("limit", 1, kMaxLimit, kDefaultLimit);
  filter.cursor = query.text("cursor", kMaxCursorBytes);
  if (auto checked = query.result(); !checked) return std::unexpected(checked.error());
  return filter;
}

Response audit_response(const AuditPage& page) {
  nlohmann::json entries = nlohmann::json::array();
  for (const AuditEntry& entry : page.entries) {
    nlohmann::json row = {{"id", entry.id.to_string()}, {"timestamp", to_iso8601(entry.at)},
                          {"actor", entry.actor},       {"action", entry.action},
                          {"result", entry.result},     {"count", entry.count}};
    if (!entry.role.empty()) row["role"] = entry.role;
    if (!entry.target.empty()) row["target"] = entry.target;
    entries.push_back(std::move(row));
  }
  nlohmann::json body = {{"count", entries.size()}};
  body["entries"] = std::move(entries);
  if (page.next) body["next"] = *page.next;
  return json_response(200, body);
}

void add_audit_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/audit",
                    .access = Access::kAdmin,
                    .query = {"actor", "action", "from", "to", "limit", "cursor"},
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      list_audit(api, exchange);
                    }});
}

}  // namespace townkrier::http
