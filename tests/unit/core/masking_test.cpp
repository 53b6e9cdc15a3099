#include "core/masking.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/utf8.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using enum ContentPrivacy;

struct Case {
  std::string given;
  std::string masked;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.given;
}

std::string masked_error(std::string_view text) {
  return mask_error(text, kMasked);
}

class EmailMask : public ::testing::TestWithParam<Case> {};
TEST_P(EmailMask, ShowsOneCharacterAndTheDomain) {
  EXPECT_EQ(mask_email(GetParam().given), GetParam().masked);
  EXPECT_EQ(mask_email(GetParam().masked), GetParam().masked) << "masking twice changes nothing";
}
INSTANTIATE_TEST_SUITE_P(
    Masking, EmailMask,
    ::testing::Values(
        Case{"user@example.com", "u***@example.com"}, Case{"ab@example.com", "a***@example.com"},
        Case{"a@example.com", "***@example.com"}, Case{"@example.com", "***@example.com"},
        Case{"älice@example.com", "ä***@example.com"}, Case{"a@b@example.com", "a***@example.com"},
        Case{"first.last+tag@mail.example.com", "f***@mail.example.com"},
        Case{"User <user@example.com> or +2348012345667", "U***@example.com"},
        Case{"user@", "u***@"}, Case{"nobody", "n***"}, Case{"", ""}));

class PhoneMask : public ::testing::TestWithParam<Case> {};
TEST_P(PhoneMask, ShowsAtMostThreeLeadingAndTwoTrailingCharacters) {
  EXPECT_EQ(mask_phone(GetParam().given), GetParam().masked);
  EXPECT_EQ(mask_phone(GetParam().masked), GetParam().masked) << "masking twice changes nothing";
}
INSTANTIATE_TEST_SUITE_P(
    Masking, PhoneMask,
    ::testing::Values(Case{"+2348012345667", "+23*******67"}, Case{"2348012345667", "23*******67"},
                      Case{"+234 801 234 5667", "+23*******67"}, Case{"+14155552671", "+*******71"},
                      Case{"(415) 555-2671", "*******71"}, Case{"5552671", "*******1"},
                      Case{"112", "*******"}, Case{"no number", "*******"}, Case{"", ""}));

class AddressTextMask : public ::testing::TestWithParam<Case> {};
TEST_P(AddressTextMask, NeverShowsAWholeAddress) {
  EXPECT_EQ(mask_address_text(GetParam().given), GetParam().masked);
  EXPECT_EQ(mask_address_text(GetParam().masked), GetParam().masked)
      << "masking twice changes nothing";
}
INSTANTIATE_TEST_SUITE_P(
    Masking, AddressTextMask,
    ::testing::Values(
        Case{"user@example.com", "u***@example.com"}, Case{"+2348012345667", "+23*******67"},
        Case{"https://example.com/hooks/s3cret?key=1", "https://example.com/***"},
        Case{"https://user:secret@example.com:8443/x", "https://example.com:8443/***"},
        Case{"https://example.com", "https://example.com"},
        Case{"tel://2348012345667", "tel://23*******67"}, Case{"tel:+2348012345667", "tel:***"},
        Case{"42", "***"}, Case{"device-token-0123456789abcdef", "devi***"}, Case{"", ""}));

TEST(AddressMask, PicksTheMostTellingMember) {
  EXPECT_EQ(mask_address({{"email", "user@example.com"}, {"name", "User"}}), "u***@example.com");
  EXPECT_EQ(mask_address({{"phone", "+2348012345667"}}), "+23*******67");
  EXPECT_EQ(mask_address({{"deviceToken", "abcdefghijklmnop"}, {"userId", "42"}}), "abcd***");
  EXPECT_EQ(mask_address({{"userId", "user@example.com"}}), "u***@example.com");
  EXPECT_EQ(mask_address({{"url", "https://example.com/secret"}}), "https://example.com/***");
  EXPECT_EQ(mask_address({{"room", "operations-room"}}), "ope***");
  EXPECT_EQ(mask_address("user@example.com"), "u***@example.com");
}

TEST(AddressMask, ShowsNothingOfAnythingElse) {
  EXPECT_EQ(mask_address(json::object()), "***");
  EXPECT_EQ(mask_address({{"name", "Jane Example"}}), "***");
  EXPECT_EQ(mask_address({{"email", 7}}), "***");
  EXPECT_EQ(mask_address(12345678), "***");
}

TEST(RecipientsMask, JoinsAllAddresses) {
  const json recipients = {{{"email", "user@example.com"}}, {{"email", "other@example.com"}}};
  EXPECT_EQ(mask_recipients(recipients), "u***@example.com, o***@example.com");
  EXPECT_EQ(mask_recipients(recipients[0]), "u***@example.com");
  EXPECT_EQ(mask_recipients(json::array()), "");
  EXPECT_EQ(mask_recipients(nullptr), "");
}

TEST(RecipientsText, IsWholeOnlyWhenPublic) {
  const json recipients = {{{"email", "user@example.com"}}};
  EXPECT_EQ(recipients_text(recipients, kPublic), "user@example.com");
  EXPECT_EQ(recipients_text(recipients, kMasked), "u***@example.com");
  EXPECT_EQ(recipients_text(recipients, kPrivate), "u***@example.com");
}

TEST(TextMask, ShowsAtMostAQuarter) {
  EXPECT_EQ(mask_text("Welcome!", kMasked), "We***");
  EXPECT_EQ(mask_text("abc", kMasked), "***");
  EXPECT_EQ(mask_text("", kMasked), "");
  const std::string text = "The quick brown fox jumps over the lazy dog, again and again";
  for (std::size_t length = 1; length <= text.size(); ++length) {
    EXPECT_LE(mask_text(text.substr(0, length), kMasked).size() - 3, length / 4) << length;
  }
}

TEST(TextMask, ShowsAtMostThirtyTwoCharactersOfALongText) {
  EXPECT_EQ(mask_text(std::string(100'000, 'x'), kMasked), std::string(4, 'x') + "***")
      << "a run without spaces counts as a token";
  std::string words;
  while (words.size() < 10'000) words += "word ";
  EXPECT_EQ(mask_text(words, kMasked), words.substr(0, 32) + "***");
}

TEST(TextMask, CountsCharactersAndNeverCutsOne) {
  EXPECT_EQ(mask_text("äöüß", kMasked), "ä***");
  EXPECT_EQ(mask_text("😀😁😂🤣😃😄😅😆", kMasked), "😀😁***");
  EXPECT_TRUE(is_valid_utf8(mask_text("\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc", kMasked)));
}

TEST(TextMask, HidesCodesAndAddressesAtTheBeginning) {
  EXPECT_EQ(mask_text("123456 is your code, tell nobody", kMasked), "****** i***");
  const std::string shown =
      mask_text("user@example.com has asked for a new password, please confirm it soon", kMasked);
  EXPECT_EQ(shown.find("user@"), std::string::npos) << shown;
  EXPECT_TRUE(shown.starts_with("u***@")) << shown;
}

TEST(TextMask, KeepsAllWhenPublicAndNothingWhenPrivate) {
  EXPECT_EQ(mask_text("Welcome!", kPublic), "Welcome!");
  EXPECT_EQ(mask_text("Welcome!", kPrivate), "");
}

TEST(TextMask, NeverShowsMoreWhenAppliedAgain) {
  std::string text = "A rather long subject line that says a lot about you";
  for (int i = 0; i < 5; ++i) {
    const std::string again = mask_text(text, kMasked);
    EXPECT_LE(again.size(), text.size());
    text = again;
  }
  EXPECT_EQ(mask_text("secret***", kMasked), "se***") << "a text may not pass for masked";
}

class ErrorMask : public ::testing::TestWithParam<Case> {};
TEST_P(ErrorMask, HidesAddressesAndSecretsWhereTheyStand) {
  EXPECT_EQ(masked_error(GetParam().given), GetParam().masked);
  EXPECT_EQ(masked_error(GetParam().masked), GetParam().masked) << "masking twice changes nothing";
}
INSTANTIATE_TEST_SUITE_P(
    Masking, ErrorMask,
    ::testing::Values(
        Case{"", ""}, Case{"connection refused", "connection refused"},
        Case{"550 <user@example.com> unknown", "550 <u***@example.com> unknown"},
        Case{"to=user@example.com,other@example.com;", "t***@example.com,o***@example.com;"},
        Case{"user@example.comother@example.com", "u***@example.com"},
        Case{"user@example.com@", "u***@"},
        Case{"\"john doe\"@example.com refused", "\"***@example.com refused"},
        Case{"no route to +2348012345667.", "no route to +23*******67."},
        Case{"no route to +234 801 234 5667 now", "no route to +23*******67 now"},
        Case{"call (415) 555-2671", "call (*******71"},
        Case{"GET https://me:pw@example.com/x failed", "GET https://***@example.com/x failed"},
        Case{"password=hunter2 rejected", "password=*** rejected"},
        Case{R"({"password": "two words", "a":1})", R"({"password": "***", "a":1})"},
        Case{"Api-Key: abc123; next", "Api-Key: ***; next"},
        Case{"Authorization: Bearer abc.def.ghi9 bad", "Authorization: Bearer *** bad"},
        Case{"got Bearer eyJhbGciOi.J9.x1 here", "got Bearer *** here"},
        Case{"bearer token missing", "bearer token missing"},
        Case{"token expired", "token expired"},
        Case{"key re_AbCd1234_efgh5678ijkl is wrong", "key re_A*** is wrong"},
        Case{"id 01890a5d-ac96-774b-bcce-b302099a8057", "id 0189***"},
        Case{"10.1.22.133:2525 at 2026-01-01T10:00:00.123Z: HTTP 503 after 30000 ms",
             "10.1.22.133:2525 at 2026-01-01T10:00:00.123Z: HTTP 503 after 30000 ms"},
        Case{"smtp.mail.example.com closed", "smtp.mail.example.com closed"}));

TEST(ErrorText, HasNoControlCharacters) {
  EXPECT_EQ(masked_error("a\r\nb\tc\x1b[31m\x7f"), "a  b c [31m ");
  EXPECT_EQ(mask_error("a\nb", kPublic), "a b");
}

TEST(ErrorText, KeepsAtMostTwoKibibytesOfValidUtf8) {
  std::string text;
  while (text.size() < 100'000) text += "ä ";
  for (const ContentPrivacy level : {kPublic, kMasked}) {
    const std::string kept = mask_error(text, level);
    EXPECT_LE(kept.size(), 2048u);
    EXPECT_GT(kept.size(), 2040u);
    EXPECT_TRUE(is_valid_utf8(kept));
  }
  EXPECT_TRUE(is_valid_utf8(masked_error("bad \xff\xc3 bytes")));
}

TEST(ErrorText, IsStillMaskedWhenContentIsPrivateAndWholeWhenPublic) {
  EXPECT_EQ(mask_error("to user@example.com", kPrivate), "to u***@example.com");
  EXPECT_EQ(mask_error("to user@example.com", kPublic), "to user@example.com");
}

TEST(PayloadMask, MasksANotificationMemberByMember) {
  const json payload = {
      {"notification",
       {{"via", {"email", "hook"}},
        {"email",
         {{"subject", "Welcome aboard, Jane"},
          {"cc", {{{"email", "boss@example.com"}, {"name", "The Boss"}}}},
          {"attachments", {{{"filename", "bill.pdf"}, {"content", "SGVsbG8="}}}}}},
        {"hook", {{"body", {{"phone", "+2348012345667"}, {"amount", 129.99}, {"count", 3}}}}}}},
      {"recipient",
       {{"email", {{{"email", "user@example.com"}, {"name", "User Name"}}}},
        {"in_app", {{{"userId", "42"}}}}}}};
  const json expected = {
      {"notification",
       {{"via", {"email", "hook"}},
        {"email",
         {{"subject", "Welco***"},
          {"cc", {{{"email", "b***@example.com"}, {"name", "Th***"}}}},
          {"attachments", {{{"filename", "bi***"}, {"content", "***"}}}}}},
        {"hook", {{"body", {{"phone", "+23*******67"}, {"amount", "***"}, {"count", 3}}}}}}},
      {"recipient",
       {{"email", {{{"email", "u***@example.com"}, {"name", "Us***"}}}},
        {"in_app", {{{"userId", "***"}}}}}}};
  EXPECT_EQ(masked_payload(payload, kMasked), expected);
}

TEST(PayloadMask, MasksEveryTextAndTellingNumberOfOtherKinds) {
  const json payload = {{"file", "report-of-january"},
                        {"rows", {"one secret", 5, 18446744073709551615u, -77}},
                        {"ok", true},
                        {"none", nullptr},
                        {"user@example.com", "x"}};
  EXPECT_EQ(masked_payload(payload, kMasked), (json{{"file", "repo***"},
                                                    {"rows", {"on***", 5, "***", -77}},
                                                    {"ok", true},
                                                    {"none", nullptr},
                                                    {"u***@example.com", "***"}}));
}

TEST(PayloadMask, LeavesOnlyShapeAndMaskedAddressesWhenPrivate) {
  const json payload = {
      {"notification", {{"email", {{"subject", "Welcome"}, {"total", 123456}}}}},
      {"recipient", {{"email", {{{"email", "user@example.com"}, {"name", "User"}}}}}}};
  EXPECT_EQ(masked_payload(payload, kPrivate),
            (json{{"notification", {{"email", {{"subject", ""}, {"total", ""}}}}},
                  {"recipient", {{"email", {{{"email", "u***@example.com"}, {"name", ""}}}}}}}));
}

TEST(PayloadMask, ChangesNothingWhenPublic) {
  const json payload = {{"big", 18446744073709551615u}, {"text", "as it is"}};
  EXPECT_EQ(masked_payload(payload, kPublic), payload);
}

TEST(PayloadMask, HidesWhatLiesTooDeep) {
  json payload = "secret";
  for (int i = 0; i < 200; ++i) payload = json{{"a", std::move(payload)}};
  EXPECT_EQ(masked_payload(payload, kMasked).dump().find("secret"), std::string::npos);
}

// No text of a payload may be found whole in its masked form, whatever its length.
TEST(PayloadMask, NeverLeavesAWholeText) {
  std::string text;
  for (int length = 1; length <= 80; ++length) {
    text += static_cast<char>('a' + length % 26);
    for (const ContentPrivacy level : {kMasked, kPrivate}) {
      const json masked = masked_payload(
          {{"notification", {{"sms", {{"text", text}}}}}, {"recipient", {{"x", {{{"id", text}}}}}}},
          level);
      EXPECT_NE(masked["notification"]["sms"]["text"], text);
      EXPECT_EQ(masked["recipient"]["x"][0]["id"].get<std::string>().find(text), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace townkrier
