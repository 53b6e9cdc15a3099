#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

using ApiActivity = AppTest;
using namespace std::chrono_literals;

constexpr TimePoint kNow{Duration{1'767'225'600'000}};  // of the fixture's clock

TEST_F(ApiActivity, LiveTellsCountersRatesAndChangedJobs) {
  backend_->news.rev = 42;
  backend_->news.jobs.pending = 3;
  backend_->news.totals[SeriesMetric::kCompleted] = 9;
  backend_->news.rates[1] = 0.5;
  backend_->news.changed = {testing::make_job(1).id()};
  const auto body = json(get("/api/live?rev=40"));
  EXPECT_EQ(backend_->since, 40u);
  EXPECT_EQ(body["rev"], 42);
  EXPECT_EQ(body["queue"]["pending"], 3);
  EXPECT_EQ(body["totals"]["completed"], 9);
  EXPECT_EQ(body["rates"]["completed"], 0.5);
  EXPECT_EQ(body["changed"][0], testing::make_job(1).id().to_string());
  EXPECT_EQ(body["more"], false);
  EXPECT_EQ(get("/api/live?rev=-1").status, 400);
  EXPECT_EQ(get("/dashboard/api/live").status, 200);
}

TEST_F(ApiActivity, SeriesAreADayOfHoursUnlessToldOtherwise) {
  const auto body = json(get("/api/series"));
  EXPECT_EQ(body["metric"], "completed");
  EXPECT_EQ(body["step"], "hour");
  EXPECT_EQ(body["series"][0]["values"].size(), 24u);
  EXPECT_EQ(backend_->series_filter->to, kNow);
  EXPECT_EQ(backend_->series_filter->from, kNow - 24h);
}

TEST_F(ApiActivity, CountsAreASeriesOfEachMetric) {
  const auto body = json(get("/api/series?metric=counts"));
  EXPECT_EQ(body["metric"], "counts");
  std::vector<std::string> names;
  for (const auto& one : body["series"]) {
    names.push_back(one["name"]);
    EXPECT_EQ(one["values"].size(), 24u);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"enqueued", "completed", "failed", "retried"}));
  EXPECT_EQ(pointers(get("/api/series?metric=counts&by=queue")), std::vector<std::string>{"by"});
}

TEST_F(ApiActivity, SeriesCoverWholeSteps) {
  get("/api/series?metric=failed&step=minute&by=channel&from=2025-12-31T23:00:30Z&to=2025-12-31T"
      "23:10:01Z");
  EXPECT_EQ(backend_->series_filter->step, SeriesStep::kMinute);
  EXPECT_EQ(backend_->series_filter->from, kNow - 60min);
  EXPECT_EQ(backend_->series_filter->to, kNow - 49min);
}

TEST_F(ApiActivity, SeriesRefuseWhatTheyCannotShow) {
  EXPECT_EQ(pointers(get("/api/series?metric=size")), std::vector<std::string>{"metric"});
  EXPECT_EQ(pointers(get("/api/series?step=second")), std::vector<std::string>{"step"});
  EXPECT_EQ(pointers(get("/api/series?metric=wait&by=queue")), std::vector<std::string>{"by"});
  EXPECT_EQ(pointers(get("/api/series?from=2027-01-01T00:00:00Z")),
            std::vector<std::string>{"from"});
  EXPECT_EQ(pointers(get("/api/series?step=minute&from=2025-12-01T00:00:00Z")),
            std::vector<std::string>{"from"});
}

TEST_F(ApiActivity, ErrorsAreGrouped) {
  backend_->error_summary.groups.push_back({.kind = "notification",
                                            .message = "email: timed out after # ms",
                                            .count = 4,
                                            .first_at = kNow,
                                            .last_at = kNow,
                                            .example = testing::make_job(1).id(),
                                            .channels = {"email"}});
  backend_->error_summary.scanned = 4;
  const auto body = json(get("/api/errors"));
  EXPECT_EQ(body["errors"][0]["count"], 4);
  EXPECT_EQ(body["errors"][0]["jobId"], testing::make_job(1).id().to_string());
  EXPECT_EQ(body["scanned"], 4);
  EXPECT_EQ(body["truncated"], false);
}

}  // namespace
}  // namespace townkrier::http
