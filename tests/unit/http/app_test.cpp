#include "http/app.hpp"

#include <regex>

#include "core/base64.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

std::string basic(const std::string& credentials) {
  return "Basic " + base64_encode(credentials);
}

AppOptions with_login() {
  AppOptions options;
  options.hosts.policy = HostPolicy::kAny;
  options.auth = {.enabled = true, .username = "admin", .password = "correct horse battery"};
  return options;
}

TEST_F(AppTest, AnswersUnknownPathsWithAProblem) {
  const Response response = get("/nothing/here");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = json(response);
  EXPECT_EQ(body["type"], "about:blank");
  EXPECT_EQ(body["title"], "Not Found");
  EXPECT_EQ(body["status"], 404);
  EXPECT_EQ(body["code"], "not_found");
  EXPECT_EQ(body["request_id"], "req-1");
}

TEST_F(AppTest, NamesTheMethodsAPathKnows) {
  const Response response = send({.method = Method::kPut, .target = "/api/jobs"});
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD, POST");
  EXPECT_EQ(header(send({.method = Method::kPost, .target = "/api/stats"}), "Allow"), "GET, HEAD");
  EXPECT_EQ(header(get("/api/jobs/x/retry"), "Allow"), "POST");
}

TEST_F(AppTest, ServesTheApiUnderBothBases) {
  EXPECT_EQ(get("/api/stats").status, 200);
  EXPECT_EQ(get("/dashboard/api/stats").status, 200);
  EXPECT_EQ(get("/other/api/stats").status, 404);
}

TEST_F(AppTest, NamesUnknownAndRepeatedParameters) {
  const Response unknown = get("/api/stats?a=1&b=2");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(pointers(unknown), (std::vector<std::string>{"a", "b"}));
  const Response twice = get("/api/jobs?limit=1&limit=2");
  EXPECT_EQ(twice.status, 400);
  EXPECT_EQ(pointers(twice), std::vector<std::string>{"limit"});
}

TEST_F(AppTest, TakesJsonBodiesOnly) {
  EXPECT_EQ(send({.method = Method::kPost,
                  .target = "/api/jobs",
                  .body = "{}",
                  .headers = {{"content-type", "text/plain"}}})
                .status,
            415);
  EXPECT_EQ(post("/api/jobs").status, 415);
  EXPECT_EQ(send({.method = Method::kPost,
                  .target = "/api/jobs",
                  .body = R"({"kind":"report"})",
                  .headers = {{"content-type", "Application/JSON ; charset=utf-8"}}})
                .status,
            202);
}

TEST_F(AppTest, RefusesABodyWhereNoneBelongs) {
  backend_->jobs[testing::make_job(1).id()] = testing::make_job(1);
  const std::string target = "/api/jobs/" + testing::make_job(1).id().to_string() + "/retry";
  EXPECT_EQ(post(target, "{}").status, 200);
  EXPECT_EQ(post(target, R"({"force":true})").status, 422);
  EXPECT_EQ(send({.method = Method::kPost,
                  .target = target,
                  .body = "a=b",
                  .headers = {{"content-type", "application/x-www-form-urlencoded"}}})
                .status,
            415);
}

TEST_F(AppTest, RefusesWhatAnotherSitesPageSends) {
  backend_->jobs[testing::make_job(1).id()] = testing::make_job(1);
  const auto remove = [&](std::vector<Header> headers) {
    headers.push_back({"host", "localhost:3000"});
    return send({.method = Method::kDelete,
                 .target = "/api/jobs/" + testing::make_job(1).id().to_string(),
                 .headers = std::move(headers)})
        .status;
  };
  EXPECT_EQ(remove({}), 200);
  EXPECT_EQ(remove({{"sec-fetch-site", "same-origin"}}), 200);
  EXPECT_EQ(remove({{"sec-fetch-site", "none"}}), 200);
  EXPECT_EQ(remove({{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(remove({{"sec-fetch-site", "same-site"}}), 403);
  EXPECT_EQ(remove({{"origin", "http://localhost:3000"}}), 200);
  EXPECT_EQ(remove({{"origin", "https://example.com"}}), 403);
  EXPECT_EQ(remove({{"origin", "http://localhost:8080"}}), 403);
  EXPECT_EQ(remove({{"origin", "null"}}), 403);
}

TEST_F(AppTest, AnswersLoopbackNamesOnlyOnLoopback) {
  const auto status = [&](const std::string& host) {
    return send({.target = "/api/stats", .headers = {{"host", host}}}).status;
  };
  for (const char* host :
       {"127.0.0.1:3000", "localhost", "LocalHost:8080", "[::1]:3000", "127.0.0.2"}) {
    EXPECT_EQ(status(host), 200) << host;
  }
  for (const char* host :
       {"example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1"}) {
    EXPECT_EQ(status(host), 421) << host;
  }
  AppOptions named;
  named.hosts.names = {"Town.example.com"};
  start(named);
  EXPECT_EQ(status("town.example.com:443"), 200);
  EXPECT_EQ(status("localhost"), 200);
  EXPECT_EQ(status("example.com"), 421);
  AppOptions open;
  open.hosts.policy = HostPolicy::kAny;
  start(open);
  EXPECT_EQ(status("example.com"), 200);
}

TEST_F(AppTest, AnswersAnExceptionInAHandlerWith500WithoutItsText) {
  backend_->hold = [](const JobId&, Reply<Job>) { throw std::runtime_error("secret"); };
  const Response response = get("/api/jobs/" + testing::make_job(1).id().to_string());
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

TEST_F(AppTest, AnswersWhenTheBackendDropsItsReply) {
  backend_->hold = [](const JobId&, Reply<Job>) {};
  EXPECT_EQ(get("/api/jobs/" + testing::make_job(1).id().to_string()).status, 500);
}

TEST_F(AppTest, AnswersWhenTheBackendDoes) {
  Reply<Job> held;
  backend_->hold = [&](const JobId&, Reply<Job> reply) { held = std::move(reply); };
  EXPECT_FALSE(try_send({.target = "/api/jobs/" + testing::make_job(1).id().to_string()}));
  held(testing::make_job(1));
  held = nullptr;
}

TEST_F(AppTest, MapsErrorsToStatusCodes) {
  const std::string target = "/api/jobs/" + testing::make_job(1).id().to_string();
  const std::vector<std::pair<Errc, int>> table = {
      {Errc::kInvalidArgument, 422},
      {Errc::kMalformed, 400},
      {Errc::kInvalidConfig, 500},
      {Errc::kNotFound, 404},
      {Errc::kConflict, 409},
      {Errc::kUnknownChannel, 422},
      {Errc::kUnknownKind, 422},
      {Errc::kOverloaded, 429},
      {Errc::kUnavailable, 503},
      {Errc::kTimeout, 503},
      {Errc::kDiskFull, 503},
      {Errc::kCorruption, 500},
      {Errc::kIo, 500},
      {Errc::kUnauthorized, 401},
      {Errc::kForbidden, 403},
      {Errc::kTooLarge, 413},
      {Errc::kDeliveryFailed, 502},
      {Errc::kInternal, 500},
  };
  for (const auto& [code, status] : table) {
    backend_->error = Error{code, "/var/lib/secret failed", {}};
    const Response response = get(target);
    EXPECT_EQ(response.status, status) << to_string(code);
    EXPECT_EQ(json(response)["code"], to_string(code));
    EXPECT_EQ(header(response, "Retry-After").empty(), status != 429 && status != 503);
    EXPECT_EQ(response.body.find("secret") == std::string::npos,
              status == 500 || code == Errc::kDiskFull);
  }
}

TEST_F(AppTest, DeniesEverythingButLivenessAndThePagesFilesWithoutALogin) {
  start(with_login());
  for (const char* target : {"/api/health/live", "/dashboard", "/dashboard/jobs"}) {
    EXPECT_EQ(get(target).status, 200) << target;
  }
  for (const char* target :
       {"/api/stats", "/api/health", "/api/health/ready", "/api/jobs", "/dashboard/api/stats",
        "/api/session", "/dashboard/assets/nothing.js", "/nothing"}) {
    const Response response = get(target);
    EXPECT_EQ(response.status, 401) << target;
    EXPECT_EQ(header(response, "WWW-Authenticate"), R"(Basic realm="TownKrier", charset="UTF-8")");
    EXPECT_EQ(response.content_type, "application/problem+json");
  }
  EXPECT_EQ(post("/api/notifications", "{}").status, 401);
  EXPECT_EQ(send({.method = Method::kPost, .target = "/api/health/live"}).status, 401);
  EXPECT_TRUE(backend_->calls.empty());
}

TEST_F(AppTest, LetsTheRightPasswordIn) {
  start(with_login());
  const auto status = [&](const std::string& authorization) {
    return send({.target = "/api/stats", .headers = {{"authorization", authorization}}}).status;
  };
  EXPECT_EQ(status(basic("admin:correct horse battery")), 200);
  EXPECT_EQ(status("bASIC " + base64_encode("admin:correct horse battery")), 200);
  for (const std::string& wrong :
       {basic("admin:wrong"), basic("root:correct horse battery"), basic("admin:"), basic("admin"),
        basic(":"), std::string("Basic !!!"), std::string("Bearer abc"), std::string("Basic"),
        std::string(), basic("admin:correct horse batter"),
        basic("admin:correct horse battery ")}) {
    clock_->advance(1h);  // Each as if it were the first.
    EXPECT_EQ(status(wrong), 401) << wrong;
  }
}

TEST_F(AppTest, SlowsDownGuessing) {
  start(with_login());
  const auto status = [&](const std::string& credentials) {
    return send({.target = "/api/stats", .headers = {{"authorization", basic(credentials)}}})
        .status;
  };
  int refused = 0;
  while (status("admin:guess") == 401 && refused < 100) ++refused;
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(status("admin:correct horse battery"), 429);
  clock_->advance(1s);
  EXPECT_EQ(status("admin:correct horse battery"), 200);
}

TEST(AppOptionsTest, RefusesALoginThatCannotWork) {
  const auto create = [](AuthOptions auth) {
    AppOptions options;
    options.auth = std::move(auth);
    const auto app = App::create(options, std::make_shared<testing::FakeBackend>(),
                                 std::make_shared<StoppedClock>());
    return app ? Errc{} : app.error().code;
  };
  EXPECT_EQ(create({.enabled = true}), Errc::kInvalidConfig);
  EXPECT_EQ(create({.enabled = true, .username = "admin"}), Errc::kInvalidConfig);
  EXPECT_EQ(create({.enabled = true, .username = "admin", .password_hash = "md5:1"}),
            Errc::kInvalidConfig);
}

}  // namespace
}  // namespace townkrier::http
