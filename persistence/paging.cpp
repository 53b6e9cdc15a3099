#include "persistence/paging.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "persistence/cursor.hpp"

namespace townkrier::persistence {
namespace {

template <class T>
bool passes(const std::optional<T>& wanted, const T& value) {
  return !wanted || *wanted == value;
}

bool within(const std::optional<TimePoint>& from, const std::optional<TimePoint>& to,
            TimePoint time) {
  return (!from || time >= *from) && (!to || time <= *to);
}

bool has_text(const std::string& text, const Job& job) {
  return job.envelope->unique_key == text || job.id().to_string().starts_with(text) ||
         job.state.error.find(text) != std::string::npos;
}

/// How far one search may go.
class Budget {
 public:
  using Steady = std::chrono::steady_clock;

  explicit Budget(const std::optional<Duration>& time) : time_(time), start_(Steady::now()) {}
  /// The same, of which a share of the time may be used.
  Budget part(int percent) const {
    Budget part = *this;
    if (time_) part.time_ = *time_ * percent / 100;
    part.rows_ = 0;
    return part;
  }
  /// Counts a row that was read; false: no further one.
  bool spend() {
    if (++rows_ > kScanLimit) return false;
    return !time_ || rows_ % kLook != 0 || Steady::now() - start_ < *time_;
  }

 private:
  static constexpr std::size_t kLook = 16;
  std::optional<Duration> time_;
  Steady::time_point start_;
  std::size_t rows_ = 0;
};

/// A page being put together, in the order of the walk.
template <class Row>
struct Assembly {
  std::vector<Row> rows;
  std::uint64_t matched = 0;
  std::optional<IndexPosition> first_shown;
  std::optional<IndexPosition> last_shown;
  std::optional<IndexPosition> last_seen;
  bool more = false;       ///< A further row matches.
  bool cut_short = false;  ///< The budget ended the walk.
};

/// What a walk does with each row.
template <class Row>
struct Rules {
  std::size_t offset = 0;
  std::size_t limit = 0;
  bool needs_row = true;      ///< Whether a row must be read to know that it matches.
  bool count_to_end = false;  ///< Go on after the page is full, to count.
  std::function<bool(const Row&)> match;
  Order order = Order::kDescending;
};

template <class Row>
Result<Assembly<Row>> assemble(const Rules<Row>& rules, const Walk<Row>& walk,
                               const std::optional<IndexPosition>& after, Budget budget) {
  Assembly<Row> page;
  auto walked =
      walk(after, rules.order, [&](const IndexPosition& at, const Load<Row>& load) -> Result<bool> {
        if (rules.needs_row && !budget.spend()) {
          page.cut_short = true;
          return false;
        }
        page.last_seen = at;
        std::optional<Row> row;
        const bool shown = page.matched >= rules.offset && page.rows.size() < rules.limit;
        if (rules.needs_row || shown) {
          auto loaded = load();
          if (!loaded) return std::unexpected(loaded.error());
          if (rules.needs_row && !rules.match(*loaded)) return true;
          row = std::move(*loaded);
        }
        ++page.matched;
        if (!shown) {
          page.more = page.more || page.matched > rules.offset;
          return !page.more || rules.count_to_end;
        }
        page.rows.push_back(std::move(*row));
        if (!page.first_shown) page.first_shown = at;
        page.last_shown = at;
        return true;
      });
  if (!walked) return std::unexpected(walked.error());
  return page;
}

/// Where the walk goes on: behind the page, or behind what was searched in vain.
template <class Row>
std::optional<IndexPosition> end_of(const Assembly<Row>& page) {
  if (page.more && page.last_shown) return page.last_shown;
  return page.cut_short ? page.last_seen : std::nullopt;
}

/// Rows of the whole listing that match, as far as the budget goes.
struct Count {
  std::uint64_t rows = 0;
  bool exact = true;
};
template <class Row>
Result<Count> count_all(Rules<Row> rules, const Walk<Row>& walk, const Budget& budget) {
  rules.offset = 0;
  rules.limit = 0;
  rules.count_to_end = true;
  auto all = assemble(rules, walk, std::nullopt, budget);
  if (!all) return std::unexpected(all.error());
  return Count{all->matched, !all->cut_short};
}

/// The first letters of a listing's cursors: to go on, and to go back.
struct CursorKinds {
  char next;
  char prev;
};

Order opposite(Order order) {
  return order == Order::kAscending ? Order::kDescending : Order::kAscending;
}

std::optional<std::string> cursor_at(char kind, const std::optional<IndexPosition>& position) {
  if (!position) return std::nullopt;
  return make_cursor(kind, *position);
}

/// Makes the page's rows and cursors of what a walk found. `ahead`: rows before the page exist.
template <class Page, class Row>
void fill_page(Page& page, std::vector<Row> Page::*rows, Assembly<Row> found, CursorKinds kinds,
               bool backward, bool ahead) {
  const auto end = end_of(found);
  if (backward) {
    std::ranges::reverse(found.rows);
    page.next = cursor_at(kinds.next, found.first_shown);
    page.prev = cursor_at(kinds.prev, end);
  } else {
    page.next = cursor_at(kinds.next, end);
    if (ahead) page.prev = cursor_at(kinds.prev, found.first_shown);
  }
  page.*rows = std::move(found.rows);
}

/// Assembles a page in walking order: rows, total and cursors.
template <class Page, class Row>
Result<Page> page_in_order(Rules<Row> rules, const Walk<Row>& walk,
                           const std::optional<std::string>& cursor, CursorKinds kinds,
                           std::optional<std::uint64_t> exact_total, std::vector<Row> Page::*rows,
                           const std::optional<Duration>& time) {
  const bool backward = cursor && cursor->starts_with(kinds.prev);
  auto after = parse_cursor(backward ? kinds.prev : kinds.next, cursor);
  if (!after) return std::unexpected(after.error());
  const Budget budget(time);
  const bool count_apart = !exact_total && *after;
  Rules<Row> counting = rules;
  rules.count_to_end = !exact_total && !*after;
  if (backward) rules.order = opposite(rules.order);
  auto found = assemble(rules, walk, *after, count_apart ? budget.part(50) : budget);
  if (!found) return std::unexpected(found.error());
  // Nothing to search on for.
  if (!*after && exact_total && found->matched >= *exact_total) found->cut_short = false;
  Page page;
  page.total = exact_total.value_or(found->matched);
  page.total_exact = exact_total || !found->cut_short;
  page.truncated = found->cut_short && found->rows.size() < rules.limit;
  if (count_apart) {
    auto total = count_all(std::move(counting), walk, budget.part(100));
    if (!total) return std::unexpected(total.error());
    page.total = std::max(total->rows, found->matched);
    page.total_exact = total->exact;
  }
  fill_page(page, rows, std::move(*found), kinds, backward, *after || rules.offset > 0);
  return page;
}

TimePoint sort_time(const LogFilter& filter, const NotificationLog& row) {
  const auto& time = filter.sort_by == LogFilter::SortBy::kSentAt ? row.sent_at : row.delivered_at;
  return time.value_or(TimePoint::min());
}

CursorKinds log_cursors(const LogFilter& filter) {
  switch (filter.sort_by) {
    case LogFilter::SortBy::kSentAt:
      return filter.ascending ? CursorKinds{'s', 't'} : CursorKinds{'S', 'T'};
    case LogFilter::SortBy::kDeliveredAt:
      return filter.ascending ? CursorKinds{'d', 'e'} : CursorKinds{'D', 'E'};
    case LogFilter::SortBy::kCreatedAt:
      break;
  }
  return filter.ascending ? CursorKinds{'c', 'b'} : CursorKinds{'C', 'B'};
}

CursorKinds job_cursors(const JobFilter& filter) {
  switch (filter.sort_by) {
    case JobFilter::SortBy::kFinishedAt:
      return filter.ascending ? CursorKinds{'f', 'g'} : CursorKinds{'F', 'G'};
    case JobFilter::SortBy::kDueAt:
      return filter.ascending ? CursorKinds{'u', 'v'} : CursorKinds{'U', 'V'};
    case JobFilter::SortBy::kCreatedAt:
      break;
  }
  return filter.ascending ? CursorKinds{'j', 'p'} : CursorKinds{'J', 'P'};
}

Order order_of(bool ascending) {
  return ascending ? Order::kAscending : Order::kDescending;
}

/// The best `capacity` rows of many, by a time that has no index.
class SortedRows {
 public:
  SortedRows(const LogFilter& filter, std::optional<IndexPosition> after)
      : ascending_(filter.ascending), capacity_(filter.offset + filter.limit + 1), after_(after) {}

  void add(const IndexPosition& at, NotificationLog row) {
    if (after_ && !Order{ascending_}(*after_, at)) return;
    rows_.emplace_back(at, std::move(row));
    if (rows_.size() < 2 * capacity_ + 64) return;
    std::nth_element(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(capacity_),
                     rows_.end(), Order{ascending_});
    rows_.resize(capacity_);
  }

  std::vector<std::pair<IndexPosition, NotificationLog>> take() {
    std::sort(rows_.begin(), rows_.end(), Order{ascending_});
    return std::move(rows_);
  }

 private:
  struct Order {
    bool ascending;
    bool operator()(const IndexPosition& a, const IndexPosition& b) const {
      return ascending ? a < b : b < a;
    }
    bool operator()(const auto& a, const auto& b) const { return (*this)(a.first, b.first); }
  };

  bool ascending_;
  std::size_t capacity_;
  std::optional<IndexPosition> after_;
  std::vector<std::pair<IndexPosition, NotificationLog>> rows_;
};

/// Sorts the newest kScanLimit rows; a row without that time counts as the oldest.
Result<LogPage> page_sorted(const LogFilter& filter, const Walk<NotificationLog>& walk,
                            std::optional<std::uint64_t> exact_total) {
  const char kind = log_cursors(filter).next;
  auto after = parse_cursor(kind, filter.cursor);
  if (!after) return std::unexpected(after.error());
  SortedRows sorted(filter, *after);
  Budget budget(filter.time_budget);
  bool cut_short = false;
  std::uint64_t matched = 0;
  const auto visit = [&](const auto&, const auto& load) -> Result<bool> {
    if (!budget.spend()) {
      cut_short = true;
      return false;
    }
    auto row = load();
    if (!row) return std::unexpected(row.error());
    if (!matches(filter, *row)) return true;
    ++matched;
    const IndexPosition at{sort_time(filter, *row), row->id};
    sorted.add(at, std::move(*row));
    return true;
  };
  auto walked = walk(std::nullopt, Order::kDescending, visit);
  if (!walked) return std::unexpected(walked.error());
  auto rows = sorted.take();
  LogPage page;
  page.total = exact_total.value_or(matched);
  page.total_exact = exact_total || !cut_short;
  page.truncated = cut_short;
  const std::size_t begin = std::min(filter.offset, rows.size());
  const std::size_t end = std::min(begin + filter.limit, rows.size());
  if (begin < end && end < rows.size()) page.next = make_cursor(kind, rows[end - 1].first);
  for (std::size_t i = begin; i < end; ++i) page.logs.push_back(std::move(rows[i].second));
  return page;
}

}  // namespace

Result<void> check_page(std::size_t limit, std::size_t offset) {
  if (limit < 1 || limit > 500) {
    return fail_field(Errc::kInvalidArgument, "limit", "must be 1..500");
  }
  if (offset > 10'000) {
    return fail_field(Errc::kInvalidArgument, "offset", "must be 0..10000; use the cursor beyond");
  }
  return {};
}

bool matches(const JobFilter& filter, const Job& job) {
  const JobEnvelope& envelope = *job.envelope;
  const auto has_channel = [&](const Delivery& d) { return d.channel == *filter.channel; };
  return (filter.status.empty() || filter.status.contains(job.status())) &&
         passes(filter.queue, envelope.queue) && passes(filter.kind, envelope.kind) &&
         passes(filter.priority, envelope.priority) &&
         (!filter.channel || std::ranges::any_of(job.state.deliveries, has_channel)) &&
         (!filter.tag || std::ranges::find(envelope.tags, *filter.tag) != envelope.tags.end()) &&
         within(filter.from, filter.to, envelope.created_at) &&
         (!filter.text || has_text(*filter.text, job));
}

bool matches(const LogFilter& filter, const NotificationLog& row) {
  const auto wanted = [&](const std::string& tag) {
    return std::ranges::find(filter.tags, tag) != filter.tags.end();
  };
  return passes(filter.notification_id, row.notification_id) &&
         (!filter.job_id || row.job_id == filter.job_id) && passes(filter.channel, row.channel) &&
         passes(filter.status, row.status) &&
         (!filter.recipient || row.recipient.find(*filter.recipient) != std::string::npos) &&
         within(filter.start_date, filter.end_date, row.created_at) &&
         (filter.tags.empty() || std::ranges::any_of(row.tags, wanted));
}

bool is_counted(const JobFilter& filter) {
  return !filter.kind && !filter.channel && !filter.priority && !filter.tag && !filter.text &&
         !filter.from && !filter.to;
}

bool is_counted(const LogFilter& filter) {
  return !filter.notification_id && !filter.job_id && !filter.recipient && !filter.start_date &&
         !filter.end_date && filter.tags.empty();
}

Result<JobStatusSet> listed_statuses(const JobFilter& filter) {
  JobStatusSet known;
  switch (filter.sort_by) {
    case JobFilter::SortBy::kCreatedAt:
      return filter.status;
    case JobFilter::SortBy::kFinishedAt:
      known = {JobStatus::kCompleted, JobStatus::kFailed, JobStatus::kCancelled};
      break;
    case JobFilter::SortBy::kDueAt:
      known = {JobStatus::kScheduled, JobStatus::kRetrying};
      break;
  }
  for (const JobStatus each : filter.status.list()) {
    if (known.contains(each)) continue;
    return fail_field(Errc::kInvalidArgument, "sort",
                      "has no order for jobs that are " + std::string(to_string(each)));
  }
  return filter.status.empty() ? known : filter.status;
}

Result<JobPage> page_jobs(const JobFilter& filter, const Walk<Job>& walk,
                          std::optional<std::uint64_t> exact_total) {
  if (auto ok = check_page(filter.limit, filter.offset); !ok) return std::unexpected(ok.error());
  // The due index has two statuses in one.
  const bool mixed =
      filter.sort_by == JobFilter::SortBy::kDueAt && filter.status.list().size() == 1;
  const Rules<Job> rules{.offset = filter.offset,
                         .limit = filter.limit,
                         .needs_row = filter.queue.has_value() || mixed || !is_counted(filter),
                         .match = [&](const Job& job) { return matches(filter, job); },
                         .order = order_of(filter.ascending)};
  return page_in_order(rules, walk, filter.cursor, job_cursors(filter), exact_total, &JobPage::jobs,
                       filter.time_budget);
}

Result<LogPage> page_logs(const LogFilter& filter, const Walk<NotificationLog>& walk,
                          std::optional<std::uint64_t> exact_total) {
  if (auto ok = check_page(filter.limit, filter.offset); !ok) return std::unexpected(ok.error());
  if (filter.sort_by != LogFilter::SortBy::kCreatedAt) {
    return page_sorted(filter, walk, exact_total);
  }
  const Rules<NotificationLog> rules{
      .offset = filter.offset,
      .limit = filter.limit,
      .needs_row = !is_counted(filter) || filter.channel || filter.status,
      .match = [&](const NotificationLog& row) { return matches(filter, row); },
      .order = order_of(filter.ascending)};
  return page_in_order(rules, walk, filter.cursor, log_cursors(filter), exact_total, &LogPage::logs,
                       filter.time_budget);
}

}  // namespace townkrier::persistence
