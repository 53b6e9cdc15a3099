#include "channels/google_token.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base64.hpp"
#include "unit/channels/fake_transport.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

const Key& key() {
  static const Key made(EVP_RSA_gen(2048), &EVP_PKEY_free);
  return made;
}

std::string pem() {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
  PEM_write_bio_PrivateKey(out.get(), key().get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

json account_json() {
  return {{"project_id", "shop"},
          {"client_email", "robot@example.com"},
          {"private_key", pem()},
          {"private_key_id", "k1"},
          {"token_uri", "https://example.com/token"}};
}

std::string decoded(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return base64_decode(text).value();
}

TEST(ServiceAccount, IsReadOrSaysWhatIsMissing) {
  EXPECT_EQ(parse_service_account(account_json().dump())->client_email, "robot@example.com");
  for (const char* name : {"project_id", "client_email", "private_key", "token_uri"}) {
    json partial = account_json();
    partial.erase(name);
    EXPECT_EQ(parse_service_account(partial.dump()).error().message, std::string("has no ") + name);
  }
  EXPECT_FALSE(parse_service_account("/etc/key.json"));
  json wrong = account_json();
  wrong["private_key"] = "hush";
  const auto error = parse_service_account(wrong.dump()).error();
  EXPECT_EQ(error.message.find("hush"), std::string::npos);
}

TEST(SignedAssertion, IsAJwtThatItsPublicKeyVerifies) {
  const auto account = parse_service_account(account_json().dump()).value();
  const auto now = parse_iso8601("2026-01-01T00:00:00.000Z").value();
  const std::string jwt = signed_assertion(account, "scope-1", now).value();
  const auto first = jwt.find('.');
  const auto last = jwt.rfind('.');
  EXPECT_EQ(json::parse(decoded(jwt.substr(0, first))),
            (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  EXPECT_EQ(json::parse(decoded(jwt.substr(first + 1, last - first - 1))),
            (json{{"iss", "robot@example.com"},
                  {"scope", "scope-1"},
                  {"aud", "https://example.com/token"},
                  {"iat", 1767225600},
                  {"exp", 1767229200}}));
  const std::string text = jwt.substr(0, last);
  const std::string signature = decoded(jwt.substr(last + 1));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key().get()), 1);
  EXPECT_EQ(EVP_DigestVerify(
                context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                signature.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size()),
            1);
}

class MovableClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_ = parse_iso8601("2026-01-01T00:00:00.000Z").value();
};

struct TokenWorld {
  /// Transfers keep the tokens that wait for them, and the tokens keep the transport.
  ~TokenWorld() { transport->transfers.clear(); }

  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  std::shared_ptr<MovableClock> clock = std::make_shared<MovableClock>();
  std::shared_ptr<AccessTokens> tokens = std::make_shared<AccessTokens>(
      AccessTokens::Source{parse_service_account(account_json().dump()).value(),
                           "s",
                           "https://example.com/token",
                           {}},
      transport, clock);
  std::vector<std::string> got;

  void ask() {
    tokens->get([this](const AccessTokens::Answer& answer) {
      got.push_back(answer ? *answer : "none: " + answer.error().error_code);
    });
  }
};

TEST(AccessTokens, AreAskedForOnceAndKeptUntilTheyExpire) {
  TokenWorld world;
  for (int i = 0; i < 3; ++i) world.ask();
  ASSERT_EQ(world.transport->transfers.size(), 1U);
  world.transport->answer(200, R"({"access_token":"a","expires_in":3600})");
  world.ask();
  EXPECT_EQ(world.got, (std::vector<std::string>{"a", "a", "a", "a"}));
  world.clock->advance(std::chrono::minutes(59));
  world.ask();
  ASSERT_EQ(world.transport->transfers.size(), 2U);
  world.transport->answer(200, R"({"access_token":"b","expires_in":3600})");
  EXPECT_EQ(world.got.back(), "b");
}

TEST(AccessTokens, AreAskedForAgainAfterAFailure) {
  TokenWorld world;
  world.ask();
  world.ask();
  world.transport->answer(400, R"({"error":"invalid_grant"})");
  EXPECT_EQ(world.got, (std::vector<std::string>{"none: 400", "none: 400"}));
  world.ask();
  EXPECT_EQ(world.transport->transfers.size(), 2U);
}

TEST(AccessTokens, ForgetOnlyTheTokenThatWasRefused) {
  TokenWorld world;
  world.ask();
  world.transport->answer(200, R"({"access_token":"a","expires_in":3600})");
  world.tokens->refuse("older");
  world.ask();
  EXPECT_EQ(world.transport->transfers.size(), 1U);
  world.tokens->refuse("a");
  world.ask();
  EXPECT_EQ(world.transport->transfers.size(), 2U);
}

}  // namespace
}  // namespace townkrier
