// Receipts of a provider, from a real server to real requests: a message is sent through a peer
// that plays the provider, then what the provider posts moves its log and suppresses its address.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "channels/webhook_signature.hpp"  // why: signs as the provider does
#include "support/child.hpp"
#include "support/http_peer.hpp"
#include "support/server_world.hpp"
#include "townkrier/time.hpp"

namespace townkrier::testing {
namespace {

constexpr const char* kSecret = "whsec_c2VjcmV0";

/// Takes mails as Resend does, with the ids "m-1", "m-2", ...
class Provider {
 public:
  Provider()
      : peer_([this](const PeerRequest&, std::size_t) {
          return PeerReply::answer(200, R"({"id":"m-)" + std::to_string(++count_) + R"("})");
        }) {}
  std::string base() const { return peer_.url(""); }
  std::size_t taken() const { return peer_.requests().size(); }

 private:
  std::atomic<int> count_{0};
  HttpPeer peer_;
};

/// Answers when it is told to.
class SlowPeer {
 public:
  SlowPeer()
      : peer_([this](const PeerRequest&, std::size_t) {
          std::unique_lock lock(mutex_);
          told_.wait_for(lock, std::chrono::seconds(20), [this] { return free_; });
          return PeerReply::answer(200);
        }) {}
  ~SlowPeer() { let_go(); }
  void let_go() {
    const std::lock_guard lock(mutex_);
    free_ = true;
    told_.notify_all();
  }
  std::string url() const { return peer_.url(); }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  bool free_ = false;  // guarded by mutex_
  HttpPeer peer_;
};

std::string configuration(const Provider& provider, const SlowPeer& slow,
                          const std::string& folder) {
  return "[suppressions]\nfile = \"" + folder + "/suppressions\"\n" +
         "[[channels.email.providers]]\ndriver = \"resend\"\napi_key = \"re_1\"\n"
         "from = \"TownKrier <notifications@example.com>\"\nallow_private = true\n"
         "base_url = \"" +
         provider.base() +
         "\"\n"
         "[receipts.resend]\nformat = \"resend\"\nsecret = \"" +
         kSecret +
         "\"\n[[channels.slow.providers]]\ndriver = \"webhook\"\nallow_private = true\nurl = \"" +
         slow.url() + "\"\n";
}

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Json event(const std::string& type, const std::string& message, const std::string& address) {
  Json data = {{"email_id", message}, {"to", {address}}};
  if (type == "email.bounced")
    data["bounce"] = {{"message", "no such user"}, {"type", "Permanent"}};
  return {{"type", type}, {"created_at", to_iso8601(SystemClock{}.now())}, {"data", data}};
}

class Receipts : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(world_.start()); }

  HttpResponse post(const Json& body, std::int64_t seconds, const std::string& secret = kSecret,
                    const std::string& provider = "resend") {
    const std::string text = body.dump();
    const std::string signature =
        webhook_signature(webhook_key(secret).value(), {"msg_1", seconds, text});
    return world_.http->send({.method = "POST",
                              .path = "/api/receipts/" + provider,
                              .body = text,
                              .headers = {"Content-Type: application/json", "svix-id: msg_1",
                                          "svix-timestamp: " + std::to_string(seconds),
                                          "svix-signature: " + signature}});
  }
  HttpResponse post(const Json& body) { return post(body, seconds_now()); }

  std::string send(const std::string& address) {
    const std::string id = world_.post(email_to(address)).at("id");
    EXPECT_TRUE(eventually([&] { return world_.status(id) != "pending"; }));
    return id;
  }
  Json log_of(const std::string& job) {
    const Json logs = world_.http->get("/api/logs?jobId=" + job).json().at("logs");
    EXPECT_EQ(logs.size(), 1u);
    return logs.empty() ? Json::object() : logs[0];
  }

  TempDir folder_;
  Provider provider_;
  SlowPeer slow_;
  ServerWorld world_{configuration(provider_, slow_, folder_.path())};
};

TEST_F(Receipts, AReceiptMovesTheLogAndTheDeliveryToDelivered) {
  const std::string id = send("user@example.com");
  ASSERT_TRUE(world_.reaches(id, "completed"));
  EXPECT_EQ(log_of(id).at("status"), "sent");
  const auto response = post(event("email.delivered", "m-1", "user@example.com"));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.json(), Json({{"received", 1}}));
  EXPECT_EQ(log_of(id).at("status"), "delivered");
  EXPECT_TRUE(log_of(id).contains("deliveredAt"));
  const Json job = world_.job(id);
  EXPECT_EQ(job.at("status"), "completed");
  EXPECT_EQ(job.at("deliveries").at("email").at("status"), "delivered");
  const Json stats = world_.http->get("/api/stats").json().at("notifications");
  EXPECT_EQ(stats.at("byStatus").at("delivered"), 1);
  EXPECT_EQ(stats.at("byStatus").value("sent", 0), 0);
}

TEST_F(Receipts, ABounceSuppressesTheNextDeliveryAlsoAfterARestart) {
  const std::string first = send("user@example.com");
  ASSERT_TRUE(world_.reaches(first, "completed"));
  ASSERT_EQ(world_.server->terminate(), 0);
  ASSERT_TRUE(world_.start()) << "the message is known after a restart, too";
  ASSERT_EQ(post(event("email.bounced", "m-1", "User@Example.com")).status, 200);
  EXPECT_EQ(log_of(first).at("status"), "bounced");
  EXPECT_EQ(log_of(first).at("error"), "bounced: no such user");
  const Json list = world_.http->get("/api/suppressions").json();
  ASSERT_EQ(list.at("total"), 1);
  EXPECT_EQ(list.at("suppressions")[0].at("reason"), "bounced");
  EXPECT_EQ(list.dump().find("ser@"), std::string::npos) << "addresses are masked";
  ASSERT_EQ(world_.server->terminate(), 0);
  ASSERT_TRUE(world_.start());
  const std::string second = send("user@example.com");
  ASSERT_TRUE(world_.reaches(second, "failed"));
  EXPECT_NE(log_of(second).at("error").get<std::string>().find("suppressed"), std::string::npos);
  EXPECT_EQ(provider_.taken(), 1u);
  const std::string other = send("other@example.com");
  EXPECT_TRUE(world_.reaches(other, "completed"));
}

TEST_F(Receipts, AReceiptMayComeWhileTheJobRuns) {
  Json body = email_to("user@example.com");
  body["notification"]["via"] = {"email", "slow"};
  body["notification"]["slow"] = {{"body", {{"text", "Hi"}}}};
  const std::string id = world_.post(body).at("id");
  const auto email = [&] { return world_.job(id).at("deliveries").at("email"); };
  ASSERT_TRUE(eventually([&] { return email().at("status") == "sent"; }));
  ASSERT_EQ(world_.status(id), "processing");
  ASSERT_EQ(post(event("email.delivered", "m-1", "user@example.com")).status, 200);
  EXPECT_EQ(email().at("status"), "delivered");
  EXPECT_EQ(world_.status(id), "processing");
  slow_.let_go();
  ASSERT_TRUE(world_.reaches(id, "completed"));
  EXPECT_EQ(email().at("status"), "delivered") << "the end of the attempt does not undo it";
}

TEST_F(Receipts, ARowThatOutlivedItsJobIsMovedToo) {
  const std::string id = send("user@example.com");
  ASSERT_TRUE(world_.reaches(id, "completed"));
  ASSERT_EQ(world_.http->del("/api/jobs/" + id).status, 200);
  ASSERT_EQ(post(event("email.complained", "m-1", "user@example.com")).status, 200);
  EXPECT_EQ(log_of(id).at("status"), "complained");
}

TEST_F(Receipts, WhatIsNotSignedAsAgreedChangesNothingAndIsCounted) {
  const std::string id = send("user@example.com");
  ASSERT_TRUE(world_.reaches(id, "completed"));
  const Json bounce = event("email.bounced", "m-1", "user@example.com");
  EXPECT_EQ(post(bounce, seconds_now(), "whsec_b3RoZXI=").status, 401);
  EXPECT_EQ(post(bounce, seconds_now() - 3600).status, 401) << "signed too long ago";
  EXPECT_EQ(world_.http->post("/api/receipts/resend", bounce).status, 401);
  EXPECT_EQ(log_of(id).at("status"), "sent");
  EXPECT_EQ(world_.http->get("/api/suppressions").json().at("total"), 0);
  EXPECT_NE(
      world_.http->get("/metrics")
          .body.find("townkrier_receipts_total{provider=\"resend\",result=\"unauthorized\"} 3"),
      std::string::npos);
}

TEST_F(Receipts, UnknownMessagesAndProvidersTellNothing) {
  const auto unknown = post(event("email.bounced", "m-77", "user@example.com"));
  EXPECT_EQ(unknown.status, 200);
  EXPECT_EQ(unknown.json(), Json({{"received", 1}})) << "as if it were known";
  EXPECT_EQ(world_.http->get("/api/suppressions").json().at("total"), 0);
  EXPECT_EQ(post(event("email.bounced", "m-1", "a@example.com"), seconds_now(), kSecret, "postmark")
                .status,
            404);
}

TEST_F(Receipts, AnOptOutSkipsItsCategoryAlone) {
  const Json entry = {
      {"channel", "email"}, {"address", "user@example.com"}, {"category", "offers"}};
  ASSERT_EQ(world_.http->post("/api/opt-outs", entry).json().at("added"), true);
  EXPECT_EQ(world_.http->post("/api/opt-outs", entry).json().at("added"), false);
  Json offer = email_to("user@example.com");
  offer["notification"]["policy"] = {{"category", "offers"}};
  const std::string skipped = world_.post(offer).at("id");
  ASSERT_TRUE(world_.reaches(skipped, "completed"));
  const Json delivery = world_.job(skipped).at("deliveries").at("email");
  EXPECT_EQ(delivery.at("status"), "skipped");
  EXPECT_NE(delivery.at("error").get<std::string>().find("opted out of offers"), std::string::npos);
  EXPECT_EQ(world_.job(skipped).at("notification").at("policy").at("category"), "offers");
  Json asked = entry;
  asked.erase("category");
  const Json found = world_.http->post("/api/opt-outs/find", asked).json();
  ASSERT_EQ(found.at("total"), 1);
  EXPECT_EQ(found.at("suppressions")[0].at("category"), "offers");
  EXPECT_EQ(world_.http->post("/api/opt-outs/remove", entry).json().at("removed"), true);
  const std::string sent = world_.post(offer).at("id");
  ASSERT_TRUE(world_.reaches(sent, "completed"));
  EXPECT_EQ(world_.job(sent).at("deliveries").at("email").at("status"), "sent");
}

TEST(ReceiptSettings, AreCheckedBeforeTheServerStarts) {
  TempDir folder;
  const auto complaint = [&](const std::string& toml) {
    const std::string file = folder / "townkrier.toml";
    std::ofstream(file) << "[channels.console]\n" << toml;
    return run_to_end({.command = {TOWNKRIERD, "--check-config", "--config", file}}, folder.path());
  };
  const auto wrong = complaint("[receipts.console]\nformat = \"resend\"\nsecrets = \"x\"\n");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("receipts.console.secret"), std::string::npos) << wrong.err;
  const auto nobody =
      complaint("[receipts.resend]\nformat = \"resend\"\nsecret = \"whsec_c2VjcmV0\"\n");
  EXPECT_EQ(nobody.code, 2);
  EXPECT_NE(nobody.err.find("no provider has that name"), std::string::npos) << nobody.err;
}

}  // namespace
}  // namespace townkrier::testing
