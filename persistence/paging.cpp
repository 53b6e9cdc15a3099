#include "persistence/paging.hpp"

#include <algorithm>
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

/// A page being put together.
template <class Row>
struct Assembly {
  std::vector<Row> rows;
  std::uint64_t matched = 0;
  std::optional<IndexPosition> last_shown;
  std::optional<IndexPosition> last_seen;
  bool more = false;       ///< A further row matches.
  bool cut_short = false;  ///< The scan limit ended the walk.
};

/// What a walk does with each row.
template <class Row>
struct Rules {
  std::size_t offset = 0;
  std::size_t limit = 0;
  bool needs_row = true;      ///< Whether a row must be read to know that it matches.
  bool count_to_end = false;  ///< Go on after the page is full, to count.
  std::function<bool(const Row&)> match;
};

template <class Row>
Result<Assembly<Row>> assemble(const Rules<Row>& rules, const Walk<Row>& walk,
                               const std::optional<IndexPosition>& after) {
  Assembly<Row> page;
  std::size_t scanned = 0;
  auto walked = walk(after, [&](const IndexPosition& at, const Load<Row>& load) -> Result<bool> {
    if (rules.needs_row && ++scanned > kScanLimit) {
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
    if (shown) {
      page.rows.push_back(std::move(*row));
      page.last_shown = at;
      return true;
    }
    page.more = page.more || page.matched > rules.offset;
    return !page.more || rules.count_to_end;
  });
  if (!walked) return std::unexpected(walked.error());
  return page;
}

template <class Row>
std::optional<std::string> next_of(const Assembly<Row>& page, char kind) {
  if (page.more && page.last_shown) return make_cursor(kind, *page.last_shown);
  if (page.cut_short && page.last_seen) return make_cursor(kind, *page.last_seen);
  return std::nullopt;
}

/// Rows of the whole listing that match within one scan, whatever the page.
template <class Row>
Result<std::uint64_t> count_all(Rules<Row> rules, const Walk<Row>& walk) {
  rules.offset = 0;
  rules.limit = 0;
  rules.count_to_end = true;
  auto all = assemble(rules, walk, std::nullopt);
  if (!all) return std::unexpected(all.error());
  return all->matched;
}

/// Assembles a page in walking order: rows, total and next.
template <class Page, class Row>
Result<Page> page_in_order(Rules<Row> rules, const Walk<Row>& walk,
                           const std::optional<std::string>& cursor, char kind,
                           std::optional<std::uint64_t> exact_total, std::vector<Row> Page::*rows) {
  auto after = parse_cursor(kind, cursor);
  if (!after) return std::unexpected(after.error());
  rules.count_to_end = !exact_total && !*after;
  auto assembled = assemble(rules, walk, *after);
  if (!assembled) return std::unexpected(assembled.error());
  Page page;
  page.total = exact_total.value_or(assembled->matched);
  if (!exact_total && *after) {
    auto total = count_all(rules, walk);
    if (!total) return std::unexpected(total.error());
    page.total = *total;
  }
  page.next = next_of(*assembled, kind);
  page.*rows = std::move(assembled->rows);
  return page;
}

TimePoint sort_time(const LogFilter& filter, const NotificationLog& row) {
  const auto& time = filter.sort_by == LogFilter::SortBy::kSentAt ? row.sent_at : row.delivered_at;
  return time.value_or(TimePoint::min());
}

char log_cursor_kind(const LogFilter& filter) {
  switch (filter.sort_by) {
    case LogFilter::SortBy::kSentAt:
      return filter.ascending ? 's' : 'S';
    case LogFilter::SortBy::kDeliveredAt:
      return filter.ascending ? 'd' : 'D';
    case LogFilter::SortBy::kCreatedAt:
      break;
  }
  return filter.ascending ? 'c' : 'C';
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
  const char kind = log_cursor_kind(filter);
  auto after = parse_cursor(kind, filter.cursor);
  if (!after) return std::unexpected(after.error());
  SortedRows sorted(filter, *after);
  std::size_t scanned = 0;
  std::uint64_t matched = 0;
  auto walked = walk(std::nullopt, [&](const auto&, const auto& load) -> Result<bool> {
    if (++scanned > kScanLimit) return false;
    auto row = load();
    if (!row) return std::unexpected(row.error());
    if (!matches(filter, *row)) return true;
    ++matched;
    const IndexPosition at{sort_time(filter, *row), row->id};
    sorted.add(at, std::move(*row));
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  auto rows = sorted.take();
  LogPage page;
  page.total = exact_total.value_or(matched);
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
  return passes(filter.status, job.status()) && passes(filter.queue, envelope.queue) &&
         passes(filter.kind, envelope.kind) && passes(filter.priority, envelope.priority) &&
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

Result<JobPage> page_jobs(const JobFilter& filter, const Walk<Job>& walk,
                          std::optional<std::uint64_t> exact_total) {
  if (auto ok = check_page(filter.limit, filter.offset); !ok) return std::unexpected(ok.error());
  const Rules<Job> rules{.offset = filter.offset,
                         .limit = filter.limit,
                         .needs_row = filter.queue.has_value() || !is_counted(filter),
                         .match = [&](const Job& job) { return matches(filter, job); }};
  return page_in_order(rules, walk, filter.cursor, filter.ascending ? 'j' : 'J', exact_total,
                       &JobPage::jobs);
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
      .match = [&](const NotificationLog& row) { return matches(filter, row); }};
  return page_in_order(rules, walk, filter.cursor, log_cursor_kind(filter), exact_total,
                       &LogPage::logs);
}

}  // namespace townkrier::persistence
