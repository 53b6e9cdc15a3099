#include "http/auth.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <future>

#include "core/base64.hpp"
#include "townkrier/password.hpp"
#include "unit/http/app_fixture.hpp"

namespace townkrier::http {
namespace {

constexpr const char* kToken = "tk_0123456789abcdefghijklmnop";

std::string hash_of(const std::string& password) {
  EXPECT_GE(sodium_init(), 0);
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  EXPECT_EQ(crypto_pwhash_str(hash.data(), password.data(), password.size(),
                              crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
            0);
  return hash.data();
}

class AuthenticatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AuthOptions options{
        .enabled = true, .username = "admin", .password_hash = hash_of("correct horse battery")};
    options.users = {{"ann", Role::kViewer, "another long password", ""},
                     {"bob", Role::kOperator, "", hash_of("bob has a password")}};
    options.tokens = {{"shop", Role::kProducer, hash_token(kToken)}};
    auto made = Authenticator::create(options, clock_);
    ASSERT_TRUE(made) << made.error().message;
    authenticator_ = std::move(*made);
  }

  Authenticator::Outcome ask(std::vector<Header> headers,
                             const std::string& address = "127.0.0.1") {
    Request request;
    request.headers = std::move(headers);
    request.origin.address = address;
    std::promise<Authenticator::Outcome> answer;
    authenticator_->check(request, [&](auto outcome) { answer.set_value(std::move(outcome)); });
    return answer.get_future().get();
  }
  Authenticator::Outcome basic(const std::string& credentials,
                               const std::string& address = "127.0.0.1") {
    return ask({{"authorization", "Basic " + base64_encode(credentials)}}, address);
  }
  static Errc code_of(const Authenticator::Outcome& outcome) {
    return outcome ? Errc{} : outcome.error().error.code;
  }

  std::shared_ptr<StoppedClock> clock_ = std::make_shared<StoppedClock>();
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(AuthenticatorTest, KnowsEachUserByItsPassword) {
  using Kind = Identity::Kind;
  EXPECT_EQ(basic("admin:correct horse battery"), (Identity{Kind::kUser, "admin", Role::kAdmin}));
  EXPECT_EQ(basic("ann:another long password"), (Identity{Kind::kUser, "ann", Role::kViewer}));
  EXPECT_EQ(basic("bob:bob has a password"), (Identity{Kind::kUser, "bob", Role::kOperator}));
  for (const char* wrong : {"admin:wrong", "root:correct horse battery", "ann:bob has a password",
                            "bob:", ":another long password"}) {
    EXPECT_EQ(code_of(basic(wrong)), Errc::kUnauthorized) << wrong;
  }
}

TEST_F(AuthenticatorTest, KnowsATokenByItsHash) {
  const std::string token = kToken;
  EXPECT_EQ(ask({{"authorization", "Bearer " + token}}),
            (Identity{Identity::Kind::kToken, "shop", Role::kProducer}));
  EXPECT_TRUE(ask({{"authorization", "bEARER " + token}}));
  for (const std::string& wrong :
       {"Bearer " + token + "x", "Bearer " + token.substr(1), "Bearer " + hash_token(token),
        std::string("Bearer "), std::string("Bearer"), "Token " + token}) {
    EXPECT_FALSE(ask({{"authorization", wrong}})) << wrong;
  }
}

TEST_F(AuthenticatorTest, RemembersARightPasswordSoThatItAnswersAtOnce) {
  ASSERT_TRUE(basic("admin:correct horse battery"));
  std::thread::id answered_on;
  authenticator_->check_password({"admin", "correct horse battery"}, "127.0.0.1",
                                 [&](const auto&) { answered_on = std::this_thread::get_id(); });
  EXPECT_EQ(answered_on, std::this_thread::get_id());
}

TEST_F(AuthenticatorTest, WhoIsInStaysInWhileOthersGuessFromTheSameAddress) {
  ASSERT_TRUE(basic("admin:correct horse battery", "10.0.0.1"));
  for (int i = 0; i < 30; ++i) basic("ann:guess", "10.0.0.1");
  EXPECT_EQ(code_of(basic("ann:another long password", "10.0.0.1")), Errc::kOverloaded);
  EXPECT_TRUE(basic("admin:correct horse battery", "10.0.0.1"));
  EXPECT_TRUE(ask({{"authorization", std::string("Bearer ") + kToken}}, "10.0.0.1"));
}

TEST_F(AuthenticatorTest, AFewWrongPasswordsMakeTheNextTryWait) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of(basic("ann:guess")), Errc::kUnauthorized);
  const auto refused = basic("ann:another long password");
  ASSERT_EQ(code_of(refused), Errc::kOverloaded);
  EXPECT_EQ(refused.error().retry_after, 1s);
  EXPECT_TRUE(basic("ann:another long password", "10.0.0.2")) << "another address may try";
  clock_->advance(1s);
  EXPECT_TRUE(basic("ann:another long password"));
}

TEST_F(AuthenticatorTest, ANameThatDoesNotExistIsRefusedLikeAnyOther) {
  for (int i = 0; i < 3; ++i) {
    const auto known = basic("admin:guess", "10.0.0.1");
    const auto unknown = basic("nobody:guess", "10.0.0.2");
    ASSERT_FALSE(known);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(known.error().error, unknown.error().error);
  }
  EXPECT_EQ(basic("admin:guess", "10.0.0.1").error().error,
            basic("nobody:guess", "10.0.0.2").error().error);
}

TEST_F(AuthenticatorTest, ARequestWithoutCredentialsIsNoFailure) {
  for (int i = 0; i < 100; ++i) {
    const auto refused = ask({});
    ASSERT_EQ(code_of(refused), Errc::kUnauthorized);
    EXPECT_EQ(refused.error().tried, LoginFailure::Tried::kNothing);
  }
  EXPECT_TRUE(basic("admin:correct horse battery"));
}

TEST_F(AuthenticatorTest, AnswersWhatWaitsWhenItStops) {
  std::atomic<int> answered = 0;
  for (int i = 0; i < 30; ++i) {
    authenticator_->check_password({"admin", "guess"}, "10.0.0." + std::to_string(i),
                                   [&](const auto& outcome) {
                                     EXPECT_FALSE(outcome);
                                     ++answered;
                                   });
  }
  authenticator_.reset();
  EXPECT_EQ(answered, 30);
}

TEST_F(AuthenticatorTest, NeverChecksMoreThanAFewPasswordsAtOnce) {
  std::atomic<int> busy = 0;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 500; ++i) {
    authenticator_->check_password(
        {"admin", "guess"}, "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250),
        [&](const auto& outcome) {
          ASSERT_FALSE(outcome);
          if (outcome.error().error.code == Errc::kOverloaded) ++busy;
          ++answered;
        });
  }
  authenticator_.reset();
  EXPECT_EQ(answered, 500);
  EXPECT_GE(busy, 300);
}

TEST(Credentials, BasicIsTheTextBeforeAndAfterTheFirstColon) {
  const auto credentials = parse_basic("Basic " + base64_encode("user:pass:word"));
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "user");
  EXPECT_EQ(credentials->password, "pass:word");
  EXPECT_FALSE(parse_basic("Basic"));
  EXPECT_FALSE(parse_basic("Digest abc"));
}

TEST(Credentials, ACookieIsFoundByItsWholeName) {
  Request request;
  request.headers = {{"cookie", "a=1; townkrier=key; xtownkrier=2"}, {"cookie", "b"}};
  EXPECT_EQ(find_cookie(request, "townkrier"), "key");
  EXPECT_EQ(find_cookie(request, "a"), "1");
  EXPECT_FALSE(find_cookie(request, "b"));
  EXPECT_FALSE(find_cookie(request, "kier"));
}

TEST(Credentials, ACookieGivenTwiceIsNone) {
  Request request;
  request.headers = {{"cookie", "townkrier=one; townkrier=two"}};
  EXPECT_FALSE(find_cookie(request, "townkrier"));
  request.headers = {{"cookie", "townkrier=one"}, {"cookie", "townkrier=one"}};
  EXPECT_FALSE(find_cookie(request, "townkrier"));
}

}  // namespace
}  // namespace townkrier::http
