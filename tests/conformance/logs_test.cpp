/// Log rows: writing, queries, statistics, cleanup.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using enum LogStatus;
using SortBy = LogFilter::SortBy;

class StoreLogs : public StoreTest {
 protected:
  LogPage query(const LogFilter& filter) {
    auto page = store().query_logs(filter);
    EXPECT_TRUE(page) << page.error().message;
    return page ? *page : LogPage{};
  }
  Result<void> put(const NotificationLog& row, std::optional<LogStatus> previous) {
    const LogChange change{row, previous};
    return store().put_logs({&change, 1}, Durability::kOs);
  }
  std::uint64_t count(LogStatus status) {
    const auto stats = store().log_stats({});
    const auto found = stats->by_status.find(std::string(to_string(status)));
    return found == stats->by_status.end() ? 0 : found->second;
  }
};

TEST_P(StoreLogs, ReturnsARowAsItWasPut) {
  NotificationLog row = make_log({.id = 3, .status = kSent, .created = 5});
  row.job_id = id_of(77);
  row.subject = "We***";
  row.tags = {"a", "b"};
  row.retry_logs = {{.attempt = 1, .timestamp = at(6), .status = kRetrying, .error = "busy"}};
  add_log(row);
  restart();
  EXPECT_EQ(*store().get_log(id_of(3)), row);
  EXPECT_EQ(store().get_log(id_of(4)).error().code, Errc::kNotFound);
}

TEST_P(StoreLogs, CountsRowsAsTheirStatusChanges) {
  NotificationLog row = make_log({.id = 1});
  row.subject = "We***";
  Job job = make_job({.id = 1});
  Delivery& delivery = job.state.deliveries[0];
  delivery.log_id = row.id;
  row.job_id = job.id();
  must_commit({.enqueued = {{.job = job, .logs = {row}}}});
  EXPECT_EQ(count(kScheduled), 1u);
  delivery.status = kSent;
  delivery.updated_at = at(9);
  delivery.provider = "smtp";
  delivery.sent_at = at(9);
  JobChange sent = move(job, JobStatus::kCompleted, 9);
  sent.before.route = "email";
  sent.logs.push_back({0, kScheduled});
  change(sent);
  restart();
  row.status = kSent;
  row.provider = "smtp";
  row.sent_at = at(9);
  row.updated_at = at(9);
  EXPECT_EQ(*store().get_log(row.id), row);
  EXPECT_EQ(count(kScheduled), 0u);
  EXPECT_EQ(count(kSent), 1u);
  const auto stats = store().log_stats({});
  EXPECT_EQ(stats->total, 1u);
  EXPECT_EQ(stats->sent, 1u);
  EXPECT_EQ(stats->by_channel, (std::map<std::string, std::uint64_t>{{"email", 1}}));
}

TEST_P(StoreLogs, RefusesAWriteByHandThatIsOutOfDate) {
  NotificationLog row = make_log({.id = 1, .status = kSent});
  EXPECT_EQ(put(row, kScheduled).error().code, Errc::kNotFound);
  EXPECT_TRUE(put(row, std::nullopt));
  EXPECT_EQ(put(row, std::nullopt).error().code, Errc::kConflict);
  EXPECT_EQ(put(row, kScheduled).error().code, Errc::kConflict);
  row.status = kDelivered;
  EXPECT_TRUE(put(row, kSent));
  EXPECT_EQ(count(kDelivered), 1u);
  row.created_at = at(99);
  EXPECT_EQ(put(row, kDelivered).error().code, Errc::kInvalidArgument);
  row.id = {};
  EXPECT_EQ(put(row, std::nullopt).error().code, Errc::kInvalidArgument);
}

TEST_P(StoreLogs, StoresNoneOfTheRowsWhenOneIsRefused) {
  const NotificationLog row = make_log({.id = 1});
  const std::vector<LogChange> twice = {{row, std::nullopt}, {row, std::nullopt}};
  EXPECT_EQ(store().put_logs(twice, Durability::kOs).error().code, Errc::kConflict);
  EXPECT_FALSE(store().get_log(id_of(1)));
  EXPECT_EQ(store().log_stats({})->total, 0u);
}

/// A job with one delivery and its log row, stored.
Job with_row(NotificationLog& row) {
  Job job = make_job({.id = 1});
  job.state.deliveries[0].log_id = row.id;
  row.job_id = job.id();
  return job;
}

/// The delivery goes from one status to another, and its row with it.
JobChange deliver(Job& job, LogStatus previous, LogStatus next) {
  const JobPlace before = place(job);
  job.state.deliveries[0].status = next;
  job.state.deliveries[0].updated_at = at(30);
  JobChange change{.job = job, .before = before};
  change.logs.push_back({0, previous});
  return change;
}

TEST_P(StoreLogs, ARowThatWasChangedByHandStillMovesWithItsJob) {
  NotificationLog row = make_log({.id = 5, .created = 1});
  Job job = with_row(row);
  must_commit({.enqueued = {{.job = job, .logs = {row}}}});
  row.status = kFailed;
  row.subject = "by hand";
  ASSERT_TRUE(put(row, kScheduled));
  restart();
  change(deliver(job, kScheduled, kSending));  // It did not hear of `failed`.
  EXPECT_EQ(count(kSending), 1u);
  EXPECT_EQ(count(kFailed), 0u);
  EXPECT_EQ(count(kScheduled), 0u);
  change(deliver(job, kSending, kSent));
  EXPECT_EQ(count(kSent), 1u);
  EXPECT_EQ(store().get_log(row.id)->subject, "by hand");
}

TEST_P(StoreLogs, ARowThatWasDeletedStaysDeletedWhileItsJobGoesOn) {
  NotificationLog row = make_log({.id = 5, .created = 1});
  Job job = with_row(row);
  must_commit({.enqueued = {{.job = job, .logs = {row}}}});
  EXPECT_EQ(*store().delete_logs(at(2), 10, Durability::kOs), 1u);
  restart();
  StoreBatch batch;  // Twice in one write.
  batch.changes.push_back(deliver(job, kScheduled, kSending));
  batch.changes.push_back(deliver(job, kSending, kSent));
  must_commit(batch);
  EXPECT_EQ(store().get_log(row.id).error().code, Errc::kNotFound);
  EXPECT_EQ(store().log_stats({})->total, 0u);
}

TEST_P(StoreLogs, ANewRowOlderThanADeletionIsCountedOnce) {
  EXPECT_EQ(*store().delete_logs(at(1000), 10, Durability::kOs), 0u);
  NotificationLog row = make_log({.id = 2, .created = 5});
  Job job = with_row(row);
  must_commit({.enqueued = {{.job = job, .logs = {row}}}});
  change(deliver(job, kScheduled, kSent));
  EXPECT_EQ(store().log_stats({})->total, 1u);
  EXPECT_EQ(count(kSent), 1u);
}

TEST_P(StoreLogs, ShowsTheNewestFirst) {
  add_log(make_log({.id = 1, .created = 20}));
  add_log(make_log({.id = 2, .created = 10}));
  add_log(make_log({.id = 3, .created = 20}));
  EXPECT_EQ(numbers(query({}).logs), (Numbers{3, 1, 2}));
  EXPECT_EQ(numbers(query({.ascending = true}).logs), (Numbers{2, 1, 3}));
  EXPECT_EQ(query({}).total, 3u);
}

TEST_P(StoreLogs, FiltersByEveryField) {
  for (std::uint64_t i : {1, 2, 3}) {
    NotificationLog row = make_log({.id = i, .created = static_cast<std::int64_t>(i)});
    if (i == 2) {
      row.channel = "sms";
      row.status = kFailed;
      row.recipient = "+23*******67";
      row.tags = {"x", "y"};
      row.job_id = id_of(70);
    }
    add_log(row);
  }
  const std::vector<LogFilter> filters = {
      {.notification_id = "n2"}, {.job_id = id_of(70)}, {.channel = "sms"},
      {.status = kFailed},       {.recipient = "*67"},  {.start_date = at(2), .end_date = at(2)},
      {.tags = {"z", "y"}}};
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const auto page = query(filters[i]);
    EXPECT_EQ(numbers(page.logs), Numbers{2}) << "filter " << i;
    EXPECT_EQ(page.total, 1u) << "filter " << i;
  }
  EXPECT_TRUE(query({.job_id = id_of(71)}).logs.empty());
}

TEST_P(StoreLogs, FindsARowByItsJobAndByTheJobsIdAsNotification) {
  NotificationLog row = make_log({.id = 1});
  row.job_id = id_of(70);
  row.notification_id = id_of(70).to_string();
  add_log(row);
  EXPECT_EQ(numbers(query({.job_id = id_of(70)}).logs), Numbers{1});
  EXPECT_EQ(numbers(query({.notification_id = id_of(70).to_string()}).logs), Numbers{1});
  EXPECT_EQ(*store().delete_logs(at(10), 10, Durability::kOs), 1u);
  EXPECT_TRUE(query({.job_id = id_of(70)}).logs.empty());
}

TEST_P(StoreLogs, ACursorGoesOnWhereThePageEndedAlthoughRowsAreAdded) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    add_log(make_log({.id = i, .created = static_cast<std::int64_t>(i / 2)}));
  }
  auto page = query({.limit = 2});
  EXPECT_EQ(numbers(page.logs), (Numbers{5, 4}));
  add_log(make_log({.id = 6, .created = 9}));
  page = query({.limit = 2, .cursor = page.next});
  EXPECT_EQ(numbers(page.logs), (Numbers{3, 2}));
  page = query({.limit = 2, .cursor = page.next});
  EXPECT_EQ(numbers(page.logs), Numbers{1});
  EXPECT_FALSE(page.next);
}

TEST_P(StoreLogs, SortsBySentTimeWithUnsentRowsLast) {
  const std::map<std::uint64_t, std::optional<std::int64_t>> sent = {
      {1, 30}, {2, std::nullopt}, {3, 10}, {4, 20}, {5, 20}};
  for (const auto& [id, time] : sent) {
    NotificationLog row = make_log({.id = id, .created = static_cast<std::int64_t>(id)});
    if (time) row.sent_at = at(*time);
    if (time) row.delivered_at = at(100 - *time);
    add_log(row);
  }
  EXPECT_EQ(numbers(query({.sort_by = SortBy::kSentAt}).logs), (Numbers{1, 5, 4, 3, 2}));
  EXPECT_EQ(numbers(query({.sort_by = SortBy::kSentAt, .ascending = true}).logs),
            (Numbers{2, 3, 4, 5, 1}));
  EXPECT_EQ(numbers(query({.sort_by = SortBy::kDeliveredAt}).logs), (Numbers{3, 5, 4, 1, 2}));
  auto page = query({.limit = 2, .sort_by = SortBy::kSentAt});
  EXPECT_EQ(page.total, 5u);
  page = query({.limit = 2, .sort_by = SortBy::kSentAt, .cursor = page.next});
  EXPECT_EQ(numbers(page.logs), (Numbers{4, 3}));
  page = query({.limit = 2, .sort_by = SortBy::kSentAt, .cursor = page.next});
  EXPECT_EQ(numbers(page.logs), Numbers{2});
  EXPECT_FALSE(page.next);
}

TEST_P(StoreLogs, RefusesForeignCursors) {
  for (std::uint64_t i : {1, 2}) add_log(make_log({.id = i}));
  const auto next = query({.limit = 1}).next;
  ASSERT_TRUE(next);
  const auto other = store().query_logs({.sort_by = SortBy::kSentAt, .cursor = next});
  EXPECT_EQ(other.error().code, Errc::kMalformed);
  EXPECT_EQ(store().query_logs({.limit = 0}).error().code, Errc::kInvalidArgument);
}

TEST_P(StoreLogs, SumsUpATimeRange) {
  add_log(make_log({.id = 1, .status = kSent, .created = 1}));
  add_log(make_log({.id = 2, .status = kFailed, .created = 2}));
  add_log(make_log({.id = 3, .channel = "sms", .status = kDelivered, .created = 3}));
  const auto stats = store().log_stats({.start_date = at(2), .end_date = at(3)});
  EXPECT_EQ(stats->total, 2u);
  EXPECT_EQ(stats->failed, 1u);
  EXPECT_EQ(stats->delivered, 1u);
  EXPECT_EQ(stats->sent, 0u);
  EXPECT_EQ(store().log_stats({.start_date = at(2), .channel = "sms"})->total, 1u);
  EXPECT_EQ(store().log_stats({.channel = "sms"})->total, 1u);
  EXPECT_EQ(store().log_stats({})->total, 3u);
}

TEST_P(StoreLogs, DeletesTheOldestInSlices) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    add_log(make_log({.id = i, .created = static_cast<std::int64_t>(i)}));
  }
  EXPECT_EQ(*store().delete_logs(at(5), 3, Durability::kOs), 3u);
  EXPECT_EQ(numbers(query({}).logs), (Numbers{5, 4}));
  EXPECT_EQ(*store().delete_logs(at(5), 3, Durability::kOs), 1u);
  EXPECT_EQ(*store().delete_logs(at(5), 3, Durability::kOs), 0u);
  restart();
  EXPECT_EQ(numbers(query({}).logs), Numbers{5});
  EXPECT_EQ(store().log_stats({})->total, 1u);
}

TOWNKRIER_ON_EACH_STORE(StoreLogs);

}  // namespace
}  // namespace townkrier::testing
