// Idempotency-Key, receipts, suppressions: what the routes ask of the backend.
#include "townkrier/password.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

const std::string kNotification =
    R"({"notification":{"email":{"subject":"Hi","text":"there"}},"recipient":{"email":{"email":"user@example.com"}}})";

class OnceTest : public AppTest {
 protected:
  Response keyed(std::string target, std::string body, std::vector<std::string> keys) {
    Sent sent{.method = Method::kPost, .target = std::move(target), .body = std::move(body)};
    for (std::string& key : keys) sent.headers.push_back({"idempotency-key", std::move(key)});
    return send(sent);
  }
  IdempotencyKey key_of(const std::string& target, const std::string& body, std::string key) {
    EXPECT_LT(keyed(target, body, {std::move(key)}).status, 300) << target;
    return backend_->once.back();
  }
};

TEST_F(OnceTest, EveryRouteThatEnqueuesTakesAKey) {
  const std::string job = R"({"kind":"report"})";
  EXPECT_EQ(keyed("/api/jobs", job, {"k"}).status, 202);
  EXPECT_EQ(keyed("/api/notifications", kNotification, {"k"}).status, 202);
  EXPECT_EQ(keyed("/api/notifications/batch", "[" + kNotification + "]", {"k"}).status, 202);
  EXPECT_EQ(backend_->once.size(), 3u);
  EXPECT_EQ(backend_->once[0].name, backend_->once[1].name) << "a key is one for all routes";
  EXPECT_NE(backend_->once[0].fingerprint, backend_->once[1].fingerprint);
  EXPECT_EQ(post("/api/jobs", job).status, 202);
  EXPECT_EQ(backend_->once.size(), 3u) << "without a key it is a plain enqueue";
}

TEST_F(OnceTest, TheFingerprintIsOfRouteQueryAndBody) {
  const auto first = key_of("/api/notifications", kNotification, "k");
  EXPECT_EQ(first.fingerprint.size(), 32u);
  EXPECT_EQ(key_of("/dashboard/api/notifications", kNotification, "k").fingerprint,
            first.fingerprint);
  EXPECT_EQ(key_of("/api/notifications", kNotification, "\"k\"").name, first.name);
  EXPECT_NE(key_of("/api/notifications", kNotification + " ", "k").fingerprint, first.fingerprint);
  EXPECT_NE(key_of("/api/notifications", kNotification, "other").name, first.name);
  const std::string batch = "[" + kNotification + "]";
  EXPECT_NE(key_of("/api/notifications/batch?atomic=true", batch, "k").fingerprint,
            key_of("/api/notifications/batch", batch, "k").fingerprint);
}

TEST_F(OnceTest, KeysOfDifferentSendersAreDifferentKeys) {
  AppOptions options;
  options.auth.enabled = true;
  options.auth.tokens = {{"one", Role::kProducer, hash_token("token-number-one-123")},
                         {"two", Role::kProducer, hash_token("token-number-two-123")}};
  start(options);
  for (const std::string number : {"one", "two"}) {
    EXPECT_EQ(send({.method = Method::kPost,
                    .target = "/api/notifications",
                    .body = kNotification,
                    .headers = {{"authorization", "Bearer token-number-" + number + "-123"},
                                {"idempotency-key", "k"}}})
                  .status,
              202);
  }
  EXPECT_NE(backend_->once[0].name, backend_->once[1].name);
}

TEST_F(OnceTest, RefusesWhatIsNoKey) {
  for (const auto& keys : std::vector<std::vector<std::string>>{
           {""}, {"\"\""}, {"two words"}, {"a", "b"}, {std::string(201, 'k')}, {"caf\xc3\xa9"}}) {
    const Response response = keyed("/api/notifications", kNotification, keys);
    EXPECT_EQ(response.status, 400) << keys[0];
    EXPECT_EQ(pointers(response), std::vector<std::string>{"Idempotency-Key"});
  }
  EXPECT_TRUE(backend_->enqueued.empty());
  EXPECT_EQ(keyed("/api/notifications", kNotification, {std::string(200, 'k')}).status, 202);
}

TEST_F(OnceTest, RoutesThatCannotRememberSaySo) {
  EXPECT_EQ(keyed("/api/notifications/send", kNotification, {"k"}).status, 400);
  EXPECT_EQ(keyed("/api/jobs/bulk", R"({"action":"retry","filter":{}})", {"k"}).status, 400);
  EXPECT_TRUE(backend_->calls.empty());
}

TEST_F(OnceTest, ARepeatedBatchSaysThatItIsOne) {
  const std::string batch = "[" + kNotification + "," + kNotification + "]";
  const Response first = keyed("/api/notifications/batch", batch, {"k"});
  EXPECT_EQ(first.status, 202);
  EXPECT_FALSE(json(first).contains("deduplicated"));
  backend_->deduplicate = true;
  const Response again = keyed("/api/notifications/batch", batch, {"k"});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(json(again)["deduplicated"], true);
  EXPECT_EQ(json(again)["accepted"], 2);
}

TEST_F(OnceTest, AUsedKeyIs422AndALostJob409) {
  backend_->error = Error{Errc::kInvalidArgument, "used", {{"Idempotency-Key", "used"}}};
  EXPECT_EQ(keyed("/api/jobs", R"({"kind":"report"})", {"k"}).status, 422);
  backend_->error = Error{Errc::kConflict, "gone", {}};
  EXPECT_EQ(keyed("/api/jobs", R"({"kind":"report"})", {"k"}).status, 409);
}

TEST_F(OnceTest, ReceiptsGoToTheBackendAsTheyCame) {
  AppOptions options;
  options.auth.enabled = true;
  options.auth.username = "admin";
  options.auth.password = "correct horse battery";
  start(options);
  backend_->count = 2;
  const Response response = send({.method = Method::kPost,
                                  .target = "/api/receipts/resend",
                                  .body = "not=json&at=all",
                                  .headers = {{"content-type", "application/x-www-form-urlencoded"},
                                              {"svix-id", "1"},
                                              {"svix-id", "2"}}});
  EXPECT_EQ(response.status, 200) << "nobody signs in to post receipts";
  EXPECT_EQ(json(response), nlohmann::json({{"received", 2}}));
  EXPECT_EQ(backend_->receipts->first, "resend");
  EXPECT_EQ(backend_->receipts->second.body, "not=json&at=all");
  EXPECT_EQ(backend_->receipts->second.headers.at("svix-id"), "1");
}

TEST_F(OnceTest, ReceiptsAreRefusedAsTheirReaderSays) {
  for (const auto& [code, status] :
       {std::pair{Errc::kUnauthorized, 401}, std::pair{Errc::kNotFound, 404},
        std::pair{Errc::kMalformed, 400}}) {
    backend_->error = Error{code, "no", {}};
    EXPECT_EQ(post("/api/receipts/resend", "{}").status, status);
  }
}

TEST_F(OnceTest, ReceiptsAreBounded) {
  EXPECT_EQ(post("/api/receipts/resend", std::string((256u << 10) + 1, 'x')).status, 413);
  EXPECT_FALSE(backend_->receipts);
}

TEST_F(OnceTest, SuppressionsAreAddedFoundAndRemoved) {
  EXPECT_EQ(json(post("/api/suppressions", R"({"channel":"email","address":"a@example.com"})")),
            nlohmann::json({{"success", true}, {"added", true}}));
  EXPECT_EQ(backend_->suppressed->reason, "suppressed");
  EXPECT_EQ(backend_->suppressed->category, "");
  EXPECT_EQ(
      post("/api/opt-outs", R"({"channel":"email","address":"a@example.com","category":"news"})")
          .status,
      200);
  EXPECT_EQ(backend_->suppressed->category, "news");
  EXPECT_EQ(backend_->suppressed->address, "a@example.com");
  EXPECT_EQ(post("/api/opt-outs/remove",
                 R"({"channel":"email","address":"a@example.com","category":"news"})")
                .status,
            200);
  EXPECT_EQ(backend_->calls.back(), "unsuppress");
  backend_->suppression_page = {{{"email", "a***@example.com", "opted_out", {}, "news"}}, 1};
  const auto found =
      json(post("/api/opt-outs/find", R"({"channel":"email","address":"a@example.com"})"));
  EXPECT_EQ(found["suppressions"][0]["category"], "news");
  EXPECT_EQ(backend_->suppression_filter->address, "a@example.com");
  EXPECT_EQ(get("/api/suppressions?channel=sms&limit=7&offset=3").status, 200);
  EXPECT_EQ(backend_->suppression_filter->channel_type, "sms");
  EXPECT_EQ(backend_->suppression_filter->limit, 7u);
  EXPECT_EQ(backend_->suppression_filter->offset, 3u);
}

TEST_F(OnceTest, SuppressionsNameWhatIsWrongWithThem) {
  const Response response = post("/api/opt-outs", R"({"channel":"","adress":"a@example.com"})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(pointers(response),
            (std::vector<std::string>{"/channel", "/address", "/category", "/adress"}));
  EXPECT_EQ(response.body.find("a@example.com"), std::string::npos);
}

}  // namespace
}  // namespace townkrier::http
