// GET /jobs, /jobs/:id, POST /jobs, /jobs/:id/{retry,cancel,run}, DELETE /jobs/:id
#include <array>

#include <nlohmann/json.hpp>

#include "core/job_json.hpp"
#include "core/request_json.hpp"
#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxLimit = 200;
constexpr std::size_t kDefaultLimit = 50;
constexpr std::size_t kMaxOffset = 10'000;

const std::vector<std::string> kJobQuery = {"status*", "queue",  "kind",  "channel", "priority",
                                            "tag",     "q",      "from",  "to",      "sort",
                                            "limit",   "offset", "cursor"};

constexpr std::array<std::string_view, 16> kJobColumns = {
    "id",         "kind",      "queue",     "status",       "priority",    "attempts",
    "maxRetries", "createdAt", "updatedAt", "scheduledFor", "processedAt", "completedAt",
    "failedAt",   "error",     "tags",      "metadata"};

std::string_view message_of(JobAction action) {
  switch (action) {
    case JobAction::kRetry:
      return "Job queued for retry";
    case JobAction::kCancel:
      return "Job cancelled";
    case JobAction::kDelete:
      return "Job deleted";
    case JobAction::kRunNow:
      break;
  }
  return "Job is due now";
}

std::string_view word_of(JobAction action) {
  switch (action) {
    case JobAction::kRetry:
      return "retry";
    case JobAction::kCancel:
      return "cancel";
    case JobAction::kDelete:
      return "delete";
    case JobAction::kRunNow:
      break;
  }
  return "run";
}

void list_jobs(const ApiPtr& api, const ExchangePtr& exchange) {
  auto filter = read_job_filter(exchange->request());
  if (!filter) return exchange->reply(filter.error());
  auto cursor = api->cursors.open(exchange->request());
  if (!cursor) return exchange->reply(cursor.error());
  filter->cursor = std::move(*cursor);
  api->backend->list_jobs(std::move(*filter),
                          answer_with<JobPage>(exchange, [api, exchange](const JobPage& page) {
                            const Request& request = exchange->request();
                            return jobs_response(sealed(page, *api, request),
                                                 api->backend->privacy(), list_format(request));
                          }));
}

void get_job(const ApiPtr& api, const ExchangePtr& exchange, const PathParams& params) {
  const auto id = read_id(params[0], "job");
  if (!id) return exchange->reply(id.error());
  api->backend->get_job(
      *id, answer_with<Job>(exchange, [privacy = api->backend->privacy()](const Job& job) {
        return json_response(200, whole_job_to_json(job, privacy));
      }));
}

void act(const ApiPtr& api, const ExchangePtr& exchange, const PathParams& params,
         JobAction action) {
  const auto id = read_id(params[0], "job");
  if (!id) return exchange->reply(id.error());
  api->backend->act(*id, action, answer_with<Job>(exchange, [action](const Job& job) {
    return action_response(job, action);
  }));
}

void post_job(const ApiPtr& api, const ExchangePtr& exchange) {
  const auto body = read_json_body(exchange->request(), api->max_body_bytes);
  if (!body) return exchange->reply(body.error());
  exchange->release_body();
  auto request = parse_job_request(*body, api->clock->now());
  if (!request) return exchange->reply(request.error());
  std::vector<JobRequest> requests;
  requests.push_back(std::move(*request));
  api->backend->enqueue(
      std::move(requests),
      answer_with<std::vector<EnqueuedJob>>(
          exchange, [privacy = api->backend->privacy()](const std::vector<EnqueuedJob>& jobs) {
            return enqueued_response(jobs.at(0), privacy);
          }));
}

// Each word sorts down with a '-' in front of it, up without.
void read_order(QueryReader& query, JobFilter& filter) {
  const auto sort = query.parsed("sort", [](std::string_view text) {
    return parse_word(text, {"-createdAt", "createdAt", "-finishedAt", "finishedAt",
                             "-scheduledFor", "scheduledFor", "desc", "asc"});
  });
  const std::size_t word = sort.value_or(0);
  filter.ascending = word % 2 == 1;
  filter.sort_by = static_cast<JobFilter::SortBy>(word / 2 % 3);
  const auto allowed = [&](JobStatus status) {
    if (filter.sort_by == JobFilter::SortBy::kFinishedAt) return is_terminal(status);
    return filter.sort_by == JobFilter::SortBy::kCreatedAt || status == JobStatus::kScheduled ||
           status == JobStatus::kRetrying;
  };
  for (const JobStatus status : filter.status.list()) {
    if (allowed(status)) continue;
    query.refuse("sort", "has no order for jobs that are " + std::string(to_string(status)));
    return;
  }
}

Route action_route(const ApiPtr& api, Method method, std::string pattern, JobAction action) {
  return {.method = method,
          .pattern = std::move(pattern),
          .access = Access::kOperate,
          .audit = {"job." + std::string(word_of(action)), 0},
          .handler = [api, action](const ExchangePtr& exchange, const PathParams& params) {
            act(api, exchange, params, action);
          }};
}

}  // namespace

Result<JobFilter> read_job_filter(const Request& request) {
  QueryReader query(request);
  JobFilter filter;
  for (const std::string& text : query.texts("status", kJobStatusCount)) {
    if (const auto status = parse_job_status(text)) {
      filter.status.add(*status);
    } else {
      query.refuse("status", status.error().message);
    }
  }
  filter.queue = query.text("queue");
  filter.kind = query.text("kind");
  filter.channel = query.text("channel");
  filter.priority = query.parsed("priority", parse_priority_text);
  filter.tag = query.text("tag");
  filter.text = query.text("q");
  filter.from = query.time("from");
  filter.to = query.time("to");
  read_order(query, filter);
  filter.limit = query.number("limit", 1, kMaxLimit, kDefaultLimit);
  filter.offset = query.number("offset", 0, kMaxOffset, 0);
  filter.time_budget = kListBudget;
  if (auto checked = query.result(); !checked) return std::unexpected(checked.error());
  return filter;
}

Response jobs_response(const JobPage& page, ContentPrivacy privacy, ListFormat format) {
  std::vector<nlohmann::json> rows;
  for (const Job& job : page.jobs) rows.push_back(job_to_json(job, privacy));
  if (format != ListFormat::kJson) {
    return export_response(
        rows, {.format = format, .name = "jobs", .columns = kJobColumns, .next = page.next});
  }
  nlohmann::json body = {{"count", rows.size()},
                         {"total", page.total},
                         {"totalExact", page.total_exact},
                         {"truncated", page.truncated},
                         {"jobs", std::move(rows)}};
  if (page.next) body["next"] = *page.next;
  if (page.prev) body["prev"] = *page.prev;
  return json_response(200, body);
}

Response action_response(const Job& job, JobAction action) {
  return json_response(
      200, {{"success", true}, {"message", message_of(action)}, {"jobId", job.id().to_string()}});
}

Response enqueued_response(const EnqueuedJob& enqueued, ContentPrivacy privacy) {
  nlohmann::json body = job_to_json(enqueued.job, privacy);
  if (enqueued.deduplicated) body["deduplicated"] = true;
  return json_response(enqueued.deduplicated ? 200 : 202, body);
}

void add_job_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/jobs",
                    .access = Access::kRead,
                    .query = kJobQuery,
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      list_jobs(api, exchange);
                    }});
  routes.push_back({.method = Method::kPost,
                    .pattern = "/jobs",
                    .access = Access::kProduce,
                    .body = BodyKind::kJson,
                    .audit = {"job.enqueue", std::nullopt, AuditRule::Rows::kCounted},
                    .handler = [api](const ExchangePtr& exchange, const PathParams&) {
                      post_job(api, exchange);
                    }});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/jobs/:id",
                    .access = Access::kLookUp,
                    .handler = [api](const ExchangePtr& exchange, const PathParams& params) {
                      get_job(api, exchange, params);
                    }});
  routes.push_back(action_route(api, Method::kDelete, "/jobs/:id", JobAction::kDelete));
  routes.push_back(action_route(api, Method::kPost, "/jobs/:id/retry", JobAction::kRetry));
  routes.push_back(action_route(api, Method::kPost, "/jobs/:id/cancel", JobAction::kCancel));
  routes.push_back(action_route(api, Method::kPost, "/jobs/:id/run", JobAction::kRunNow));
}

}  // namespace townkrier::http
