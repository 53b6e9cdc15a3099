// Who may call what: every route and every role.
#include <map>
#include <set>

#include "townkrier/password.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

constexpr std::string_view kEverybody = "nobody viewer producer operator admin";
constexpr std::string_view kKnownOnes = "viewer producer operator admin";
constexpr std::string_view kReaders = "viewer operator admin";
constexpr std::string_view kProducers = "producer operator admin";
constexpr std::string_view kOperators = "operator admin";
constexpr std::string_view kAdmins = "admin";

// Under /api and under the dashboard's own /api.
const std::map<std::string, std::string_view> kApi = {
    {"GET /health", kKnownOnes},
    {"GET /health/live", kEverybody},
    {"GET /health/ready", kKnownOnes},
    {"GET /session", kKnownOnes},
    {"POST /session", kEverybody},
    {"DELETE /session", kEverybody},
    {"GET /stats", kReaders},
    {"GET /jobs", kReaders},
    {"POST /jobs", kProducers},
    {"GET /jobs/:id", kKnownOnes},
    {"DELETE /jobs/:id", kOperators},
    {"POST /jobs/:id/retry", kOperators},
    {"POST /jobs/:id/cancel", kOperators},
    {"POST /jobs/:id/run", kOperators},
    {"POST /jobs/bulk", kOperators},
    {"GET /operations/:id", kReaders},
    {"DELETE /operations/:id", kOperators},
    {"GET /live", kReaders},
    {"GET /events", kReaders},
    {"GET /inbox/:userId/events", kKnownOnes},
    {"GET /series", kReaders},
    {"GET /errors", kReaders},
    {"GET /openapi.json", kKnownOnes},
    {"GET /logs", kReaders},
    {"GET /logs/:id", kReaders},
    {"POST /logs/cleanup", kAdmins},
    {"POST /notifications", kProducers},
    {"POST /notifications/send", kProducers},
    {"POST /notifications/batch", kProducers},
    {"GET /queues", kReaders},
    {"POST /queues/:name/pause", kOperators},
    {"POST /queues/:name/resume", kOperators},
    {"GET /channels", kReaders},
    {"GET /inbox/:userId", kKnownOnes},
    {"POST /inbox/:userId/read-all", kProducers},
    {"POST /inbox/:userId/:id/read", kProducers},
    {"GET /audit", kAdmins},
    {"POST /receipts/:provider", kEverybody},
    {"GET /suppressions", kReaders},
    {"POST /suppressions", kOperators},
    {"POST /suppressions/remove", kOperators},
    {"POST /opt-outs", kProducers},
    {"POST /opt-outs/remove", kProducers},
    {"POST /opt-outs/find", kProducers},
};

// The page's files hold nothing but the means to sign in, whatever they are called.
bool is_page(std::string_view route) {
  return route == "GET /" ||
         (route.starts_with("GET /dashboard") && !route.starts_with("GET /dashboard/api/"));
}

std::string_view expected_for(const std::string& route) {
  if (is_page(route)) return kEverybody;
  if (route == "GET /metrics") return kReaders;
  for (const std::string_view prefix : {" /api/", " /dashboard/api/"}) {
    const auto at = route.find(prefix);
    if (at == std::string::npos) continue;
    const auto found = kApi.find(route.substr(0, at + 1) + route.substr(at + prefix.size() - 1));
    if (found != kApi.end()) return found->second;
  }
  return "";
}

bool names(std::string_view roles, std::string_view role) {
  return (" " + std::string(roles) + " ").find(" " + std::string(role) + " ") != std::string::npos;
}

std::string token_of(std::string_view role) {
  return "secret-token-of-the-" + std::string(role);
}

class PermissionsTest : public AppTest {
 protected:
  void SetUp() override {
    AppOptions options;
    options.auth.enabled = true;
    for (const Role role : {Role::kViewer, Role::kProducer, Role::kOperator, Role::kAdmin}) {
      const std::string name(to_string(role));
      options.auth.tokens.push_back({name, role, hash_token(token_of(name))});
    }
    start(options);
  }

  // "GET /api/jobs/:id" as a request with an id in it.
  static Sent request_for(const std::string& route, const std::string& role) {
    const auto space = route.find(' ');
    Sent sent{.target = route.substr(space + 1)};
    for (auto at = sent.target.find(':'); at != std::string::npos; at = sent.target.find(':')) {
      const auto end = std::min(sent.target.find('/', at), sent.target.size());
      sent.target.replace(at, end - at, testing::make_job(1).id().to_string());
    }
    for (const Method method : {Method::kPost, Method::kPut, Method::kPatch, Method::kDelete}) {
      if (route.starts_with(to_string(method))) sent.method = method;
    }
    if (role != "nobody") sent.headers = {{"authorization", "Bearer " + token_of(role)}};
    return sent;
  }
};

TEST_F(PermissionsTest, EveryRouteIsAnsweredToExactlyTheRolesOfTheTable) {
  std::set<std::string> seen;
  for (const auto& [route, rules] : app_->routes()) {
    const std::string_view expected = expected_for(route);
    EXPECT_NE(expected, "") << route << " is not in the table of this test";
    seen.insert(route);
    for (const std::string role : {"nobody", "viewer", "producer", "operator", "admin"}) {
      const int status = send(request_for(route, role)).status;
      const bool refused = status == 401 || status == 403;
      // A sign-in without a password is refused for what it lacks.
      EXPECT_EQ(refused, !names(expected, role)) << role << " " << route << " gave " << status;
      if (!refused) continue;
      EXPECT_EQ(status, role == "nobody" ? 401 : 403) << role << " " << route;
    }
  }
  for (const auto& [route, roles] : kApi) {
    const auto space = route.find(' ');
    EXPECT_TRUE(seen.contains(route.substr(0, space + 1) + "/api" + route.substr(space + 1)))
        << route << " does not exist";
  }
}

TEST_F(PermissionsTest, ARouteWithoutARuleIsDeniedToEverybody) {
  EXPECT_EQ(Route{}.access, Access::kNobody);
  for (const Role role : {Role::kViewer, Role::kProducer, Role::kOperator, Role::kAdmin}) {
    EXPECT_FALSE(allows(Access::kNobody, role));
  }
}

// Public ones, as signing in, write their own rows.
TEST_F(PermissionsTest, EveryRouteThatChangesSomethingIsAudited) {
  for (const auto& [route, rules] : app_->routes()) {
    if (route.starts_with("GET ") || rules->access == Access::kPublic) continue;
    EXPECT_NE(rules->audit.action, "") << route;
  }
}

TEST_F(PermissionsTest, AViewerDeletesNothing) {
  backend_->jobs[testing::make_job(1).id()] = testing::make_job(1);
  const Response refused = send(request_for("DELETE /api/jobs/:id", "viewer"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(json(refused)["code"], "forbidden");
  EXPECT_FALSE(backend_->action);
  EXPECT_EQ(send(request_for("DELETE /api/jobs/:id", "operator")).status, 200);
}

}  // namespace
}  // namespace townkrier::http
