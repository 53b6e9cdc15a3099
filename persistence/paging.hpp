#pragma once

/// \file paging.hpp
/// Filters and pages, the same for every store. A store only walks its rows in order; what is
/// skipped, shown and counted is decided here.

#include <cstdint>
#include <functional>
#include <optional>

#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

/// Rows that one listing looks at, at most. A page that ends for this reason may be short and has a
/// `next` that goes on.
inline constexpr std::size_t kScanLimit = 50'000;

enum class Order : std::uint8_t { kAscending, kDescending };

/// Walks rows in that order, strictly after the position (from the start if absent), and hands each
/// to the visitor until that returns false. `load` reads the row and may be left uncalled.
template <class Row>
using Load = std::function<Result<Row>()>;
template <class Row>
using Visit = std::function<Result<bool>(const IndexPosition&, const Load<Row>&)>;
template <class Row>
using Walk =
    std::function<Result<void>(const std::optional<IndexPosition>&, Order, const Visit<Row>&)>;

/// Walked by id (the position's time is zero), or by (finished or due, id) as the filter sorts:
/// only jobs with one of `listed_statuses`. `exact_total`: known from counters.
Result<JobPage> page_jobs(const JobFilter& filter, const Walk<Job>& walk,
                          std::optional<std::uint64_t> exact_total);
/// Rows are walked by (created_at, id), whatever the filter's sort order.
Result<LogPage> page_logs(const LogFilter& filter, const Walk<NotificationLog>& walk,
                          std::optional<std::uint64_t> exact_total);

/// The statuses that a listing shows; empty: all. kInvalidArgument when the filter's order has no
/// place for a status it asks for.
Result<JobStatusSet> listed_statuses(const JobFilter& filter);

/// kInvalidArgument, naming limit or offset.
Result<void> check_page(std::size_t limit, std::size_t offset);

bool matches(const JobFilter& filter, const Job& job);
bool matches(const LogFilter& filter, const NotificationLog& row);
/// True when the filter restricts nothing but what counters and indexes know: status and queue, or
/// channel and status.
bool is_counted(const JobFilter& filter);
bool is_counted(const LogFilter& filter);

}  // namespace townkrier::persistence
