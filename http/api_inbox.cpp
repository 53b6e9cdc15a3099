// GET /inbox/:userId, POST /inbox/:userId/:id/read, /inbox/:userId/read-all
#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxLimit = 500;
constexpr std::size_t kDefaultLimit = 50;
constexpr std::size_t kMaxCursorBytes = 512;

void list_inbox(const ApiPtr& api, const ExchangePtr& exchange, const PathParams& params) {
  QueryReader query(exchange->request());
  const std::size_t limit = query.number("limit", 1, kMaxLimit, kDefaultLimit);
  auto cursor = query.text("cursor", kMaxCursorBytes);
  if (auto checked = query.result(); !checked) return exchange->reply(checked.error());
  api->backend->inbox(params[0], limit, std::move(cursor),
                      answer_with<InboxPage>(exchange, [](const InboxPage& page) {
                        nlohmann::json messages = nlohmann::json::array();
                        for (const auto& one : page.messages) {
                          messages.push_back(inbox_message_to_json(one));
                        }
                        nlohmann::json body = {{"unread", page.unread}};
                        body["messages"] = std::move(messages);
                        if (page.next) body["next"] = *page.next;
                        return json_response(200, body);
                      }));
}

void mark_read(const ApiPtr& api, const ExchangePtr& exchange, const std::string& user,
               const LogId& id) {
  api->backend->mark_read(user, id, answer_with<std::uint64_t>(exchange, [](std::uint64_t marked) {
                            return json_response(200, {{"success", true}, {"marked", marked}});
                          }));
}

}  // namespace

void add_inbox_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/inbox/:userId",
                    .access = Access::kLookUp,
                    .query = {"limit", "cursor"},
                    .handler = [api](const ExchangePtr& exchange, const PathParams& params) {
                      list_inbox(api, exchange, params);
                    }});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/inbox/:userId/read-all",
                    .access = Access::kProduce,
                    .audit = {"inbox.read", std::nullopt, AuditRule::Rows::kCounted},
                    .handler = [api](const ExchangePtr& exchange, const PathParams& params) {
                      mark_read(api, exchange, params[0], LogId{});
                    }});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/inbox/:userId/:id/read",
                    .access = Access::kProduce,
                    .audit = {"inbox.read", std::nullopt, AuditRule::Rows::kCounted},
                    .handler = [api](const ExchangePtr& exchange, const PathParams& params) {
                      const auto id = read_id(params[1], "message");
                      if (!id) return exchange->reply(id.error());
                      mark_read(api, exchange, params[0], *id);
                    }});
}

}  // namespace townkrier::http
