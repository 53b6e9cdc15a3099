// POST /jobs/bulk, GET and DELETE /operations/:id
#include <nlohmann/json.hpp>

#include "core/json_reader.hpp"
#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxIds = 10'000;

const std::vector<std::string> kFilterMembers = {"status*", "queue", "kind", "channel", "priority",
                                                 "tag",     "q",     "from", "to"};

std::string_view word_of(Operation::State state) {
  switch (state) {
    case Operation::State::kRunning:
      return "running";
    case Operation::State::kCompleted:
      return "completed";
    case Operation::State::kCancelled:
      return "cancelled";
    case Operation::State::kFailed:
      return "failed";
  }
  return "?";
}

std::string_view word_of(JobAction action) {
  return action == JobAction::kRunNow ? "run" : to_string(action);
}

Result<JobAction> parse_action(std::string_view text) {
  const auto word = parse_word(text, {"retry", "cancel", "delete", "run"});
  if (!word) return std::unexpected(word.error());
  constexpr JobAction kActions[] = {JobAction::kRetry, JobAction::kCancel, JobAction::kDelete,
                                    JobAction::kRunNow};
  return kActions[*word];
}

// The members become a query, so that a filter is read in one place.
bool add_pairs(Request& query, const std::string& name, const json& value) {
  if (value.is_string()) {
    query.query.push_back({name, value.get<std::string>()});
  } else if (value.is_number_unsigned()) {
    query.query.push_back({name, value.dump()});
  } else if (value.is_array()) {
    return std::ranges::all_of(
        value, [&](const json& one) { return one.is_string() && add_pairs(query, name, one); });
  } else {
    return false;
  }
  return true;
}

std::optional<JobFilter> read_filter(const json& members, FieldErrors& errors) {
  Request query;
  if (!members.is_object()) {
    errors.add("/filter", "must be an object");
    return std::nullopt;
  }
  for (const auto& [name, value] : members.items()) {
    if (!add_pairs(query, name, value)) errors.add("/filter/" + name, "must be a text");
  }
  const auto known = check_query_names(query, kFilterMembers);
  auto filter = known ? read_job_filter(query) : Result<JobFilter>(std::unexpected(known.error()));
  if (filter) return std::move(*filter);
  for (const FieldError& field : filter.error().fields) {
    errors.add("/filter/" + field.pointer, field.detail);
  }
  return std::nullopt;
}

std::vector<JobId> read_ids(const json& list, FieldErrors& errors) {
  std::vector<JobId> ids;
  if (!list.is_array() || list.empty() || list.size() > kMaxIds) {
    errors.add("/ids", "must be an array of 1 to " + std::to_string(kMaxIds) + " ids");
    return ids;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto id = list[i].is_string() ? Uuid::parse(list[i].get_ref<const std::string&>())
                                        : Result<Uuid>(fail(Errc::kMalformed, "must be an id"));
    if (!id) {
      errors.add("/ids/" + std::to_string(i), id.error().message);
      break;
    }
    ids.push_back(*id);
  }
  return ids;
}

json operation_to_json(const Operation& operation) {
  json object = {{"id", operation.id.to_string()},
                 {"action", word_of(operation.action)},
                 {"status", word_of(operation.state)},
                 {"total", operation.total},
                 {"done", operation.done},
                 {"skipped", operation.skipped},
                 {"failed", operation.failed},
                 {"createdAt", to_iso8601(operation.started_at)}};
  if (operation.ended_at) object["finishedAt"] = to_iso8601(*operation.ended_at);
  if (!operation.error.empty()) object["error"] = operation.error;
  return object;
}

void post_bulk(const ApiPtr& api, const ExchangePtr& exchange) {
  auto wish = read_bulk(exchange->request(), api->max_body_bytes);
  if (!wish) return exchange->reply(wish.error());
  if (wish->dry_run) {
    return api->backend->count_bulk(
        std::move(wish->request), answer_with<BulkCount>(exchange, [](const BulkCount& found) {
          return json_response(200, {{"matched", found.jobs}, {"exact", found.exact}});
        }));
  }
  api->backend->start_bulk(std::move(wish->request),
                           answer_with<Operation>(exchange, [](const Operation& operation) {
                             return json_response(202, operation_to_json(operation));
                           }));
}

Route operation_route(const ApiPtr& api, Method method,
                      void (DashboardBackend::*ask)(const Uuid&, Reply<Operation>)) {
  return {.method = method,
          .pattern = "/operations/:id",
          .access = method == Method::kGet ? Access::kRead : Access::kOperate,
          .audit = method == Method::kGet ? AuditRule{} : AuditRule{"operation.cancel", 0},
          .handler = [api, ask](const ExchangePtr& exchange, const PathParams& params) {
            const auto id = read_id(params[0], "operation");
            if (!id) return exchange->reply(id.error());
            ((*api->backend).*ask)(*id,
                                   answer_with<Operation>(exchange, [](const Operation& operation) {
                                     return json_response(200, operation_to_json(operation));
                                   }));
          }};
}

}  // namespace

Result<BulkWish> read_bulk(const Request& request, std::size_t max_bytes) {
  const auto body = read_json_body(request, max_bytes);
  if (!body) return std::unexpected(body.error());
  FieldErrors errors;
  JsonReader reader(*body, "", errors);
  BulkWish wish;
  if (const auto text = reader.required_string("action", {.max_bytes = 16})) {
    const auto action = parse_action(*text);
    if (action) wish.request.action = *action;
    if (!action) errors.add("/action", action.error().message);
  }
  const json* ids = reader.optional_any("ids");
  const json* filter = reader.optional_any("filter");
  if (body->is_object() && (ids != nullptr) == (filter != nullptr)) {
    errors.add("", "needs either ids or filter");
  }
  if (ids) wish.request.ids = read_ids(*ids, errors);
  if (filter) wish.request.filter = read_filter(*filter, errors);
  if (const auto expect = reader.optional_int("expect", 0, std::int64_t{1} << 53)) {
    wish.request.expect = static_cast<std::uint64_t>(*expect);
  }
  wish.dry_run = reader.optional_bool("dryRun").value_or(false);
  reader.refuse_unknown();
  if (auto checked = errors.result(); !checked) return std::unexpected(checked.error());
  return wish;
}

void add_bulk_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back({.method = Method::kPost,
                    .pattern = "/jobs/bulk",
                    .access = Access::kOperate,
                    .body = BodyKind::kJson,
                    .audit = {"job.bulk"},
                    .handler = [api](const ExchangePtr& exchange,
                                     const PathParams&) { post_bulk(api, exchange); },
                    .key = KeyUse::kRefused});
  routes.push_back(operation_route(api, Method::kGet, &DashboardBackend::get_operation));
  routes.push_back(operation_route(api, Method::kDelete, &DashboardBackend::cancel_operation));
}

}  // namespace townkrier::http
