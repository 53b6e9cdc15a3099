// Requests as /metrics counts them: by route and status, never by what a client sent.
#include <gmock/gmock.h>

#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using HttpMetricsTest = AppTest;

TEST_F(HttpMetricsTest, CountsAnswersByRouteAndStatus) {
  backend_->jobs[testing::make_job(1).id()] = testing::make_job(1);
  const std::string id = testing::make_job(1).id().to_string();
  get("/api/jobs/" + id);
  get("/dashboard/api/jobs/" + id);
  get("/api/jobs/" + testing::make_job(2).id().to_string());
  const std::string text = get("/metrics").body;
  const std::string route = R"(townkrier_http_requests_total{method="GET",route="/api/jobs/:id",)";
  EXPECT_THAT(text, HasSubstr(route + R"(status="200"} 2)"));
  EXPECT_THAT(text, HasSubstr(route + R"(status="404"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(townkrier_http_request_seconds_count{method="GET",route="/api/jobs/:id"} 3)"));
}

TEST_F(HttpMetricsTest, NothingThatAClientSentBecomesALabel) {
  get("/api/none/user@example.com");
  post("/api/stats/user@example.com");
  get("/api/inbox/user@example.com");
  const std::string text = get("/metrics").body;
  EXPECT_THAT(text, Not(HasSubstr("user@example.com")));
  EXPECT_THAT(text, HasSubstr(R"x({method="any",route="(other)",status="404"} 2)x"));
  EXPECT_THAT(text, HasSubstr(R"(route="/api/inbox/:userId",status="200"} 1)"));
}

}  // namespace
}  // namespace townkrier::http
