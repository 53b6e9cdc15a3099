// The audit log: which rows requests leave behind.
#include "core/base64.hpp"
#include "townkrier/password.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

class AuditTest : public AppTest {
 protected:
  using Rows = std::vector<std::string>;

  void SetUp() override {
    AppOptions options;
    options.auth.enabled = true;
    options.auth.users = {{"ann", Role::kOperator, "correct horse battery", ""},
                          {"root", Role::kAdmin, "all is allowed to me", ""}};
    options.auth.tokens = {{"shop", Role::kProducer, hash_token("token-of-the-shop")}};
    start(options);
    backend_->jobs[testing::make_job(1).id()] = testing::make_job(1);
  }
  Response as_ann(Method method, std::string target, std::string body = {}) {
    return send(
        {.method = method,
         .target = std::move(target),
         .body = std::move(body),
         .headers = {{"authorization", "Basic " + base64_encode("ann:correct horse battery")}}});
  }
  // "actor|role|action|target|result|count" of each row.
  Rows rows() {
    Rows texts;
    for (const AuditEntry& entry : backend_->audited) {
      texts.push_back(entry.actor + "|" + entry.role + "|" + entry.action + "|" + entry.target +
                      "|" + entry.result + "|" + std::to_string(entry.count));
    }
    return texts;
  }
};

TEST_F(AuditTest, SaysWhoDidWhatToWhichJobAndWhatCameOfIt) {
  const std::string id = testing::make_job(1).id().to_string();
  const std::string other = testing::make_job(9).id().to_string();
  EXPECT_EQ(as_ann(Method::kPost, "/api/jobs/" + id + "/retry").status, 200);
  EXPECT_EQ(as_ann(Method::kDelete, "/api/jobs/" + other).status, 404);
  EXPECT_EQ(as_ann(Method::kPost, "/api/queues/mail/pause").status, 200);
  EXPECT_EQ(as_ann(Method::kPost, "/api/logs/cleanup", "{}").status, 403);
  EXPECT_EQ(rows(), (Rows{"user:ann|operator|job.retry|" + id + "|ok|1",
                          "user:ann|operator|job.delete|" + other + "|not_found|1",
                          "user:ann|operator|queue.pause|mail|ok|1",
                          "user:ann|operator|logs.cleanup||forbidden|1"}));
  EXPECT_EQ(backend_->audited[0].at, clock_->now());
  EXPECT_LT(backend_->audited[0].id, backend_->audited[1].id);
}

TEST_F(AuditTest, ReadingLeavesNoRow) {
  as_ann(Method::kGet, "/api/stats");
  as_ann(Method::kGet, "/api/jobs");
  EXPECT_EQ(rows(), Rows{});
}

TEST_F(AuditTest, SigningInAndOutLeavesRowsWithoutWhatWasTyped) {
  const auto sign_in = [&](const char* body) {
    return send({.method = Method::kPost, .target = "/api/session", .body = body});
  };
  sign_in(R"({"username":"ann","password":"a wrong password"})");
  sign_in(R"({"username":"my secret by mistake","password":"x"})");
  const Response in = sign_in(R"({"username":"ann","password":"correct horse battery"})");
  const std::string cookie = header(in, "Set-Cookie");
  send({.method = Method::kDelete,
        .target = "/api/session",
        .headers = {{"cookie", cookie.substr(0, cookie.find(';'))}}});
  EXPECT_EQ(
      rows(),
      (Rows{"user:ann||session.open||unauthorized|1", "unknown||session.open||unauthorized|1",
            "user:ann|operator|session.open||ok|1", "user:ann|operator|session.close||ok|1"}));
}

TEST_F(AuditTest, WhatAProgramEnqueuesIsCountedInOneRow) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(send({.method = Method::kPost,
                    .target = "/api/jobs",
                    .body = R"({"kind":"report"})",
                    .headers = {{"authorization", "Bearer token-of-the-shop"}}})
                  .status,
              202);
  }
  app_->stop();
  EXPECT_EQ(rows(), (Rows{"token:shop|producer|job.enqueue||ok|1",
                          "token:shop|producer|job.enqueue||ok|49"}));
}

TEST_F(AuditTest, NoRowHoldsPersonalData) {
  as_ann(Method::kPost, "/api/inbox/user-4711/read-all");
  as_ann(Method::kPost, "/api/notifications",
         R"({"notification":{"email":{"subject":"Hi","text":"Hi"}},
             "recipient":{"email":{"email":"jane.doe@example.com"}}})");
  app_->stop();
  ASSERT_EQ(rows().size(), 2u);
  for (const std::string& row : rows()) {
    EXPECT_EQ(row.find("4711"), std::string::npos) << row;
    EXPECT_EQ(row.find("jane"), std::string::npos) << row;
  }
}

TEST_F(AuditTest, WhatHasHappenedIsAnsweredAlsoWhenTheRowCannotBeWritten) {
  backend_->audit_error = Error{Errc::kDiskFull, "full", {}};
  const std::string id = testing::make_job(1).id().to_string();
  EXPECT_EQ(as_ann(Method::kPost, "/api/jobs/" + id + "/retry").status, 200);
}

TEST_F(AuditTest, IsReadPageByPageByAdminsOnly) {
  AuditEntry entry;
  entry.id = testing::make_job(7).id();
  entry.at = clock_->now();
  entry.actor = "user:ann";
  entry.role = "operator";
  entry.action = "job.retry";
  entry.target = "some-id";
  entry.result = "ok";
  backend_->audit_page = {{entry}, "cursor-1"};
  EXPECT_EQ(as_ann(Method::kGet, "/api/audit").status, 403);
  const Response page =
      send({.target = "/api/audit?actor=user:ann&action=job.retry&limit=10&cursor=abc",
            .headers = {{"authorization", "Basic " + base64_encode("root:all is allowed to me")}}});
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(json(page)["count"], 1);
  EXPECT_EQ(json(page)["next"], "cursor-1");
  EXPECT_EQ(json(page)["entries"][0], (nlohmann::json{{"id", entry.id.to_string()},
                                                      {"timestamp", "2026-01-01T00:00:00.000Z"},
                                                      {"actor", "user:ann"},
                                                      {"role", "operator"},
                                                      {"action", "job.retry"},
                                                      {"target", "some-id"},
                                                      {"result", "ok"},
                                                      {"count", 1}}));
  ASSERT_TRUE(backend_->audit_filter);
  EXPECT_EQ(backend_->audit_filter->actor, "user:ann");
  EXPECT_EQ(backend_->audit_filter->limit, 10u);
  EXPECT_EQ(backend_->audit_filter->cursor, "abc");
}

}  // namespace
}  // namespace townkrier::http
