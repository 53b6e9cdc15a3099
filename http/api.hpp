#pragma once

/// \file http/api.hpp
/// The JSON API over the DashboardBackend port. Every route is two pure halves: a `read_…` that
/// makes a request into the arguments of a backend call, and a `…_response` that makes the
/// backend's answer into a Response. A handler only joins them.

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/activity_json.hpp"
#include "http/audit_recorder.hpp"
#include "http/auth.hpp"
#include "http/cursor_seal.hpp"
#include "http/event_streams.hpp"
#include "http/exchange.hpp"
#include "http/export.hpp"
#include "http/http_metrics.hpp"
#include "http/router.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// What handlers work with; shared with their callbacks, which may outlive the server.
struct ApiContext {
  std::shared_ptr<DashboardBackend> backend;
  std::shared_ptr<const Clock> clock;
  std::size_t max_body_bytes = 1u << 20;
  CursorSeal cursors = {};
  std::shared_ptr<EventStreams> streams = nullptr;        ///< Null: there are none.
  std::shared_ptr<const HttpMetrics> requests = nullptr;  ///< Null: nobody counts.
};
using ApiPtr = std::shared_ptr<const ApiContext>;

using Routes = std::vector<Route>;
/// What signing in needs. The App outlives no request, so these are shared with the routes.
struct SessionContext {
  std::shared_ptr<Authenticator> authenticator;
  std::shared_ptr<AuditRecorder> audit;
  std::shared_ptr<const Clock> clock;
};
/// All of them, below the API's base.
Routes api_routes(const ApiPtr& api, const SessionContext& context);
/// GET /metrics, which is not below the base.
Route metrics_route(const ApiPtr& api);
void add_activity_routes(Routes& routes, const ApiPtr& api);
void add_bulk_routes(Routes& routes, const ApiPtr& api);
void add_stats_routes(Routes& routes, const ApiPtr& api);
void add_job_routes(Routes& routes, const ApiPtr& api);
void add_log_routes(Routes& routes, const ApiPtr& api);
void add_notification_routes(Routes& routes, const ApiPtr& api);
void add_queue_routes(Routes& routes, const ApiPtr& api);
void add_inbox_routes(Routes& routes, const ApiPtr& api);
void add_audit_routes(Routes& routes, const ApiPtr& api);
void add_receipt_routes(Routes& routes, const ApiPtr& api);
void add_suppression_routes(Routes& routes, const ApiPtr& api);
void add_event_routes(Routes& routes, const ApiPtr& api, const SessionContext& context);
void add_session_routes(Routes& routes, const SessionContext& context);

// Requests.
Result<JobFilter> read_job_filter(const Request& request);
Result<LogFilter> read_log_filter(const Request& request);
Result<AuditFilter> read_audit_filter(const Request& request);
/// `{username,password}`
Result<BasicCredentials> read_sign_in(const Request& request);
/// `{action, ids | filter, expect?, dryRun?}`; a filter's members are the query parameters of a job
/// list.
struct BulkWish {
  BulkRequest request;
  bool dry_run = false;
};
Result<BulkWish> read_bulk(const Request& request, std::size_t max_bytes);
/// Whole steps; by default the last hour by minutes, day by hours or 30 days by days.
Result<SeriesView> read_series_view(const Request& request, TimePoint now);
/// A path parameter that names a job, log or message. What is no id at all does not exist:
/// kNotFound.
Result<Uuid> read_id(std::string_view text, std::string_view what);
Result<nlohmann::json> read_json_body(const Request& request, std::size_t max_bytes);
/// `{olderThan}`
Result<TimePoint> read_cleanup(const Request& request, std::size_t max_bytes);

/// A batch row by row: what may be enqueued, and what is wrong with the others.
struct BatchRows {
  std::vector<JobRequest> accepted;
  struct Rejected {
    std::size_t index = 0;
    Error error;
  };
  std::vector<Rejected> rejected;
};
/// JSON array, or NDJSON by content type; each row is also checked by the backend.
Result<BatchRows> read_batch(const Request& request, const ApiContext& api);

/// The cursors of a page as clients get them.
template <class Page>
Page sealed(Page page, const ApiContext& api, const Request& request) {
  for (auto* cursor : {&page.next, &page.prev}) {
    if (*cursor) *cursor = api.cursors.seal(**cursor, request);
  }
  return page;
}

/// What one page of a list may take to be found; beyond it the page is short, and says so.
inline constexpr Duration kListBudget{25};

// Answers.
Response json_response(int status, const nlohmann::json& body);
Response jobs_response(const JobPage& page, ContentPrivacy privacy, ListFormat format);
Response logs_response(const LogPage& page, const LogFilter& filter, ListFormat format);
Response enqueued_response(const EnqueuedJob& enqueued, ContentPrivacy privacy);
/// A repeated batch, found by its key, says so.
enum class BatchTurn : std::uint8_t { kFirst, kRepeated };
Response batch_response(const std::vector<EnqueuedJob>& enqueued,
                        const std::vector<BatchRows::Rejected>& rejected,
                        BatchTurn turn = BatchTurn::kFirst);
Response action_response(const Job& job, JobAction action);
Response stats_response(const QueueStats& jobs, const StorageStats& logs, TimePoint now);
Response audit_response(const AuditPage& page);
/// 401 or 429; `request` decides which login a browser is asked for.
Response login_refused(const LoginFailure& failure, const Request& request,
                       std::string_view request_id);
Response health_response(const HealthReport& report, TimePoint now);

/// Enqueues, once if the request has a key.
void enqueue(const ApiContext& api, std::optional<IdempotencyKey> key,
             std::vector<JobRequest> requests, Reply<std::vector<EnqueuedJob>> reply);

/// A backend callback that answers `exchange`: errors as problems, values through `respond`.
template <class T, class Respond>
Reply<T> answer_with(ExchangePtr exchange, Respond respond) {
  return [exchange = std::move(exchange), respond = std::move(respond)](Result<T> result) {
    if (!result) return exchange->reply(result.error());
    try {
      exchange->reply(respond(*result));
    } catch (const std::exception&) {
      // Runs on the engine's threads, which must not see it.
      exchange->reply(Error{Errc::kInternal, "an exception while answering", {}});
    }
  };
}

}  // namespace townkrier::http
