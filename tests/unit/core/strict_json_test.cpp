#include "core/strict_json.hpp"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier {
namespace {

using nlohmann::json;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

Error error_of(std::string_view text, JsonLimits limits = {}) {
  const auto document = parse_json(text, limits);
  EXPECT_FALSE(document) << text.substr(0, 60);
  return document ? Error{} : document.error();
}

TEST(StrictJson, ReadsEveryKindOfValue) {
  const auto document = parse_json(
      R"( {"text":"ä\u00e4\ud83d\ude00","list":[1,-2,0.5,1e3,true,false,null],"o":{}} )");
  ASSERT_TRUE(document);
  EXPECT_EQ(*document, (json{{"text", "ää😀"},
                             {"list", {1, -2, 0.5, 1000.0, true, false, nullptr}},
                             {"o", json::object()}}));
}

TEST(StrictJson, ReadsABareScalar) {
  EXPECT_EQ(parse_json("42"), json(42));
  EXPECT_EQ(parse_json("\"\""), json(""));
}

TEST(StrictJson, KeepsSixtyFourBitIntegersExact) {
  const auto document =
      parse_json("[9223372036854775807,-9223372036854775808,18446744073709551615]");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->dump(), "[9223372036854775807,-9223372036854775808,18446744073709551615]");
}

TEST(StrictJson, RefusesIntegersBeyondSixtyFourBits) {
  for (const char* text :
       {"18446744073709551616", "-9223372036854775809", "[123456789012345678901234567890]"}) {
    EXPECT_EQ(error_of(text).code, Errc::kMalformed) << text;
  }
}

TEST(StrictJson, RefusesNumbersThatOverflowADouble) {
  EXPECT_EQ(error_of("[1e400]").code, Errc::kMalformed);
  EXPECT_EQ(error_of("[-1e999999999]").code, Errc::kMalformed);
  EXPECT_TRUE(parse_json("[1.7976931348623157e308]"));
}

TEST(StrictJson, RefusesABodyNestedAHundredThousandDeepWithoutUsingTheStack) {
  for (const auto& text :
       {repeated("[", 100'000) + repeated("]", 100'000),
        repeated("{\"a\":", 100'000) + "1" + repeated("}", 100'000), repeated("[", 100'000)}) {
    const Error error = error_of(text);
    EXPECT_EQ(error.code, Errc::kMalformed);
    EXPECT_NE(error.message.find("too deep"), std::string::npos) << error.message;
  }
}

TEST(StrictJson, AllowsExactlyTheGivenDepth) {
  EXPECT_TRUE(parse_json(repeated("[", 32) + repeated("]", 32)));
  EXPECT_FALSE(parse_json(repeated("[", 33) + repeated("]", 33)));
  EXPECT_TRUE(parse_json("1", {.max_depth = 0}));
  EXPECT_FALSE(parse_json("[]", {.max_depth = 0}));
}

TEST(StrictJson, CountsDepthNotContainers) {
  EXPECT_TRUE(parse_json("[" + repeated("[],", 1000) + "[]]", {.max_depth = 2}));
}

TEST(StrictJson, RefusesARepeatedMemberName) {
  EXPECT_EQ(error_of(R"({"a":1,"a":2})").code, Errc::kMalformed);
  EXPECT_EQ(error_of(R"({"a":1,"\u0061":2})").code, Errc::kMalformed);
  EXPECT_EQ(error_of(R"([{"b":{"a":1,"c":[],"a":2}}])").code, Errc::kMalformed);
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2,"b":{"a":3}}])"));
}

TEST(StrictJson, RefusesInvalidUtf8) {
  for (const std::string& bytes :
       {std::string("\xff"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"),
        std::string("\xf4\x90\x80\x80"), std::string("\xe2\x82")}) {
    EXPECT_EQ(error_of("{\"a\":\"" + bytes + "\"}").code, Errc::kMalformed);
    EXPECT_EQ(error_of("{\"" + bytes + "\":1}").code, Errc::kMalformed);
  }
}

TEST(StrictJson, RefusesLoneSurrogateEscapes) {
  EXPECT_FALSE(parse_json(R"(["\ud800"])"));
  EXPECT_FALSE(parse_json(R"(["\udc00"])"));
}

TEST(StrictJson, RefusesAZeroByteEvenAfterTheDocument) {
  EXPECT_EQ(error_of(std::string_view("{}\0garbage", 10)).code, Errc::kMalformed);
  EXPECT_EQ(error_of(std::string_view("[\"\0\"]", 5)).code, Errc::kMalformed);
  EXPECT_TRUE(parse_json(R"(["\u0000"])"));
}

TEST(StrictJson, RefusesAByteOrderMark) {
  EXPECT_EQ(error_of("\xef\xbb\xbf{}").code, Errc::kMalformed);
}

class NotJson : public ::testing::TestWithParam<const char*> {};

TEST_P(NotJson, IsRefusedAsMalformed) {
  EXPECT_EQ(error_of(GetParam()).code, Errc::kMalformed);
}

INSTANTIATE_TEST_SUITE_P(StrictJson, NotJson,
                         ::testing::Values("", "   ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}",
                                           "{'a':1}", "[1 2]", "{} {}", "[]x", "nul", "True", "NaN",
                                           "Infinity", "-", "01", "1.", ".5", "+1", "0x10", "1e",
                                           "\"a", "\"\t\"", "\"\\x\"", "\"\\u12\"", "/* c */ {}",
                                           "{} // c", "{\"a\"}", "{\"a\":}", "{1:2}", "[,]",
                                           "\"\n\""));

TEST(StrictJson, RefusesMoreBytesThanAllowed) {
  EXPECT_EQ(error_of("[1,2]", {.max_bytes = 4}).code, Errc::kTooLarge);
  EXPECT_TRUE(parse_json("[1,2]", {.max_bytes = 5}));
}

TEST(StrictJson, NamesTheByteOfTheProblem) {
  EXPECT_NE(error_of("[1,2,x]").message.find("at byte 6"), std::string::npos)
      << error_of("[1,2,x]").message;
  EXPECT_NE(error_of("[[[1]]]", {.max_depth = 2}).message.find("at byte 3"), std::string::npos);
}

TEST(StrictJson, NeverRepeatsTheContentInItsError) {
  for (const char* text : {R"({"secret-word" 1})", R"({"a":"secret-word)",
                           R"({"secret-word":1,"secret-word":2})", R"(["secret-word",])",
                           R"(["secret-word)"
                           "\xff\"]"}) {
    const Error error = error_of(text);
    EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
    EXPECT_TRUE(error.fields.empty());
  }
}

TEST(StrictJson, AgreesWithTheLibraryOnAMegabyteOfOrdinaryJson) {
  std::string text = "[";
  while (text.size() < 1'000'000)
    text += R"({"id":12345,"tags":["a","b"],"o":{"x":null,"y":[1.5,true]}},)";
  text.back() = ']';
  const auto document = parse_json(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(*document, json::parse(text));
}

}  // namespace
}  // namespace townkrier
