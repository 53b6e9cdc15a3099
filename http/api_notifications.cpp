// POST /notifications, /notifications/send, /notifications/batch
#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "core/request_json.hpp"
#include "core/strict_json.hpp"
#include "http/access.hpp"
#include "http/api.hpp"
#include "http/idempotency.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxBatchRows = 10'000;

enum class Atomic : std::uint8_t { kNo, kYes };

Result<JobRequest> read_notification(const Request& request, const ApiContext& api) {
  const auto body = read_json_body(request, api.max_body_bytes);
  if (!body) return std::unexpected(body.error());
  return parse_notification_request(*body, api.clock->now());
}

void post_notification(const ApiPtr& api, const ExchangePtr& exchange) {
  auto request = read_notification(exchange->request(), *api);
  if (!request) return exchange->reply(request.error());
  auto key = read_idempotency_key(exchange->request(), exchange->identity(), "/notifications");
  if (!key) return exchange->reply(key.error());
  exchange->release_body();
  std::vector<JobRequest> requests;
  requests.push_back(std::move(*request));
  enqueue(*api, std::move(*key), std::move(requests),
          answer_with<std::vector<EnqueuedJob>>(
              exchange, [privacy = api->backend->privacy()](const std::vector<EnqueuedJob>& jobs) {
                return enqueued_response(jobs.at(0), privacy);
              }));
}

// What would be silently lost: an immediate send has no time to wait for and no job to find again.
Result<void> check_immediate(const JobOptions& options) {
  constexpr std::string_view kNoTime = "an immediate send cannot wait";
  FieldErrors errors;
  if (options.scheduled_for) errors.add("/options/scheduledFor", std::string(kNoTime));
  if (options.delay) errors.add("/options/delay", std::string(kNoTime));
  if (!options.unique_key.empty()) {
    errors.add("/options/uniqueKey", "an immediate send makes no job that could be found again");
  }
  return errors.result();
}

void send_notification(const ApiPtr& api, const ExchangePtr& exchange) {
  auto request = read_notification(exchange->request(), *api);
  exchange->release_body();
  if (!request) return exchange->reply(request.error());
  if (auto checked = check_immediate(request->options); !checked) {
    return exchange->reply(checked.error());
  }
  api->backend->send_now(std::move(*request),
                         answer_with<SendReport>(exchange, [](const SendReport& report) {
                           return json_response(200, send_report_to_json(report));
                         }));
}

Result<std::vector<Result<nlohmann::json>>> batch_documents(const Request& request,
                                                            std::size_t max_bytes) {
  std::vector<Result<nlohmann::json>> rows;
  if (media_type(request) == kJsonType) {
    auto body = read_json_body(request, max_bytes);
    if (!body) return std::unexpected(body.error());
    if (!body->is_array()) return fail_field(Errc::kInvalidArgument, "", "must be an array");
    for (auto& row : *body) rows.emplace_back(std::move(row));
    return rows;
  }
  const std::string_view text = request.body;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    start = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    rows.push_back(parse_json(line, {.max_bytes = max_bytes}));
    if (rows.size() > kMaxBatchRows) break;
  }
  return rows;
}

Result<JobRequest> read_row(const Result<nlohmann::json>& document, const ApiContext& api) {
  if (!document) return std::unexpected(document.error());
  auto request = parse_notification_request(*document, api.clock->now());
  if (!request) return request;
  if (auto checked = api.backend->check(*request); !checked) {
    return std::unexpected(checked.error());
  }
  return request;
}

// All rows' problems as one 422, pointers prefixed by the row.
Error atomic_error(const std::vector<BatchRows::Rejected>& rejected) {
  FieldErrors errors;
  for (const auto& [index, error] : rejected) {
    const std::string row = pointer_to("", index);
    if (error.fields.empty()) errors.add(row, error.message);
    for (const auto& [pointer, detail] : error.fields) errors.add(row + pointer, detail);
  }
  return errors.to_error();
}

void post_batch(const ApiPtr& api, const ExchangePtr& exchange) {
  QueryReader query(exchange->request());
  const auto atomic = query.parsed("atomic", [](std::string_view text) {
    return parse_word(text, {"false", "true"});
  });
  if (auto checked = query.result(); !checked) return exchange->reply(checked.error());
  auto rows = read_batch(exchange->request(), *api);
  if (!rows) return exchange->reply(rows.error());
  auto key =
      read_idempotency_key(exchange->request(), exchange->identity(), "/notifications/batch");
  if (!key) return exchange->reply(key.error());
  exchange->release_body();
  if (atomic.value_or(0) == 1 && !rows->rejected.empty()) {
    return exchange->reply(atomic_error(rows->rejected));
  }
  if (rows->accepted.empty()) return exchange->reply(batch_response({}, rows->rejected));
  const bool keyed = key->has_value();
  enqueue(
      *api, std::move(*key), std::move(rows->accepted),
      answer_with<std::vector<EnqueuedJob>>(exchange, [keyed, rejected = std::move(rows->rejected)](
                                                          const std::vector<EnqueuedJob>& jobs) {
        const bool repeated = keyed && std::ranges::all_of(jobs, &EnqueuedJob::deduplicated);
        return batch_response(jobs, rejected, repeated ? BatchTurn::kRepeated : BatchTurn::kFirst);
      }));
}

Route post_route(std::string pattern, std::string action, BodyKind body, RouteHandler handler) {
  return {.method = Method::kPost,
          .pattern = std::move(pattern),
          .access = Access::kProduce,
          .body = body,
          .audit = {std::move(action), std::nullopt, AuditRule::Rows::kCounted},
          .handler = std::move(handler),
          .key = KeyUse::kTaken};
}

}  // namespace

Result<BatchRows> read_batch(const Request& request, const ApiContext& api) {
  const auto documents = batch_documents(request, api.max_body_bytes);
  if (!documents) return std::unexpected(documents.error());
  if (documents->empty()) return fail(Errc::kInvalidArgument, "the batch has no rows");
  if (documents->size() > kMaxBatchRows) {
    return fail(Errc::kTooLarge, "a batch has at most " + std::to_string(kMaxBatchRows) + " rows");
  }
  BatchRows rows;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    auto row = read_row((*documents)[i], api);
    if (row) {
      rows.accepted.push_back(std::move(*row));
    } else {
      rows.rejected.push_back({i, std::move(row.error())});
    }
  }
  return rows;
}

Response batch_response(const std::vector<EnqueuedJob>& enqueued,
                        const std::vector<BatchRows::Rejected>& rejected, BatchTurn turn) {
  nlohmann::json ids = nlohmann::json::array();
  for (const EnqueuedJob& one : enqueued) ids.push_back(one.job.id().to_string());
  nlohmann::json refused = nlohmann::json::array();
  for (const auto& [index, error] : rejected) {
    refused.push_back(
        {{"index", index}, {"detail", error.message}, {"code", to_string(error.code)}});
  }
  nlohmann::json body = {{"accepted", enqueued.size()}};
  body["rejected"] = std::move(refused);
  body["ids"] = std::move(ids);
  if (turn == BatchTurn::kFirst) return json_response(202, body);
  body["deduplicated"] = true;
  return json_response(200, body);
}

void add_notification_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back(post_route(
      "/notifications", "notification.enqueue", BodyKind::kJson,
      [api](const ExchangePtr& exchange, const PathParams&) { post_notification(api, exchange); }));
  routes.push_back(post_route(
      "/notifications/send", "notification.send", BodyKind::kJson,
      [api](const ExchangePtr& exchange, const PathParams&) { send_notification(api, exchange); }));
  routes.back().key = KeyUse::kRefused;
  routes.push_back(post_route(
      "/notifications/batch", "notification.batch", BodyKind::kJsonOrNdjson,
      [api](const ExchangePtr& exchange, const PathParams&) { post_batch(api, exchange); }));
  routes.back().query = {"atomic"};
}

}  // namespace townkrier::http
