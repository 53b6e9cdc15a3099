/// Lists of jobs as an operator asks for them.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;

class StoreListing : public StoreTest {
 protected:
  JobPage list(const JobFilter& filter) {
    auto page = store().list_jobs(filter);
    EXPECT_TRUE(page) << page.error().message;
    return page ? *page : JobPage{};
  }
  Errc refusal(const JobFilter& filter) {
    const auto page = store().list_jobs(filter);
    EXPECT_FALSE(page);
    return page ? Errc::kInternal : page.error().code;
  }
  void add_many(std::uint64_t first, std::uint64_t last, const std::string& queue = "default") {
    std::vector<Job> jobs;
    for (auto i = first; i <= last; ++i) jobs.push_back(make_job({.id = i, .queue = queue}));
    add(jobs);
  }
};

TEST_P(StoreListing, ShowsTheNewestFirst) {
  add_many(1, 4);
  const auto page = list({});
  EXPECT_EQ(numbers(page.jobs), (Numbers{4, 3, 2, 1}));
  EXPECT_EQ(page.total, 4u);
  EXPECT_FALSE(page.next);
  EXPECT_EQ(numbers(list({.ascending = true}).jobs), (Numbers{1, 2, 3, 4}));
}

TEST_P(StoreListing, PagesWithLimitAndOffset) {
  add_many(1, 5);
  const auto page = list({.limit = 2, .offset = 1});
  EXPECT_EQ(numbers(page.jobs), (Numbers{4, 3}));
  EXPECT_EQ(page.total, 5u);
  EXPECT_TRUE(page.next);
  EXPECT_EQ(numbers(list({.limit = 2, .offset = 4}).jobs), Numbers{1});
  EXPECT_EQ(numbers(list({.limit = 2, .offset = 9}).jobs), Numbers{});
}

TEST_P(StoreListing, ACursorGoesOnWhereThePageEndedAlthoughJobsAreAdded) {
  add_many(1, 5);
  auto page = list({.limit = 2});
  EXPECT_EQ(numbers(page.jobs), (Numbers{5, 4}));
  add_many(6, 9);
  page = list({.limit = 2, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), (Numbers{3, 2}));
  EXPECT_EQ(page.total, 9u);
  page = list({.limit = 2, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), Numbers{1});
  EXPECT_FALSE(page.next);
}

TEST_P(StoreListing, ACursorOutlivesTheJobItNames) {
  add_many(1, 4);
  const auto page = list({.limit = 2, .ascending = true});
  const Job second = *store().get_job(id_of(2));
  must_commit({.removals = {{.job = second, .before = place(second)}}});
  EXPECT_EQ(numbers(list({.ascending = true, .cursor = page.next}).jobs), (Numbers{3, 4}));
}

TEST_P(StoreListing, ListsOneStatusWithItsExactTotal) {
  add({make_job({.id = 1, .status = kFailed}), make_job({.id = 2}),
       make_job({.id = 3, .status = kFailed}), make_job({.id = 4, .status = kCompleted})});
  auto page = list({.status = kFailed, .limit = 1});
  EXPECT_EQ(numbers(page.jobs), Numbers{3});
  EXPECT_EQ(page.total, 2u);
  page = list({.status = kFailed, .limit = 1, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), Numbers{1});
  EXPECT_FALSE(page.next);
  EXPECT_EQ(list({.status = kCancelled}).total, 0u);
}

TEST_P(StoreListing, ListsOneStatusInEitherDirectionAfterItsJobsMoved) {
  for (std::uint64_t i = 1; i <= 6; ++i) {
    Job job = make_job({.id = i});
    add(job);
    change(move(job, kProcessing, 1));
    if (i % 3 != 0) change(move(job, kCompleted, 2));
  }
  EXPECT_EQ(numbers(list({.status = kProcessing}).jobs), (Numbers{6, 3}));
  EXPECT_EQ(numbers(list({.status = kProcessing, .ascending = true}).jobs), (Numbers{3, 6}));
  EXPECT_EQ(numbers(list({.status = kPending}).jobs), Numbers{});
  auto page = list({.status = kCompleted, .limit = 2, .ascending = true});
  EXPECT_EQ(numbers(page.jobs), (Numbers{1, 2}));
  page = list({.status = kCompleted, .limit = 2, .ascending = true, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), (Numbers{4, 5}));
  EXPECT_FALSE(page.next);
}

TEST_P(StoreListing, CountsAQueueExactlyOnEveryPage) {
  add_many(1, 3, "a");
  add_many(4, 6, "b");
  auto page = list({.queue = "a", .limit = 2});
  EXPECT_EQ(numbers(page.jobs), (Numbers{3, 2}));
  EXPECT_EQ(page.total, 3u);
  page = list({.queue = "a", .limit = 2, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), Numbers{1});
  EXPECT_EQ(page.total, 3u);
  EXPECT_EQ(list({.status = kPending, .queue = "b"}).total, 3u);
  EXPECT_EQ(list({.status = kFailed, .queue = "b"}).total, 0u);
}

TEST_P(StoreListing, FiltersByEveryField) {
  Job job = make_job({.id = 2, .priority = 20, .unique_key = "order-7", .channels = {"sms"}});
  JobEnvelope envelope = *job.envelope;
  envelope.kind = "report";
  envelope.tags = {"monthly"};
  job.envelope = std::make_shared<const JobEnvelope>(envelope);
  job.state.error = "connection refused";
  add({make_job({.id = 1}), job, make_job({.id = 3})});
  const std::vector<JobFilter> filters = {
      {.kind = "report"},           {.channel = "sms"},
      {.priority = Priority{20}},   {.tag = "monthly"},
      {.text = "order-7"},          {.text = "refused"},
      {.from = at(2), .to = at(2)}, {.text = id_of(2).to_string()}};
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const auto page = list(filters[i]);
    EXPECT_EQ(numbers(page.jobs), Numbers{2}) << "filter " << i;
    EXPECT_EQ(page.total, 1u) << "filter " << i;
  }
}

TEST_P(StoreListing, CountsFilteredRowsOnEveryPage) {
  std::vector<Job> jobs;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    jobs.push_back(make_job({.id = i, .channels = {i % 2 == 0 ? "sms" : "email"}}));
  }
  add(jobs);
  auto page = list({.channel = "sms", .limit = 4});
  EXPECT_EQ(numbers(page.jobs), (Numbers{20, 18, 16, 14}));
  EXPECT_EQ(page.total, 10u);
  page = list({.channel = "sms", .limit = 6, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), (Numbers{12, 10, 8, 6, 4, 2}));
  EXPECT_EQ(page.total, 10u);
  EXPECT_FALSE(page.next);
}

TEST_P(StoreListing, RefusesPagesOutOfRangeAndForeignCursors) {
  add_many(1, 3);
  EXPECT_EQ(refusal({.limit = 0}), Errc::kInvalidArgument);
  EXPECT_EQ(refusal({.limit = 501}), Errc::kInvalidArgument);
  EXPECT_EQ(refusal({.offset = 10'001}), Errc::kInvalidArgument);
  EXPECT_EQ(refusal({.cursor = "nonsense"}), Errc::kMalformed);
  EXPECT_EQ(refusal({.cursor = ""}), Errc::kMalformed);
  const auto descending = list({.limit = 1}).next;
  EXPECT_EQ(refusal({.ascending = true, .cursor = descending}), Errc::kMalformed);
}

TEST_P(StoreListing, ListsSeveralStatusesAsOne) {
  add({make_job({.id = 1, .status = kFailed}), make_job({.id = 2}),
       make_job({.id = 3, .status = kCancelled}), make_job({.id = 4, .status = kFailed})});
  auto page = list({.status = {kFailed, kCancelled}, .limit = 2});
  EXPECT_EQ(numbers(page.jobs), (Numbers{4, 3}));
  EXPECT_EQ(page.total, 3u);
  EXPECT_TRUE(page.total_exact);
  page = list({.status = {kFailed, kCancelled}, .limit = 2, .cursor = page.next});
  EXPECT_EQ(numbers(page.jobs), Numbers{1});
  EXPECT_FALSE(page.next);
  EXPECT_EQ(numbers(list({.status = {kPending, kFailed}, .ascending = true}).jobs),
            (Numbers{1, 2, 4}));
}

TEST_P(StoreListing, SortsEndedJobsByTheirEnd) {
  add({make_job({.id = 1, .status = kFailed, .time = 30}),
       make_job({.id = 2, .status = kCompleted, .time = 10}), make_job({.id = 3}),
       make_job({.id = 4, .status = kCompleted, .time = 20})});
  const auto by_end = JobFilter::SortBy::kFinishedAt;
  auto page = list({.limit = 2, .sort_by = by_end});
  EXPECT_EQ(numbers(page.jobs), (Numbers{1, 4}));
  EXPECT_EQ(page.total, 3u);
  page = list({.limit = 2, .cursor = page.next, .sort_by = by_end});
  EXPECT_EQ(numbers(page.jobs), Numbers{2});
  EXPECT_EQ(numbers(list({.ascending = true, .sort_by = by_end}).jobs), (Numbers{2, 4, 1}));
  EXPECT_EQ(numbers(list({.status = kCompleted, .sort_by = by_end}).jobs), (Numbers{4, 2}));
  EXPECT_EQ(refusal({.status = kPending, .sort_by = by_end}), Errc::kInvalidArgument);
}

TEST_P(StoreListing, SortsWaitingJobsByTheTimeTheyWaitFor) {
  add({make_job({.id = 1, .status = kScheduled, .time = 30}),
       make_job({.id = 2, .status = kRetrying, .time = 10}), make_job({.id = 3}),
       make_job({.id = 4, .status = kScheduled, .time = 20})});
  const auto by_due = JobFilter::SortBy::kDueAt;
  EXPECT_EQ(numbers(list({.ascending = true, .sort_by = by_due}).jobs), (Numbers{2, 4, 1}));
  const auto page = list({.status = kScheduled, .limit = 1, .sort_by = by_due});
  EXPECT_EQ(numbers(page.jobs), Numbers{1});
  EXPECT_EQ(page.total, 2u);
  EXPECT_EQ(numbers(list({.status = kScheduled, .cursor = page.next, .sort_by = by_due}).jobs),
            Numbers{4});
  EXPECT_EQ(refusal({.status = kFailed, .sort_by = by_due}), Errc::kInvalidArgument);
}

TEST_P(StoreListing, GoesBackOverTheSamePages) {
  add_many(1, 7);
  for (const bool ascending : {false, true}) {
    JobFilter filter{.limit = 3, .ascending = ascending};
    std::vector<Numbers> forth;
    for (;;) {
      const auto page = list(filter);
      forth.push_back(numbers(page.jobs));
      filter.cursor = page.next ? page.next : page.prev;
      if (!page.next) break;
    }
    ASSERT_EQ(forth.size(), 3u);
    auto page = list(filter);
    EXPECT_EQ(numbers(page.jobs), forth[1]);
    EXPECT_EQ(page.total, 7u);
    filter.cursor = page.prev;
    page = list(filter);
    EXPECT_EQ(numbers(page.jobs), forth[0]);
    EXPECT_FALSE(page.prev);
    filter.cursor = page.next;
    EXPECT_EQ(numbers(list(filter).jobs), forth[1]);
  }
  EXPECT_FALSE(list({}).prev);
}

TEST_P(StoreListing, ASearchWithoutTimeSaysThatItWasNotOver) {
  std::vector<Job> jobs;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    jobs.push_back(make_job({.id = i, .channels = {i == 5 ? "sms" : "email"}}));
  }
  add(jobs);
  JobFilter filter{.channel = "sms", .time_budget = Duration{0}};
  auto page = list(filter);
  EXPECT_TRUE(page.truncated);
  EXPECT_FALSE(page.total_exact);
  ASSERT_TRUE(page.next);
  std::size_t pages = 0;
  for (; page.jobs.empty() && page.next && pages < 100; ++pages) {
    filter.cursor = page.next;
    page = list(filter);
  }
  EXPECT_EQ(numbers(page.jobs), Numbers{5});
  EXPECT_TRUE(list({.channel = "sms"}).total_exact);
}

TOWNKRIER_ON_EACH_STORE(StoreListing);

}  // namespace
}  // namespace townkrier::testing
