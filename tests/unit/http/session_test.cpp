// Signing in at the dashboard: the session's routes, its cookie, and what a session may do.
#include "http/sessions.hpp"
#include "townkrier/password.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

class SessionTest : public AppTest {
 protected:
  void SetUp() override {
    AppOptions options;
    options.auth.enabled = true;
    options.auth.users = {{"ann", Role::kOperator, "correct horse battery", ""},
                          {"vic", Role::kViewer, "only looks around here", ""}};
    options.auth.tokens = {{"shop", Role::kProducer, hash_token("token-of-the-shop")}};
    options.auth.session_idle = 30min;
    options.auth.session_lifetime = 2h;
    options.trusted_proxies = {"192.0.2.1"};
    start(options);
  }

  Response sign_in(const std::string& user, const std::string& password,
                   std::vector<Header> headers = {}) {
    return send({.method = Method::kPost,
                 .target = "/api/session",
                 .body = nlohmann::json{{"username", user}, {"password", password}}.dump(),
                 .headers = std::move(headers)});
  }
  // "townkrier=KEY" of the answer's Set-Cookie.
  static std::string cookie_of(const Response& response) {
    const std::string cookie = header(response, "Set-Cookie");
    return cookie.substr(0, cookie.find(';'));
  }
  std::string ann() { return cookie_of(sign_in("ann", "correct horse battery")); }
  int status(const std::string& cookie, std::string target = "/api/stats") {
    return send({.target = std::move(target), .headers = {{"cookie", cookie}}}).status;
  }
};

TEST_F(SessionTest, SigningInGivesACookieThatScriptsCannotReadAndOtherSitesCannotUse) {
  const Response response = sign_in("ann", "correct horse battery");
  ASSERT_EQ(response.status, 200) << response.body;
  const std::string cookie = header(response, "Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("townkrier=")) << cookie;
  EXPECT_EQ(cookie_of(response).size(), std::string("townkrier=").size() + 64);
  for (const char* attribute : {"; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=7200"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << attribute;
  }
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  EXPECT_EQ(status(cookie_of(response)), 200);
}

TEST_F(SessionTest, TellsWhoIsSignedInAndWhatTheyMayDo) {
  const auto body = json(sign_in("ann", "correct horse battery"));
  EXPECT_EQ(body["user"], "ann");
  EXPECT_EQ(body["kind"], "user");
  EXPECT_EQ(body["role"], "operator");
  EXPECT_EQ(body["can"], (nlohmann::json{"read", "produce", "operate"}));
  EXPECT_EQ(body["loginRequired"], true);
  EXPECT_EQ(body["session"]["expiresAt"], "2026-01-01T02:00:00.000Z");
  EXPECT_EQ(body["session"]["idleTimeout"], 1'800'000);
  EXPECT_EQ(json(send({.target = "/api/session", .headers = {{"cookie", ann()}}})), body);
}

TEST_F(SessionTest, TellsAProgramWhoItIs) {
  const auto body = json(
      send({.target = "/api/session", .headers = {{"authorization", "Bearer token-of-the-shop"}}}));
  EXPECT_EQ(body["kind"], "token");
  EXPECT_EQ(body["user"], "shop");
  EXPECT_EQ(body["can"], nlohmann::json::array({"produce"}));
  EXPECT_FALSE(body.contains("session"));
}

TEST_F(SessionTest, WithoutALoginEverybodyIsALocalAdmin) {
  start({});
  const auto body = json(get("/api/session"));
  EXPECT_EQ(body["kind"], "local");
  EXPECT_EQ(body["role"], "admin");
  EXPECT_EQ(body["loginRequired"], false);
  const Response response = sign_in("ann", "correct horse battery");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Set-Cookie"), "");
}

TEST_F(SessionTest, SigningOutEndsTheSessionOnTheServer) {
  const std::string cookie = ann();
  const Response response =
      send({.method = Method::kDelete, .target = "/api/session", .headers = {{"cookie", cookie}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(cookie_of(response), "townkrier=");
  EXPECT_NE(header(response, "Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(status(cookie), 401);
  EXPECT_EQ(send({.method = Method::kDelete, .target = "/api/session"}).status, 200);
}

TEST_F(SessionTest, EachLoginGivesANewKeyAndEndsTheOldOne) {
  const std::string first = ann();
  const Response again = sign_in("ann", "correct horse battery", {{"cookie", first}});
  EXPECT_NE(cookie_of(again), first);
  EXPECT_EQ(status(first), 401);
  EXPECT_EQ(status(cookie_of(again)), 200);
}

TEST_F(SessionTest, ASessionEndsWhenItIsUnused) {
  const std::string cookie = ann();
  for (int i = 0; i < 2; ++i) {
    clock_->advance(29min);
    EXPECT_EQ(status(cookie), 200);
  }
  clock_->advance(30min);
  EXPECT_EQ(status(cookie), 401);
}

TEST_F(SessionTest, ASessionEndsAfterItsLifetimeHoweverItIsUsed) {
  const std::string cookie = ann();
  for (int i = 0; i < 5; ++i) {
    clock_->advance(20min);
    EXPECT_EQ(status(cookie), 200);
  }
  clock_->advance(20min);
  EXPECT_EQ(status(cookie), 401);
}

TEST_F(SessionTest, AWrongPasswordOpensNoSession) {
  for (const auto& [user, password] : {std::pair{"ann", "wrong"},
                                       {"bob", "correct horse battery"},
                                       {"vic", "correct horse battery"}}) {
    const Response response = sign_in(user, password);
    EXPECT_EQ(response.status, 401) << user;
    EXPECT_EQ(header(response, "Set-Cookie"), "");
  }
  EXPECT_EQ(sign_in("ann", "").status, 401);
  EXPECT_EQ(sign_in("ann", "").status, 401);
  const Response later = sign_in("ann", "correct horse battery");
  EXPECT_EQ(later.status, 429);
  EXPECT_EQ(header(later, "Retry-After"), "1");
}

TEST_F(SessionTest, TakesNothingButNameAndPasswordAsJson) {
  EXPECT_EQ(post("/api/session", R"({"username":"ann"})").status, 422);
  EXPECT_EQ(post("/api/session", R"({"username":"a","password":"x","role":"admin"})").status, 422);
  EXPECT_EQ(post("/api/session", R"(["ann","x"])").status, 422);
  EXPECT_EQ(send({.method = Method::kPost,
                  .target = "/api/session",
                  .body = "username=ann&password=correct+horse+battery",
                  .headers = {{"content-type", "application/x-www-form-urlencoded"}}})
                .status,
            415);
}

// The browser would open its own dialogue over the page's.
TEST_F(SessionTest, ScriptsAreNotAskedForBasic) {
  const auto challenge = [&](std::vector<Header> headers) {
    return header(send({.target = "/api/stats", .headers = std::move(headers)}),
                  "WWW-Authenticate");
  };
  EXPECT_EQ(challenge({{"sec-fetch-mode", "cors"}}), R"(Bearer realm="TownKrier")");
  EXPECT_TRUE(challenge({{"sec-fetch-mode", "navigate"}}).starts_with("Basic "));
  EXPECT_TRUE(challenge({}).starts_with("Basic "));
}

TEST_F(SessionTest, RefusesWhatAnotherSitesPageSendsWithTheCookie) {
  const std::string cookie = ann();
  const auto pause = [&](std::vector<Header> headers) {
    headers.push_back({"cookie", cookie});
    headers.push_back({"host", "127.0.0.1:3000"});
    return send({.method = Method::kPost,
                 .target = "/api/queues/mail/pause",
                 .headers = std::move(headers)})
        .status;
  };
  EXPECT_EQ(pause({{"sec-fetch-site", "cross-site"}, {"origin", "https://example.com"}}), 403);
  EXPECT_EQ(pause({{"origin", "https://example.com"}}), 403);
  EXPECT_EQ(pause({{"origin", "null"}}), 403);
  EXPECT_EQ(pause({{"sec-fetch-site", "same-origin"}, {"origin", "http://127.0.0.1:3000"}}), 200);
  // Signing in is one of the requests that another page may not make.
  EXPECT_EQ(sign_in("ann", "correct horse battery", {{"origin", "https://example.com"}}).status,
            403);
}

TEST_F(SessionTest, BehindHttpsTheCookieIsBoundToHostAndHttps) {
  const Header https{"x-forwarded-proto", "https"};
  const Response response =
      send({.method = Method::kPost,
            .target = "/api/session",
            .body = R"({"username":"ann","password":"correct horse battery"})",
            .headers = {https},
            .from = "192.0.2.1"});
  ASSERT_EQ(response.status, 200);
  EXPECT_TRUE(header(response, "Set-Cookie").starts_with("__Host-townkrier="));
  EXPECT_TRUE(header(response, "Set-Cookie").ends_with("; Secure"));
  EXPECT_NE(header(response, "Strict-Transport-Security"), "");
  const Header cookie{"cookie", cookie_of(response)};
  const auto get = [&](std::vector<Header> headers, const std::string& from) {
    return send({.target = "/api/stats", .headers = std::move(headers), .from = from}).status;
  };
  EXPECT_EQ(get({cookie, https}, "192.0.2.1"), 200);
  EXPECT_EQ(get({cookie}, "192.0.2.1"), 401);
  EXPECT_EQ(get({cookie, https}, "192.0.2.9"), 401) << "only a listed proxy is believed";
}

TEST(Sessions, KeepABoundedNumberOfWhichTheLongestIdleGoes) {
  Sessions sessions({.total = 5, .per_name = 2});
  TimePoint now{Duration{1000}};
  const Identity ann{Identity::Kind::kUser, "ann", Role::kViewer};
  const std::string first = sessions.open(ann, now);
  const std::string second = sessions.open(ann, now += 1s);
  EXPECT_TRUE(sessions.find(first, now += 1s));
  const std::string third = sessions.open(ann, now += 1s);
  EXPECT_FALSE(sessions.find(second, now));
  EXPECT_TRUE(sessions.find(first, now));
  EXPECT_TRUE(sessions.find(third, now));
  for (int i = 0; i < 20; ++i) {
    sessions.open({Identity::Kind::kUser, std::to_string(i), Role::kViewer}, now += 1s);
  }
  EXPECT_EQ(sessions.size(), 5u);
  EXPECT_FALSE(sessions.find(first, now));
}

}  // namespace
}  // namespace townkrier::http
