#pragma once

/// \file activity_json.hpp
/// The JSON shapes of what the engine did lately. Pure functions.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "townkrier/activity.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// {rev,queue:{pending,...},totals:{enqueued,...},rates:{enqueued,...},changed:[id],more,timestamp};
/// below 2 kB.
nlohmann::json live_news_to_json(const LiveNews& news, TimePoint now);
/// {errors:[{kind,message,count,firstAt,lastAt,jobId,channels}],scanned,truncated}
nlohmann::json error_summary_to_json(const ErrorSummary& summary);

/// What a graph shows.
struct SeriesView {
  /// kCounts is the first four at once.
  enum class Metric : std::uint8_t {
    kEnqueued,
    kCompleted,
    kFailed,
    kRetried,
    kWait,
    kRun,
    kCounts,
  };
  enum class Step : std::uint8_t { kMinute, kHour, kDay };
  enum class By : std::uint8_t { kNone, kQueue, kChannel };
  Metric metric = Metric::kCompleted;
  Step step = Step::kHour;
  By by = By::kNone;
  TimePoint from{};  ///< A whole step.
  TimePoint to{};    ///< A whole step, not part of it.
};
std::string_view to_string(SeriesView::Metric metric);
std::string_view to_string(SeriesView::Step step);
Duration length_of(SeriesView::Step step);
/// The step that is stored for it.
SeriesStep stored_step(SeriesView::Step step);

/// {metric,step,stepMs,by?,from,to,series:[{name,values:[number]}]}: one value a step from `from`
/// on, 0 where nothing happened. Without `by` one series "total"; with it the 20 largest names and
/// "(other)". Times of wait and run: the series p50, p95, p99 in ms and count. Counts: a series of
/// each metric.
nlohmann::json series_to_json(const SeriesView& view, std::span<const SeriesBucket> buckets);

}  // namespace townkrier
