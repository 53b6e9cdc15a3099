// GET /logs, /logs/:id, POST /logs/cleanup
#include <array>

#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxLimit = 200;
constexpr std::size_t kDefaultLimit = 50;
constexpr std::size_t kMaxOffset = 10'000;
constexpr std::size_t kMaxTagsBytes = 2048;

const std::vector<std::string> kLogQuery = {
    "notificationId", "jobId", "channel", "status", "recipient", "startDate", "endDate",
    "tags",           "limit", "offset",  "sortBy", "sortOrder", "cursor"};

constexpr std::array<std::string_view, 17> kLogColumns = {
    "id",       "notificationId", "jobId",    "channel",     "recipient", "status",
    "provider", "messageId",      "attempts", "subject",     "content",   "error",
    "tags",     "createdAt",      "sentAt",   "deliveredAt", "failedAt"};

std::vector<std::string> split_tags(std::string_view text) {
  std::vector<std::string> tags;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    if (end > start) tags.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return tags;
}

void list_logs(const ApiPtr& api, const ExchangePtr& exchange) {
  auto filter = read_log_filter(exchange->request());
  if (!filter) return exchange->reply(filter.error());
  auto cursor = api->cursors.open(exchange->request());
  if (!cursor) return exchange->reply(cursor.error());
  filter->cursor = std::move(*cursor);
  api->backend->query_logs(
      *filter,
      answer_with<LogPage>(exchange, [api, exchange, filter = *filter](const LogPage& page) {
        const Request& request = exchange->request();
        return logs_response(sealed(page, *api, request), filter, list_format(request));
      }));
}

void get_log(const ApiPtr& api, const ExchangePtr& exchange, const PathParams& params) {
  const auto id = read_id(params[0], "log");
  if (!id) return exchange->reply(id.error());
  api->backend->get_log(*id, answer_with<NotificationLog>(exchange, [](const NotificationLog& log) {
    return json_response(200, log_to_json(log));
  }));
}

void cleanup(const ApiPtr& api, const ExchangePtr& exchange) {
  const auto older_than = read_cleanup(exchange->request(), api->max_body_bytes);
  if (!older_than) return exchange->reply(older_than.error());
  api->backend->cleanup_logs(*older_than,
                             answer_with<std::uint64_t>(exchange, [](std::uint64_t deleted) {
                               return json_response(200, {{"deleted", deleted}});
                             }));
}

}  // namespace

Result<LogFilter> read_log_filter(const Request& request) {
  QueryReader query(request);
  LogFilter filter;
  filter.notification_id = query.text("notificationId");
  filter.job_id = query.parsed("jobId", Uuid::parse);
  filter.channel = query.text("channel");
  filter.status = query.parsed("status", parse_log_status);
  filter.recipient = query.text("recipient");
  filter.start_date = query.time("startDate");
  filter.end_date = query.time("endDate");
  filter.tags = split_tags(query.text("tags", kMaxTagsBytes).value_or(""));
  filter.limit = query.number("limit", 1, kMaxLimit, kDefaultLimit);
  filter.offset = query.number("offset", 0, kMaxOffset, 0);
  const auto sort_by = query.parsed("sortBy", [](std::string_view text) {
    return parse_word(text, {"createdAt", "sentAt", "deliveredAt"});
  });
  filter.sort_by = static_cast<LogFilter::SortBy>(sort_by.value_or(0));
  const auto order = query.parsed("sortOrder", [](std::string_view text) {
    return parse_word(text, {"desc", "asc"});
  });
  filter.ascending = order.value_or(0) == 1;
  filter.time_budget = kListBudget;
  if (auto checked = query.result(); !checked) return std::unexpected(checked.error());
  return filter;
}

Result<TimePoint> read_cleanup(const Request& request, std::size_t max_bytes) {
  const auto body = read_json_body(request, max_bytes);
  if (!body) return std::unexpected(body.error());
  FieldErrors errors;
  JsonReader reader(*body, "", errors);
  const auto text = reader.required_string("olderThan", {.max_bytes = 64});
  reader.refuse_unknown();
  Result<TimePoint> time = TimePoint{};
  if (text) {
    time = parse_iso8601(*text);
    if (!time) errors.add("/olderThan", time.error().message);
  }
  if (auto checked = errors.result(); !checked) return std::unexpected(checked.error());
  return time;
}

Response logs_response(const LogPage& page, const LogFilter& filter, ListFormat format) {
  std::vector<nlohmann::json> rows;
  for (const NotificationLog& log : page.logs) rows.push_back(log_to_json(log));
  if (format != ListFormat::kJson) {
    return export_response(
        rows, {.format = format, .name = "logs", .columns = kLogColumns, .next = page.next});
  }
  nlohmann::json body = {{"total", page.total},
                         {"totalExact", page.total_exact},
                         {"truncated", page.truncated},
                         {"page", {{"offset", filter.offset}, {"limit", filter.limit}}},
                         {"logs", std::move(rows)}};
  if (page.next) body["next"] = *page.next;
  if (page.prev) body["prev"] = *page.prev;
  return json_response(200, body);
}

void add_log_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/logs",
                    .access = Access::kRead,
                    .query = kLogQuery,
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      list_logs(api, exchange);
                    }});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/logs/:id",
                    .access = Access::kRead,
                    .handler = [api](const ExchangePtr& exchange, const PathParams& params) {
                      get_log(api, exchange, params);
                    }});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/logs/cleanup",
                    .access = Access::kAdmin,
                    .body = BodyKind::kJson,
                    .audit = {"logs.cleanup"},
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      cleanup(api, exchange);
                    }});
}

}  // namespace townkrier::http
