#include "townkrier/json_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier {
namespace {

using nlohmann::json;

TEST(JsonText, IsEmptyByDefaultAndThenNull) {
  EXPECT_TRUE(JsonText().empty());
  EXPECT_EQ(JsonText().value(), json(nullptr));
}

TEST(JsonText, CarriesADocument) {
  const JsonText text = json{{"a", {1, 2}}};
  EXPECT_EQ(text.text(), R"({"a":[1,2]})");
  EXPECT_EQ(text.value(), (json{{"a", {1, 2}}}));
}

TEST(JsonText, ReplacesInvalidUtf8InsteadOfThrowing) {
  EXPECT_EQ(JsonText(json("a\xff")).value(), json("a\uFFFD"));
}

TEST(JsonText, KeepsParsedTextAsGiven) {
  const auto text = JsonText::parse(" { \"a\" : 1.0 } ");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text(), " { \"a\" : 1.0 } ");
}

TEST(JsonText, RefusesWhatIsNotStrictJson) {
  for (const char* text : {"", "{", "{\"a\":1,\"a\":2}", "[1e999]"}) {
    const auto parsed = JsonText::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::kMalformed);
  }
  EXPECT_FALSE(JsonText::parse(std::string(33, '[') + std::string(33, ']')));
}

TEST(JsonText, GivesNullForTrustedTextThatIsNotJson) {
  EXPECT_EQ(JsonText::trusted("{broken").value(), json(nullptr));
}

}  // namespace
}  // namespace townkrier
