// GET and POST /suppressions, POST /suppressions/remove, /opt-outs, /opt-outs/remove,
// /opt-outs/find
#include <nlohmann/json.hpp>

#include "core/json_reader.hpp"
#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxLimit = 500;
constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMaxOffset = 1'000'000;

enum class Wants : std::uint8_t { kAddress, kReason, kCategory };

/// `{channel, address, reason? | category?}`. Addresses never stand in a URL, which is logged.
Result<Suppression> read_entry(const Request& request, const ApiContext& api, Wants wants) {
  const auto body = read_json_body(request, api.max_body_bytes);
  if (!body) return std::unexpected(body.error());
  FieldErrors errors;
  JsonReader reader(*body, "", errors);
  Suppression entry;
  constexpr StringLimits kName{.min_bytes = 1, .max_bytes = 64};
  entry.channel_type = reader.required_string("channel", kName).value_or("");
  entry.address =
      reader.required_string("address", {.min_bytes = 1, .max_bytes = 512}).value_or("");
  if (wants == Wants::kCategory) {
    entry.category = reader.required_string("category", kName).value_or("");
    entry.reason = "opted_out";
  } else if (wants == Wants::kReason) {
    entry.reason = reader.optional_string("reason", kName).value_or("suppressed");
  }
  reader.refuse_unknown();
  if (auto checked = errors.result(); !checked) return std::unexpected(checked.error());
  return entry;
}

json to_json(const Suppression& entry) {
  json object = {{"channel", entry.channel_type},
                 {"address", entry.address},
                 {"reason", entry.reason},
                 {"at", to_iso8601(entry.at)}};
  if (!entry.category.empty()) object["category"] = entry.category;
  return object;
}

Response page_response(const SuppressionPage& page) {
  json rows = json::array();
  for (const Suppression& entry : page.entries) rows.push_back(to_json(entry));
  return json_response(200, {{"suppressions", std::move(rows)}, {"total", page.total}});
}

void list_suppressions(const ApiPtr& api, const ExchangePtr& exchange) {
  QueryReader query(exchange->request());
  SuppressionFilter filter;
  filter.channel_type = query.text("channel");
  filter.category = query.text("category");
  filter.limit = query.number("limit", 1, kMaxLimit, kDefaultLimit);
  filter.offset = query.number("offset", 0, kMaxOffset, 0);
  if (auto checked = query.result(); !checked) return exchange->reply(checked.error());
  api->backend->suppressions(std::move(filter),
                             answer_with<SuppressionPage>(exchange, page_response));
}

void find_opt_outs(const ApiPtr& api, const ExchangePtr& exchange) {
  auto wanted = read_entry(exchange->request(), *api, Wants::kAddress);
  if (!wanted) return exchange->reply(wanted.error());
  SuppressionFilter filter{.channel_type = std::move(wanted->channel_type),
                           .address = std::move(wanted->address)};
  api->backend->suppressions(std::move(filter),
                             answer_with<SuppressionPage>(exchange, page_response));
}

void add(const ApiPtr& api, const ExchangePtr& exchange, Wants wants) {
  auto entry = read_entry(exchange->request(), *api, wants);
  if (!entry) return exchange->reply(entry.error());
  api->backend->suppress(std::move(*entry), answer_with<bool>(exchange, [](bool added) {
                           return json_response(200, {{"success", true}, {"added", added}});
                         }));
}

void remove(const ApiPtr& api, const ExchangePtr& exchange, Wants wants) {
  auto entry = read_entry(exchange->request(), *api, wants);
  if (!entry) return exchange->reply(entry.error());
  api->backend->unsuppress(std::move(*entry), answer_with<bool>(exchange, [](bool removed) {
                             return json_response(200, {{"success", true}, {"removed", removed}});
                           }));
}

Route post_route(std::string pattern, Access access, AuditRule audit, RouteHandler handler) {
  return {.method = Method::kPost,
          .pattern = std::move(pattern),
          .access = access,
          .body = BodyKind::kJson,
          .audit = std::move(audit),
          .handler = std::move(handler)};
}

}  // namespace

void add_suppression_routes(Routes& routes, const ApiPtr& api) {
  constexpr auto kCounted = AuditRule::Rows::kCounted;
  routes.push_back({.method = Method::kGet,
                    .pattern = "/suppressions",
                    .access = Access::kRead,
                    .query = {"channel", "category", "limit", "offset"},
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      list_suppressions(api, exchange);
                    }});
  routes.push_back(post_route("/suppressions", Access::kOperate, {"suppression.add"},
                              [api](const ExchangePtr& exchange, const PathParams&) {
                                add(api, exchange, Wants::kReason);
                              }));
  routes.push_back(post_route("/suppressions/remove", Access::kOperate, {"suppression.remove"},
                              [api](const ExchangePtr& exchange, const PathParams&) {
                                remove(api, exchange, Wants::kAddress);
                              }));
  routes.push_back(post_route("/opt-outs", Access::kProduce, {"optout.add", std::nullopt, kCounted},
                              [api](const ExchangePtr& exchange, const PathParams&) {
                                add(api, exchange, Wants::kCategory);
                              }));
  routes.push_back(post_route("/opt-outs/remove", Access::kProduce,
                              {"optout.remove", std::nullopt, kCounted},
                              [api](const ExchangePtr& exchange, const PathParams&) {
                                remove(api, exchange, Wants::kCategory);
                              }));
  routes.push_back(post_route(
      "/opt-outs/find", Access::kProduce, {"optout.find", std::nullopt, kCounted},
      [api](const ExchangePtr& exchange, const PathParams&) { find_opt_outs(api, exchange); }));
}

}  // namespace townkrier::http
