#include "core/activity.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/activity_json.hpp"
#include "core/error_groups.hpp"
#include "core/recent_latency.hpp"

namespace townkrier {
namespace {

using namespace std::chrono_literals;
using enum SeriesMetric;

constexpr TimePoint kStart{Duration{1'767'225'600'000}};  // 2026-01-01T00:00:00Z

JobId id_of(std::uint8_t number) {
  JobId id;
  id.bytes[15] = number;
  return id;
}

Job job_of(std::uint8_t number, JobStatus status, const std::string& queue = "default") {
  auto envelope = std::make_shared<JobEnvelope>();
  envelope->id = id_of(number);
  envelope->queue = queue;
  Job job;
  job.envelope = std::move(envelope);
  job.state.status = status;
  return job;
}

ActivityBatch ended(std::uint8_t number, JobStatus status, const std::string& queue = "default") {
  ActivityBatch batch;
  batch.add(JobChange{.job = job_of(number, status, queue),
                      .before = {.status = JobStatus::kProcessing}});
  return batch;
}

TEST(LatencyHistogram, FindsPercentilesWithinThreePercent) {
  LatencyHistogram histogram;
  for (int ms = 1; ms <= 10'000; ++ms) histogram.record(std::chrono::milliseconds{ms});
  for (const double share : {0.5, 0.95, 0.99}) {
    const double exact = share * 10'000'000;
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share).count()), exact, exact * 0.033);
  }
  EXPECT_EQ(histogram.count(), 10'000u);
}

TEST(LatencyHistogram, TakesAnyTimeIntoOneOfItsBuckets) {
  using std::chrono::microseconds;
  std::size_t last = 0;
  for (std::int64_t us = 1; us < (std::int64_t{1} << 39); us += us / 20 + 1) {
    const std::size_t bucket = LatencyHistogram::bucket_of(microseconds{us});
    ASSERT_GE(bucket, last);
    ASSERT_LT(bucket, LatencyHistogram::kBuckets);
    const double middle = static_cast<double>(LatencyHistogram::value_of(bucket).count());
    ASSERT_NEAR(middle, static_cast<double>(us), static_cast<double>(us) * 0.033 + 0.5);
    last = bucket;
  }
  EXPECT_EQ(LatencyHistogram::bucket_of(microseconds{-5}), 0u);
  EXPECT_EQ(LatencyHistogram::bucket_of(microseconds::max()), LatencyHistogram::kBuckets - 1);
}

TEST(LatencyHistogram, AddsAnotherOne) {
  LatencyHistogram one;
  LatencyHistogram other;
  one.record(1ms);
  other.record(1ms);
  other.record(5s);
  one.merge(other);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.filled().size(), 2u);
}

TEST(RecentLatency, ForgetsWhatIsOlderThanTenMinutes) {
  RecentLatency latency;
  const RecentLatency::Steady start{1h};
  latency.record(5ms, start);
  EXPECT_EQ(latency.recent(start + 6min).count(), 1u);
  latency.record(7ms, start + 6min);
  EXPECT_EQ(latency.recent(start + 6min).count(), 2u);
  EXPECT_EQ(latency.recent(start + 12min).count(), 1u);
  EXPECT_EQ(latency.recent(start + 30min).count(), 0u);
}

TEST(Activity, NamesJobsThatChangedSinceARevision) {
  Activity activity(kStart);
  const auto first = activity.news(0, kStart).rev;
  activity.record(ended(1, JobStatus::kCompleted), kStart);
  activity.record(ended(2, JobStatus::kFailed), kStart);
  activity.record(ended(1, JobStatus::kCompleted), kStart);
  const LiveNews news = activity.news(first, kStart);
  EXPECT_EQ(news.rev, first + 3);
  EXPECT_EQ(news.changed, (std::vector<JobId>{id_of(1), id_of(2)}));
  EXPECT_FALSE(news.more);
  EXPECT_TRUE(activity.news(news.rev, kStart).changed.empty());
}

TEST(Activity, SaysWhenItCannotNameAllThatChanged) {
  Activity activity(kStart);
  const auto first = activity.news(0, kStart).rev;
  for (std::uint8_t i = 1; i <= 30; ++i) {
    activity.record(ended(i, JobStatus::kCompleted), kStart);
  }
  EXPECT_TRUE(activity.news(first, kStart).more);
  EXPECT_EQ(activity.news(first, kStart).changed.size(), 20u);
  EXPECT_FALSE(activity.news(first + 20, kStart).more);
  for (int i = 0; i < 1000; ++i) activity.record(ended(1, JobStatus::kCompleted), kStart);
  EXPECT_TRUE(activity.news(first + 29, kStart).more);  // fell out of the ring
  EXPECT_TRUE(activity.news(first - 1, kStart).more);   // of an earlier process
  EXPECT_TRUE(activity.news(first + 999'999, kStart).more);
}

TEST(Activity, StartsBeyondTheRevisionsOfAnEarlierProcess) {
  Activity earlier(kStart);
  for (int i = 0; i < 500; ++i) earlier.record(ended(1, JobStatus::kCompleted), kStart);
  const Activity later(kStart + 1s);
  EXPECT_GT(later.news(0, kStart).rev, earlier.news(0, kStart).rev);
}

TEST(Activity, GivesRatesOverTheLastTenFullSeconds) {
  Activity activity(kStart);
  for (int i = 0; i < 5; ++i) {
    activity.record(ended(1, JobStatus::kCompleted, "mail"), kStart + i * 1s);
    activity.record(ended(1, JobStatus::kFailed), kStart + i * 1s);
  }
  const LiveNews news = activity.news(0, kStart + 5s);
  EXPECT_DOUBLE_EQ(news.rates[1], 0.5);
  EXPECT_DOUBLE_EQ(activity.ended_rate("mail", kStart + 5s), 0.5);
  EXPECT_DOUBLE_EQ(activity.ended_rate("other", kStart + 5s), 0);
  EXPECT_DOUBLE_EQ(activity.news(0, kStart + 60s).rates[1], 0);
  EXPECT_EQ(news.totals[kCompleted], 5u);
}

TEST(Activity, CountsJobsByQueueAndDeliveriesByChannel) {
  ActivityBatch batch;
  NewJob added;
  added.job = job_of(1, JobStatus::kPending, "mail");
  added.job.state.deliveries.resize(2);
  added.job.state.deliveries[0].channel = "email";
  added.job.state.deliveries[1].channel = "sms";
  batch.add(added);
  JobChange change{.job = added.job, .before = {.status = JobStatus::kProcessing}};
  change.job.state.status = JobStatus::kRetrying;
  change.job.state.deliveries[0].status = LogStatus::kSent;
  change.job.state.deliveries[1].status = LogStatus::kRetrying;
  change.logs = {{0, LogStatus::kSending}, {1, LogStatus::kSending}};
  batch.add(change);
  EXPECT_EQ(batch.by_queue["mail"][kEnqueued], 1u);
  EXPECT_EQ(batch.by_queue["mail"][kRetried], 1u);
  EXPECT_EQ(batch.by_channel["email"][kEnqueued], 1u);
  EXPECT_EQ(batch.by_channel["email"][kCompleted], 1u);
  EXPECT_EQ(batch.by_channel["sms"][kRetried], 1u);
  EXPECT_EQ(batch.total[kCompleted], 0u);
}

TEST(Activity, TimesHowLongJobsWaitedAndRan) {
  ActivityBatch batch;
  JobChange begun{.job = job_of(1, JobStatus::kProcessing),
                  .before = {.status = JobStatus::kPending, .time = kStart}};
  begun.job.state.processed_at = kStart + 30ms;
  batch.add(begun);
  JobChange done{.job = job_of(1, JobStatus::kCompleted),
                 .before = {.status = JobStatus::kProcessing}};
  done.job.state.processed_at = kStart + 30ms;
  done.job.state.updated_at = kStart + 100ms;
  batch.add(done);
  EXPECT_EQ(batch.waits, std::vector<Duration>{30ms});
  EXPECT_EQ(batch.runs, std::vector<Duration>{70ms});
}

TEST(Activity, KeepsBucketsUntilTheyAreSaved) {
  Activity activity(kStart);
  activity.record(ended(1, JobStatus::kCompleted), kStart);
  activity.record(ended(2, JobStatus::kCompleted), kStart + 61s);
  const auto minutes = activity.unsaved(SeriesStep::kMinute);
  ASSERT_EQ(minutes.size(), 2u);
  EXPECT_EQ(minutes[0].start, kStart);
  EXPECT_EQ(minutes[1].start, kStart + 60s);
  ASSERT_EQ(activity.unsaved(SeriesStep::kHour).size(), 1u);
  EXPECT_EQ(activity.unsaved(SeriesStep::kHour)[0].total[kCompleted], 2u);
  const auto all = activity.unsaved();
  activity.record(ended(3, JobStatus::kCompleted), kStart + 62s);
  activity.saved(all);  // does not have the third
  EXPECT_EQ(activity.unsaved(SeriesStep::kMinute).size(), 1u);
  activity.saved(activity.unsaved());
  EXPECT_TRUE(activity.unsaved().empty());
}

TEST(Activity, GoesOnWithTheBucketOfAnEarlierRun) {
  Activity activity(kStart + 10s);
  SeriesBucket earlier;
  earlier.start = kStart;
  earlier.total[kCompleted] = 7;
  activity.restore(earlier, kStart + 10s);
  EXPECT_TRUE(activity.unsaved().empty());
  activity.record(ended(1, JobStatus::kCompleted), kStart + 11s);
  EXPECT_EQ(activity.unsaved(SeriesStep::kMinute)[0].total[kCompleted], 8u);
}

TEST(Activity, CountsOnWhenTheClockStepsBack) {
  Activity activity(kStart + 60s);
  activity.record(ended(1, JobStatus::kCompleted), kStart + 60s);
  activity.record(ended(1, JobStatus::kCompleted), kStart + 10s);
  ASSERT_EQ(activity.unsaved(SeriesStep::kMinute).size(), 1u);
  EXPECT_EQ(activity.unsaved(SeriesStep::kMinute)[0].total[kCompleted], 2u);
}

TEST(Activity, CountsNamesBeyondTheFirstTwoHundredTogether) {
  Activity activity(kStart);
  for (int i = 0; i < 300; ++i) {
    activity.record(ended(1, JobStatus::kCompleted, "q" + std::to_string(i)), kStart);
  }
  const auto bucket = activity.unsaved(SeriesStep::kMinute)[0];
  EXPECT_EQ(bucket.by_queue.size(), kMaxSeriesNames + 1);
  EXPECT_EQ(bucket.by_queue.at(std::string(kOtherNames))[kCompleted], 100u);
}

TEST(LiveNewsJson, StaysBelowTwoKilobytes) {
  LiveNews news;
  news.rev = 9'007'199'254'740'991;
  const std::uint64_t many = 18'446'744'073'709'551'615u;
  news.jobs = {many, many, many, many, many, many, many};
  news.totals.values.fill(many);
  news.rates.fill(123456.7890123);
  for (int i = 0; i < 20; ++i) news.changed.push_back(id_of(static_cast<std::uint8_t>(i)));
  EXPECT_LT(live_news_to_json(news, kStart).dump().size(), 2000u);
}

TEST(ErrorPattern, LeavesOutWhatDiffersFromJobToJob) {
  EXPECT_EQ(error_pattern("timed out after 30000 ms"), "timed out after # ms");
  EXPECT_EQ(error_pattern("timed out after 1500 ms"), "timed out after # ms");
  EXPECT_EQ(error_pattern("hook: HTTP 503"), "hook: HTTP 503");
  EXPECT_EQ(error_pattern("no row 0190b6f2-8d1e-7c3a-9f10-3b7e2a4c5d6e here"), "no row # here");
  EXPECT_LE(error_pattern(std::string(10'000, 'x')).size(), 200u);
}

TEST(ErrorGroups, CountsJobsByKindAndPattern) {
  ErrorGroups groups;
  for (std::uint8_t i = 1; i <= 3; ++i) {
    Job job = job_of(i, JobStatus::kFailed);
    job.state.error = "timed out after " + std::to_string(1000 + i) + " ms";
    job.state.failed_at = kStart - i * 1s;
    job.state.deliveries.resize(1);
    job.state.deliveries[0].channel = "email";
    job.state.deliveries[0].status = LogStatus::kFailed;
    groups.add(job);
  }
  Job other = job_of(9, JobStatus::kFailed);
  other.state.error = "bad address";
  groups.add(other);
  const ErrorSummary summary = groups.summary();
  ASSERT_EQ(summary.groups.size(), 2u);
  EXPECT_EQ(summary.groups[0].count, 3u);
  EXPECT_EQ(summary.groups[0].example, id_of(1));
  EXPECT_EQ(summary.groups[0].last_at, kStart - 1s);
  EXPECT_EQ(summary.groups[0].first_at, kStart - 3s);
  EXPECT_EQ(summary.groups[0].channels, std::vector<std::string>{"email"});
  EXPECT_EQ(summary.scanned, 4u);
}

TEST(ErrorGroups, StaysBounded) {
  ErrorGroups groups;
  for (int i = 0; i < 3000; ++i) {
    Job job = job_of(1, JobStatus::kFailed);
    for (int n = i; n > 0; n /= 26) job.state.error += static_cast<char>('g' + n % 13);
    job.state.error += std::string(static_cast<std::size_t>(i % 100), 'z');
    groups.add(job);
  }
  EXPECT_LE(groups.summary().groups.size(), 100u);
  EXPECT_EQ(groups.summary().scanned, 3000u);
}

SeriesBucket bucket_at(TimePoint start, std::uint64_t completed) {
  SeriesBucket bucket;
  bucket.start = start;
  bucket.total[kCompleted] = completed;
  bucket.by_queue["mail"][kCompleted] = completed;
  bucket.run.record(std::chrono::milliseconds{completed});
  return bucket;
}

TEST(SeriesJson, HasOneValueForEachStep) {
  const std::vector<SeriesBucket> buckets = {bucket_at(kStart, 3), bucket_at(kStart + 2min, 4)};
  SeriesView view{.step = SeriesView::Step::kMinute, .from = kStart, .to = kStart + 4min};
  const auto body = series_to_json(view, buckets);
  EXPECT_EQ(body["series"], nlohmann::json::parse(R"([{"name":"total","values":[3,0,4,0]}])"));
  EXPECT_EQ(body["stepMs"], 60'000);
  view.by = SeriesView::By::kQueue;
  EXPECT_EQ(series_to_json(view, buckets)["series"],
            nlohmann::json::parse(R"([{"name":"mail","values":[3,0,4,0]}])"));
}

TEST(SeriesJson, GivesEachMetricAtOnce) {
  SeriesBucket bucket = bucket_at(kStart, 7);
  bucket.total[kFailed] = 2;
  const SeriesView view{.metric = SeriesView::Metric::kCounts,
                        .step = SeriesView::Step::kMinute,
                        .from = kStart,
                        .to = kStart + 2min};
  const auto body = series_to_json(view, std::vector{bucket});
  EXPECT_EQ(body["metric"], "counts");
  EXPECT_EQ(body["series"], nlohmann::json::parse(R"([{"name":"enqueued","values":[0,0]},
      {"name":"completed","values":[7,0]}, {"name":"failed","values":[2,0]},
      {"name":"retried","values":[0,0]}])"));
}

TEST(SeriesJson, AddsHoursUpToDays) {
  const std::vector<SeriesBucket> buckets = {bucket_at(kStart, 3), bucket_at(kStart + 23h, 4),
                                             bucket_at(kStart + 24h, 5)};
  const SeriesView view{.step = SeriesView::Step::kDay, .from = kStart, .to = kStart + 48h};
  EXPECT_EQ(series_to_json(view, buckets)["series"][0]["values"], nlohmann::json::parse("[7,5]"));
}

TEST(SeriesJson, GivesPercentilesOfTimes) {
  const std::vector<SeriesBucket> buckets = {bucket_at(kStart, 40)};
  const SeriesView view{.metric = SeriesView::Metric::kRun,
                        .step = SeriesView::Step::kMinute,
                        .from = kStart,
                        .to = kStart + 1min};
  const auto series = series_to_json(view, buckets)["series"];
  ASSERT_EQ(series.size(), 4u);
  EXPECT_EQ(series[0]["name"], "p50");
  EXPECT_NEAR(series[0]["values"][0].get<double>(), 40, 40 * 0.033);
  EXPECT_EQ(series[3]["values"][0], 1);
}

TEST(SeriesJson, NamesTheTwentyLargestApart) {
  SeriesBucket bucket;
  bucket.start = kStart;
  for (int i = 1; i <= 30; ++i) bucket.by_queue["q" + std::to_string(i)][kCompleted] = i;
  const SeriesView view{.step = SeriesView::Step::kMinute,
                        .by = SeriesView::By::kQueue,
                        .from = kStart,
                        .to = kStart + 1min};
  const auto series = series_to_json(view, std::vector{bucket})["series"];
  ASSERT_EQ(series.size(), 21u);
  EXPECT_EQ(series[0]["name"], "q30");
  EXPECT_EQ(series[20]["values"][0], 55);
}

}  // namespace
}  // namespace townkrier
