// GET /live, /series, /errors
#include <nlohmann/json.hpp>

#include "core/activity_json.hpp"
#include "http/api.hpp"
#include "http/query.hpp"

namespace townkrier::http {

namespace {

constexpr std::size_t kMaxSteps = 1500;
constexpr std::size_t kMaxRev = 9'007'199'254'740'991;  // what JavaScript can count to

using Step = SeriesView::Step;

Duration default_span(Step step) {
  switch (step) {
    case Step::kMinute:
      return std::chrono::hours{1};
    case Step::kHour:
      return std::chrono::hours{24};
    case Step::kDay:
      break;
  }
  return std::chrono::days{30};
}

void get_live(const ApiPtr& api, const ExchangePtr& exchange) {
  QueryReader query(exchange->request());
  const std::uint64_t since = query.number("rev", 0, kMaxRev, 0);
  if (auto checked = query.result(); !checked) return exchange->reply(checked.error());
  api->backend->live(since,
                     answer_with<LiveNews>(exchange, [clock = api->clock](const LiveNews& news) {
                       return json_response(200, live_news_to_json(news, clock->now()));
                     }));
}

void get_series(const ApiPtr& api, const ExchangePtr& exchange) {
  const auto view = read_series_view(exchange->request(), api->clock->now());
  if (!view) return exchange->reply(view.error());
  api->backend->series({stored_step(view->step), view->from, view->to},
                       answer_with<std::vector<SeriesBucket>>(
                           exchange, [view = *view](const std::vector<SeriesBucket>& buckets) {
                             return json_response(200, series_to_json(view, buckets));
                           }));
}

void get_errors(const ApiPtr& api, const ExchangePtr& exchange) {
  api->backend->errors(answer_with<ErrorSummary>(exchange, [](const ErrorSummary& summary) {
    return json_response(200, error_summary_to_json(summary));
  }));
}

Route get_route(std::string pattern, std::vector<std::string> query, RouteHandler handler) {
  return {.method = Method::kGet,
          .pattern = std::move(pattern),
          .access = Access::kRead,
          .query = std::move(query),
          .handler = std::move(handler)};
}

}  // namespace

Result<SeriesView> read_series_view(const Request& request, TimePoint now) {
  QueryReader query(request);
  const auto word = [&](const char* name, const std::vector<std::string_view>& words,
                        std::size_t fallback) {
    return query.parsed(name, [&](std::string_view text) { return parse_word(text, words); })
        .value_or(fallback);
  };
  SeriesView view;
  view.metric = static_cast<SeriesView::Metric>(
      word("metric", {"enqueued", "completed", "failed", "retried", "wait", "run", "counts"}, 1));
  view.step = static_cast<Step>(word("step", {"minute", "hour", "day"}, 1));
  view.by = static_cast<SeriesView::By>(word("by", {"none", "queue", "channel"}, 0));
  const Duration step = length_of(view.step);
  const auto down = [step](TimePoint time) {
    return TimePoint{time.time_since_epoch() / step * step};
  };
  const TimePoint to = query.time("to").value_or(now);
  view.to = down(to + step - Duration{1});
  view.from = down(query.time("from").value_or(view.to - default_span(view.step)));
  if (view.metric >= SeriesView::Metric::kWait && view.by != SeriesView::By::kNone) {
    query.refuse("by", "is for one count, not for times or all counts");
  }
  if (view.from >= view.to) query.refuse("from", "must be before to");
  if (view.from<view.to&& static_cast<std::size_t>((view.to - view.from) / step)> kMaxSteps) {
    query.refuse("from", "asks for more than 1500 steps");
  }
  if (auto checked = query.result(); !checked) return std::unexpected(checked.error());
  return view;
}

void add_activity_routes(Routes& routes, const ApiPtr& api) {
  routes.push_back(get_route(
      "/live", {"rev"},
      [api](const ExchangePtr& exchange, const PathParams&) { get_live(api, exchange); }));
  routes.push_back(get_route(
      "/series", {"metric", "step", "from", "to", "by"},
      [api](const ExchangePtr& exchange, const PathParams&) { get_series(api, exchange); }));
  routes.push_back(get_route("/errors", {}, [api](const ExchangePtr& exchange, const PathParams&) {
    get_errors(api, exchange);
  }));
}

}  // namespace townkrier::http
