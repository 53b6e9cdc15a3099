#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

using ApiBulk = AppTest;
using testing::make_job;

TEST_F(ApiBulk, ActsOnNamedJobs) {
  backend_->operation.id = make_job(9).id();
  backend_->operation.total = 2;
  const std::string first = make_job(1).id().to_string();
  const std::string second = make_job(2).id().to_string();
  const Response response = post(
      "/api/jobs/bulk", R"({"action":"delete","ids":[")" + first + R"(",")" + second + R"("]})");
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(json(response)["status"], "running");
  EXPECT_EQ(json(response)["total"], 2);
  EXPECT_EQ(backend_->bulk->action, JobAction::kDelete);
  EXPECT_EQ(backend_->bulk->ids.size(), 2u);
  EXPECT_FALSE(backend_->bulk->filter);
}

TEST_F(ApiBulk, ActsOnWhatAFilterFinds) {
  const Response response = post(
      "/api/jobs/bulk",
      R"({"action":"retry","filter":{"status":["failed","cancelled"],"queue":"mail","priority":10},"expect":12})");
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(backend_->bulk->filter->status,
            (JobStatusSet{JobStatus::kFailed, JobStatus::kCancelled}));
  EXPECT_EQ(backend_->bulk->filter->queue, "mail");
  EXPECT_EQ(backend_->bulk->filter->priority, JobPriority::kHigh);
  EXPECT_EQ(backend_->bulk->expect, 12u);
}

TEST_F(ApiBulk, CountsWithoutActing) {
  backend_->bulk_count = {17, false};
  const Response response =
      post("/api/jobs/bulk", R"({"action":"run","filter":{"status":"scheduled"},"dryRun":true})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json(response), nlohmann::json::parse(R"({"matched":17,"exact":false})"));
  EXPECT_TRUE(backend_->calls.empty());
}

TEST_F(ApiBulk, NamesWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"({"action":"burn","ids":["x"]})", "/action"},
      {R"({"action":"retry"})", ""},
      {R"({"action":"retry","ids":[],"filter":{}})", ""},
      {R"({"action":"retry","ids":[]})", "/ids"},
      {R"({"action":"retry","ids":["x"]})", "/ids/0"},
      {R"({"action":"retry","filter":{"status":"done"}})", "/filter/status"},
      {R"({"action":"retry","filter":{"limit":"5"}})", "/filter/limit"},
      {R"({"action":"retry","filter":{"queue":{}}})", "/filter/queue"},
      {R"({"action":"retry","filter":[]})", "/filter"},
      {R"({"action":"retry","filter":{},"expect":-1})", "/expect"},
      {R"({"action":"retry","filter":{},"fast":true})", "/fast"},
  };
  for (const auto& [body, pointer] : wrong) {
    const Response response = post("/api/jobs/bulk", body);
    EXPECT_EQ(response.status, 422) << body;
    ASSERT_FALSE(pointers(response).empty()) << body;
    EXPECT_EQ(pointers(response)[0], pointer) << body;
  }
  EXPECT_FALSE(backend_->bulk);
}

TEST_F(ApiBulk, OperationsAreShownAndCancelled) {
  backend_->operation.id = make_job(9).id();
  backend_->operation.state = Operation::State::kCancelled;
  backend_->operation.done = 5;
  backend_->operation.skipped = 2;
  const std::string path = "/api/operations/" + make_job(9).id().to_string();
  EXPECT_EQ(json(get(path))["skipped"], 2);
  const Response cancelled = send({.method = Method::kDelete, .target = path});
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(json(cancelled)["status"], "cancelled");
  EXPECT_EQ(backend_->calls, std::vector<std::string>{"cancel_operation"});
  EXPECT_EQ(get("/api/operations/" + make_job(8).id().to_string()).status, 404);
}

}  // namespace
}  // namespace townkrier::http
