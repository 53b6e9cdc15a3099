// RFC 8259 rule by rule: texts that have to be read, that have to be refused, and those where the
// standard leaves the choice and ours is named.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/strict_json.hpp"

namespace townkrier {
namespace {

using Texts = std::vector<std::string>;

std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte >= 0x20 && byte < 0x7f ? std::string(1, c) : "<" + std::to_string(byte) + ">";
  }
  return out;
}

void expect_read(const Texts& texts) {
  for (const std::string& text : texts) {
    const auto parsed = parse_json(text);
    EXPECT_TRUE(parsed) << shown(text) << ": " << parsed.error().message;
  }
}

void expect_refused(const Texts& texts) {
  for (const std::string& text : texts) {
    const auto parsed = parse_json(text);
    EXPECT_EQ(parsed ? Errc{} : parsed.error().code, Errc::kMalformed) << shown(text);
  }
}

TEST(JsonRules, Section2WhitespaceIsFourCharacters) {
  expect_read(
      {" 1", "\t1", "\n1", "\r1", "1 ", " [ 1 , 2 ] ", "\r\n{\t\"a\"\n:\r1 }", "[\n]", "{ }"});
  for (const char* blank : {"\x0b", "\x0c", "\xc2\xa0", "\xe2\x80\xa8", "\xe3\x80\x80", "\x1f",
                            "\xef\xbb\xbf", "\x07", "\\n", "/**/", "//\n", "#\n"}) {
    expect_refused({blank + std::string("1"), std::string("[1,") + blank + "2]",
                    std::string("{\"a\":") + blank + "1}"});
  }
  expect_refused({std::string("\0", 1) + "1", std::string("1\0", 2), std::string("[1\0]", 4)});
}

TEST(JsonRules, Section2ATextIsExactlyOneValue) {
  expect_refused({"", " ", "\n", "1 2", "1,2", "[] []", "{}{}", "[1]x", "{},", "true false",
                  "\"a\"\"b\"", "[1]]", "{}}", "]", "}", ",", ":", "[]:", "1]"});
}

TEST(JsonRules, Section3LiteralsAreThreeWordsInLowerCase) {
  expect_read({"true", "false", "null", "[true,false,null]"});
  expect_refused({"True",  "TRUE",        "tru",      "truee",     "t",    "fals", "False",
                  "nul",   "nulll",       "Null",     "NULL",      "none", "None", "undefined",
                  "NaN",   "nan",         "Infinity", "-Infinity", "inf",  "yes",  "[tru]",
                  "[nul]", "{\"a\":nul}", "true1",    "nullnull"});
}

TEST(JsonRules, Section4ObjectsHaveQuotedNamesColonsAndCommas) {
  expect_read({"{}", R"({"a":1})", R"({"":0})", R"({"a":{"b":{}},"c":[]})", R"({"a b":1})",
               R"({"\u0061":1})", R"({"a":1,"b":2,"A":3})"});
  expect_refused({"{",
                  "{\"a\"",
                  "{\"a\":",
                  "{\"a\":1",
                  "{\"a\":1,",
                  "{\"a\":1,}",
                  "{,\"a\":1}",
                  "{\"a\":1,,\"b\":2}",
                  "{\"a\" 1}",
                  "{\"a\"::1}",
                  "{\"a\":1 \"b\":2}",
                  "{\"a\",1}",
                  "{a:1}",
                  "{'a':1}",
                  "{1:1}",
                  "{null:1}",
                  "{[]:1}",
                  "{\"a\":}",
                  "{:1}",
                  "{\"a\"}",
                  "{\"a\":1;\"b\":2}",
                  "{\"a\"=1}",
                  "{\"a\":1}}",
                  "{\"a\":1]",
                  "{\"a\":a}",
                  "{{}}",
                  "{\"a\":1/**/}",
                  "{\"a\":1}//",
                  "{\"a\":1}#",
                  "{\"a\":\"b\"",
                  "{\"a\":\"b}"});
}

TEST(JsonRules, Section4NamesAreUniqueHere) {
  expect_refused({R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"a":1,"\u0061":2})",
                  R"({"x":{"a":1,"a":2}})", R"({"":0,"":1})"});
}

TEST(JsonRules, Section5ArraysHaveCommasBetweenValues) {
  expect_read({"[]", "[1]", "[1,2,3]", "[[],[[]]]", "[null,true,\"a\",{},[]]", "[ ]"});
  expect_refused({"[",         "[1",       "[1,",   "[1,]",          "[,1]",   "[,]",
                  "[1,,2]",    "[1 2]",    "[1;2]", "[1:2]",         "[1}",    "[\"a\"",
                  "[\"a",      "[\"a]",    "[1,2",  "[[]",           "[]]",    "[a]",
                  "['a']",     "[1 true]", "[-]",   "[\"a\" \"b\"]", "[\n1\n", "[3[4]]",
                  "[1,\n1\n,1"});
}

TEST(JsonRules, Section6NumbersHaveOneGrammar) {
  expect_read({"0",
               "-0",
               "1",
               "-1",
               "10",
               "1.0",
               "1.5e10",
               "1E5",
               "1e+5",
               "1e-5",
               "0.1",
               "-0.1",
               "0e1",
               "0E0",
               "123456789",
               "9223372036854775807",
               "-9223372036854775808",
               "18446744073709551615",
               "1.7976931348623157e308",
               "5e-324",
               "1e-400",
               "0.000000001"});
  expect_refused({"01",    "-01",     "00",    "+1",    "++1",  "--1",  "-",     "+",
                  ".5",    "-.5",     "1.",    "-1.",   "1.e1", "1e",   "1e+",   "1e-",
                  "1E",    "1ee1",    "1e1.5", "1.2.3", "0x1",  "0x",   "0b1",   "0o7",
                  "1_000", "1,000.0", "1f",    "1L",    "1a",   "1 .5", "1. 5",  "1e 5",
                  "- 1",   "-a",      "0.e1",  "2.e+3", "0e",   "0e+",  "012",   "-012",
                  "1.0e",  "[1.]",    "[.1]",  "[-]",   "[01]", "[1e]", "[0x1]", "\xef\xbc\x91",
                  "1/2",   "1+1",     "(1)",   "1%"});
}

TEST(JsonRules, Section6NumbersThatNothingHoldsAreRefusedHere) {
  expect_refused({"18446744073709551616", "-9223372036854775809", "1e309", "-1e309", "1e999999999",
                  "123456789012345678901234567890", std::string(1000, '9')});
}

TEST(JsonRules, Section7StringsEscapeQuoteBackslashAndControls) {
  expect_read({R"("")", R"("a")", R"("\"\\\/\b\f\n\r\t")", R"("\u0041")", R"("\u00e4")",
               R"("\uABCD")", R"("\uabcd")", R"("\u0000")", R"("\ud83d\ude00")", "\"\x7f\"",
               "\"\xe2\x80\xa8\"", R"("/")", R"("'")", "\"\xf0\x9f\x98\x80\"", "\"\xef\xbf\xbf\""});
  expect_refused({"\"",
                  "\"a",
                  "a\"",
                  "'a'",
                  R"("\")",
                  R"("\a")",
                  R"("\x41")",
                  R"("\0")",
                  R"("\'")",
                  R"("\u")",
                  R"("\u1")",
                  R"("\u12")",
                  R"("\u123")",
                  R"("\u123g")",
                  R"("\U0041")",
                  R"("\u+041")",
                  R"("\u 041")",
                  R"("\v")",
                  R"("\e")",
                  R"("\ ")",
                  "\"\\\n\"",
                  R"("\u00")",
                  R"(["\)",
                  R"("\\\")",
                  R"("a"b")",
                  "`a`",
                  "\xe2\x80\x9c"
                  "a\xe2\x80\x9d"});
  for (char c = 0; c < 0x20; ++c) {
    expect_refused({std::string("\"a") + c + "b\"", std::string("{\"a") + c + "\":1}"});
  }
}

TEST(JsonRules, Section7LoneSurrogatesAreRefusedHere) {
  expect_refused({R"("\ud800")", R"("\udc00")", R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\n")",
                  R"("\ud83d\u0041")", R"("\ude00\ud83d")", R"("\ud800\ud800")", R"("\uDFFF")"});
}

TEST(JsonRules, Section8TextsAreWellFormedUtf8WithoutAMark) {
  for (const char* wrong : {"\x80",
                            "\xbf",
                            "\xc0\xaf",
                            "\xc1\xbf",
                            "\xc3",
                            "\xc3\x28",
                            "\xe0\x80\x80",
                            "\xe0\x9f\xbf",
                            "\xe2\x82",
                            "\xe2\x28\xa1",
                            "\xed\xa0\x80",
                            "\xed\xbf\xbf",
                            "\xf0\x8f\xbf\xbf",
                            "\xf0\x9f\x98",
                            "\xf4\x90\x80\x80",
                            "\xf5\x80\x80\x80",
                            "\xf8\x88\x80\x80\x80",
                            "\xfc\x84\x80\x80\x80\x80",
                            "\xfe",
                            "\xff",
                            "\xff\xfe"}) {
    expect_refused({std::string("\"") + wrong + "\"", std::string("{\"") + wrong + "\":1}",
                    std::string("[\"a") + wrong + "b\"]", wrong});
  }
  expect_refused(
      {"\xef\xbb\xbf{}", std::string("\xfe\xff\x00{\x00}", 6), std::string("{\x00}\x00", 4)});
}

TEST(JsonRules, Section9DepthIsBoundedWhateverOpens) {
  const auto nested = [](const std::string& open, const std::string& close, int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "1";
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  expect_read({nested("[", "]", 32), nested("{\"a\":", "}", 32)});
  expect_refused({nested("[", "]", 33), nested("{\"a\":", "}", 33), nested("[", "]", 100'000),
                  nested("{\"a\":", "}", 100'000), std::string(100'000, '['),
                  nested("[{\"a\":", "}]", 50'000)});
}

// What an answer or a store is made of must never be cut into something valid.
TEST(JsonRules, EveryProperPrefixOfADocumentIsRefused) {
  const std::string document = R"({"a":[1,-2.5e3,true,null,"x\n\u00e4"],"b":{"c":"d"}})";
  ASSERT_TRUE(parse_json(document));
  for (std::size_t length = 0; length < document.size(); ++length) {
    expect_refused({document.substr(0, length)});
  }
}

}  // namespace
}  // namespace townkrier
