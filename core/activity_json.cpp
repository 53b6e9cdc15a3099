#include "core/activity_json.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include <nlohmann/json.hpp>

#include "core/activity.hpp"
#include "core/job_json.hpp"

namespace townkrier {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxNames = 20;

template <class Values>
json by_metric(const Values& values) {
  json object = json::object();
  for (std::size_t i = 0; i < kSeriesMetricCount; ++i) {
    object[std::string(to_string(static_cast<SeriesMetric>(i)))] = values[i];
  }
  return object;
}

using Row = std::vector<std::uint64_t>;

/// Where a bucket's value goes.
struct Grid {
  const SeriesView& view;
  std::size_t size() const {
    return static_cast<std::size_t>((view.to - view.from) / length_of(view.step));
  }
  std::size_t column(const SeriesBucket& bucket) const {
    return static_cast<std::size_t>((bucket.start - view.from) / length_of(view.step));
  }
  bool holds(const SeriesBucket& bucket) const {
    return bucket.start >= view.from && bucket.start < view.to;
  }
};

std::uint64_t sum(const Row& row) {
  return std::accumulate(row.begin(), row.end(), std::uint64_t{0});
}

json named_rows(const std::map<std::string, Row>& rows, std::size_t columns) {
  std::vector<std::pair<std::string, Row>> sorted(rows.begin(), rows.end());
  std::ranges::stable_sort(
      sorted, [](const auto& a, const auto& b) { return sum(a.second) > sum(b.second); });
  if (sorted.size() > kMaxNames) {
    Row rest(columns);
    for (std::size_t i = kMaxNames; i < sorted.size(); ++i) {
      for (std::size_t c = 0; c < columns; ++c) rest[c] += sorted[i].second[c];
    }
    sorted.resize(kMaxNames);
    sorted.emplace_back(std::string(kOtherNames), std::move(rest));
  }
  json list = json::array();
  for (const auto& [name, row] : sorted) list.push_back({{"name", name}, {"values", row}});
  return list;
}

json count_rows(const SeriesView& view, std::span<const SeriesBucket> buckets) {
  const Grid grid{view};
  const auto metric = static_cast<std::size_t>(view.metric);
  std::map<std::string, Row> rows;
  const auto add = [&](const std::string& name, std::size_t column, std::uint64_t value) {
    Row& row = rows[name];
    row.resize(grid.size());
    row[column] += value;
  };
  if (view.by == SeriesView::By::kNone) rows["total"].resize(grid.size());
  for (const SeriesBucket& bucket : buckets) {
    if (!grid.holds(bucket)) continue;
    const std::size_t column = grid.column(bucket);
    if (view.by == SeriesView::By::kNone) add("total", column, bucket.total.values[metric]);
    if (view.by == SeriesView::By::kNone) continue;
    const auto& names = view.by == SeriesView::By::kQueue ? bucket.by_queue : bucket.by_channel;
    for (const auto& [name, counts] : names) add(name, column, counts.values[metric]);
  }
  return named_rows(rows, grid.size());
}

json metric_rows(const SeriesView& view, std::span<const SeriesBucket> buckets) {
  const Grid grid{view};
  json list = json::array();
  for (std::size_t i = 0; i < kSeriesMetricCount; ++i) {
    Row row(grid.size());
    for (const SeriesBucket& bucket : buckets) {
      if (grid.holds(bucket)) row[grid.column(bucket)] += bucket.total.values[i];
    }
    list.push_back({{"name", to_string(static_cast<SeriesMetric>(i))}, {"values", std::move(row)}});
  }
  return list;
}

json time_rows(const SeriesView& view, std::span<const SeriesBucket> buckets) {
  const Grid grid{view};
  std::vector<LatencyHistogram> columns(grid.size());
  for (const SeriesBucket& bucket : buckets) {
    if (!grid.holds(bucket)) continue;
    columns[grid.column(bucket)].merge(view.metric == SeriesView::Metric::kWait ? bucket.wait
                                                                                : bucket.run);
  }
  json list = json::array();
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}}) {
    json values = json::array();
    for (const auto& times : columns) {
      values.push_back(static_cast<double>(times.percentile(share).count()) / 1000);
    }
    list.push_back({{"name", name}, {"values", std::move(values)}});
  }
  json counts = json::array();
  for (const auto& times : columns) counts.push_back(times.count());
  list.push_back({{"name", "count"}, {"values", std::move(counts)}});
  return list;
}

json rows_of(const SeriesView& view, std::span<const SeriesBucket> buckets) {
  switch (view.metric) {
    case SeriesView::Metric::kWait:
    case SeriesView::Metric::kRun:
      return time_rows(view, buckets);
    case SeriesView::Metric::kCounts:
      return metric_rows(view, buckets);
    default:
      return count_rows(view, buckets);
  }
}

}  // namespace

std::string_view to_string(SeriesView::Metric metric) {
  if (metric == SeriesView::Metric::kCounts) return "counts";
  if (metric == SeriesView::Metric::kWait) return "wait";
  if (metric == SeriesView::Metric::kRun) return "run";
  return to_string(static_cast<SeriesMetric>(metric));
}

std::string_view to_string(SeriesView::Step step) {
  switch (step) {
    case SeriesView::Step::kMinute:
      return "minute";
    case SeriesView::Step::kHour:
      return "hour";
    case SeriesView::Step::kDay:
      return "day";
  }
  return "?";
}

Duration length_of(SeriesView::Step step) {
  if (step == SeriesView::Step::kDay) return std::chrono::days{1};
  return length_of(stored_step(step));
}

SeriesStep stored_step(SeriesView::Step step) {
  return step == SeriesView::Step::kMinute ? SeriesStep::kMinute : SeriesStep::kHour;
}

json live_news_to_json(const LiveNews& news, TimePoint now) {
  json changed = json::array();
  for (const JobId& id : news.changed) changed.push_back(id.to_string());
  return {{"rev", news.rev},
          {"queue", queue_stats_to_json(news.jobs)},
          {"totals", by_metric(news.totals.values)},
          {"rates", by_metric(news.rates)},
          {"changed", std::move(changed)},
          {"more", news.more},
          {"timestamp", to_iso8601(now)}};
}

json error_summary_to_json(const ErrorSummary& summary) {
  json groups = json::array();
  for (const ErrorGroup& group : summary.groups) {
    groups.push_back({{"kind", group.kind},
                      {"message", group.message},
                      {"count", group.count},
                      {"firstAt", to_iso8601(group.first_at)},
                      {"lastAt", to_iso8601(group.last_at)},
                      {"jobId", group.example.to_string()},
                      {"channels", group.channels}});
  }
  return {{"errors", std::move(groups)},
          {"scanned", summary.scanned},
          {"truncated", summary.truncated}};
}

json series_to_json(const SeriesView& view, std::span<const SeriesBucket> buckets) {
  json object = {{"metric", to_string(view.metric)},
                 {"step", to_string(view.step)},
                 {"stepMs", length_of(view.step).count()},
                 {"from", to_iso8601(view.from)},
                 {"to", to_iso8601(view.to)},
                 {"series", rows_of(view, buckets)}};
  if (view.by != SeriesView::By::kNone) {
    object["by"] = view.by == SeriesView::By::kQueue ? "queue" : "channel";
  }
  return object;
}

}  // namespace townkrier
