/// History for graphs.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using StoreSeries = StoreTest;
using enum SeriesMetric;

SeriesBucket bucket(SeriesStep step, std::int64_t start, std::uint64_t completed) {
  SeriesBucket made;
  made.step = step;
  made.start = at(start);
  made.total[kCompleted] = completed;
  made.by_queue["default"][kCompleted] = completed;
  made.by_channel["email"][kFailed] = 2;
  made.wait.record(std::chrono::milliseconds{5});
  made.run.record(std::chrono::seconds{7});
  return made;
}

TEST_P(StoreSeries, KeepsBucketsOverARestart) {
  const std::vector<SeriesBucket> written = {bucket(SeriesStep::kMinute, 0, 1),
                                             bucket(SeriesStep::kMinute, 60'000, 2)};
  ASSERT_TRUE(store().put_series(written, {}));
  restart();
  const auto read = store().series({SeriesStep::kMinute, at(0), at(120'000)});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, written);
}

TEST_P(StoreSeries, OverwritesABucketOfTheSameStart) {
  ASSERT_TRUE(store().put_series(std::vector{bucket(SeriesStep::kHour, 0, 1)}, {}));
  ASSERT_TRUE(store().put_series(std::vector{bucket(SeriesStep::kHour, 0, 5)}, {}));
  const auto read = store().series({SeriesStep::kHour, at(0), at(1)});
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().total[kCompleted], 5u);
}

TEST_P(StoreSeries, GivesTheBucketsThatStartWithinARange) {
  for (std::int64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(store().put_series(std::vector{bucket(SeriesStep::kMinute, i * 60'000, i),
                                               bucket(SeriesStep::kHour, i * 60'000, 100)},
                                   {}));
  }
  const auto read = store().series({SeriesStep::kMinute, at(60'000), at(180'000)});
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].start, at(60'000));
  EXPECT_EQ((*read)[1].start, at(120'000));
  EXPECT_TRUE(store().series({SeriesStep::kMinute, at(100), at(100)})->empty());
}

TEST_P(StoreSeries, DropsWhatIsTooOldOfEachStep) {
  ASSERT_TRUE(store().put_series(
      std::vector{bucket(SeriesStep::kMinute, 0, 1), bucket(SeriesStep::kMinute, 60'000, 1),
                  bucket(SeriesStep::kHour, 0, 1)},
      {}));
  ASSERT_TRUE(store().put_series(std::vector{bucket(SeriesStep::kMinute, 120'000, 1)},
                                 {{SeriesStep::kMinute, at(60'000)}}));
  EXPECT_EQ(store().series({SeriesStep::kMinute, at(0), at(999'999)})->size(), 2u);
  EXPECT_EQ(store().series({SeriesStep::kHour, at(0), at(999'999)})->size(), 1u);
}

TOWNKRIER_ON_EACH_STORE(StoreSeries);

}  // namespace
}  // namespace townkrier::testing
