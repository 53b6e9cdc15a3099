#include "http/auth.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <future>

#include "core/base64.hpp"

namespace townkrier::http {
namespace {

std::string hash_of(const std::string& password) {
  EXPECT_GE(sodium_init(), 0);
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  EXPECT_EQ(crypto_pwhash_str(hash.data(), password.data(), password.size(),
                              crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
            0);
  return hash.data();
}

std::unique_ptr<Authenticator> with_hash() {
  auto made = Authenticator::create(
      {.enabled = true, .username = "admin", .password_hash = hash_of("correct horse battery")});
  EXPECT_TRUE(made);
  return std::move(*made);
}

Result<void> check(Authenticator& authenticator, const std::string& credentials,
                   const std::string& address = "127.0.0.1") {
  std::promise<Result<void>> answer;
  const std::string header = "Basic " + base64_encode(credentials);
  authenticator.check(&header, address, [&](Result<void> result) { answer.set_value(result); });
  return answer.get_future().get();
}

TEST(Authenticator, ChecksAnArgon2idHash) {
  const auto authenticator = with_hash();
  EXPECT_TRUE(check(*authenticator, "admin:correct horse battery"));
  EXPECT_TRUE(check(*authenticator, "admin:correct horse battery"));
  for (const char* wrong : {"admin:wrong", "root:correct horse battery", "admin:"}) {
    const auto refused = check(*authenticator, wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, Errc::kUnauthorized);
  }
}

TEST(Authenticator, RemembersARightPasswordSoThatItAnswersAtOnce) {
  const auto authenticator = with_hash();
  ASSERT_TRUE(check(*authenticator, "admin:correct horse battery"));
  const std::string header = "Basic " + base64_encode("admin:correct horse battery");
  std::thread::id answered_on;
  authenticator->check(&header, "127.0.0.1",
                       [&](Result<void>) { answered_on = std::this_thread::get_id(); });
  EXPECT_EQ(answered_on, std::this_thread::get_id());
}

TEST(Authenticator, BlocksAnAddressAfterManyFailuresButNoOther) {
  const auto authenticator = with_hash();
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(check(*authenticator, "admin:guess", "10.0.0.1"));
  const auto blocked = check(*authenticator, "admin:correct horse battery", "10.0.0.1");
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, Errc::kOverloaded);
  EXPECT_TRUE(check(*authenticator, "admin:correct horse battery", "10.0.0.2"));
}

TEST(Authenticator, ARequestWithoutCredentialsIsNoFailure) {
  const auto authenticator = with_hash();
  for (int i = 0; i < 100; ++i) {
    authenticator->check(nullptr, "10.0.0.1", [](Result<void> result) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Errc::kUnauthorized);
    });
  }
  EXPECT_TRUE(check(*authenticator, "admin:correct horse battery", "10.0.0.1"));
}

TEST(Authenticator, AnswersWhatWaitsWhenItStops) {
  auto authenticator = with_hash();
  int answered = 0;
  std::mutex mutex;
  const std::string header = "Basic " + base64_encode("admin:guess");
  for (int i = 0; i < 30; ++i) {
    authenticator->check(&header, "10.0.0." + std::to_string(i), [&](Result<void> result) {
      std::lock_guard lock(mutex);
      EXPECT_FALSE(result);
      ++answered;
    });
  }
  authenticator.reset();
  EXPECT_EQ(answered, 30);
}

TEST(BasicCredentialsTest, AreTheTextBeforeAndAfterTheFirstColon) {
  const auto credentials = parse_basic("Basic " + base64_encode("user:pass:word"));
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "user");
  EXPECT_EQ(credentials->password, "pass:word");
  EXPECT_FALSE(parse_basic("Basic"));
  EXPECT_FALSE(parse_basic("Digest abc"));
}

}  // namespace
}  // namespace townkrier::http
