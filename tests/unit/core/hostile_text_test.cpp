// Properties that hold for any text, tried with many made-up ones. The seeds are fixed: a failure
// repeats.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/masking.hpp"
#include "core/strict_json.hpp"
#include "core/utf8.hpp"
#include "townkrier/time.hpp"

namespace townkrier {
namespace {

using nlohmann::json;
using enum ContentPrivacy;

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::string text(const std::vector<std::string>& pieces, std::size_t most) {
    std::string made;
    for (std::size_t i = below(most + 1); i > 0; --i) made += pieces[below(pieces.size())];
    return made;
  }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  std::mt19937 random_;
};

const std::vector<std::string> kTextPieces = {"user@example.com",
                                              "+2348012345667",
                                              "password",
                                              "token",
                                              "Bearer ",
                                              "basic ",
                                              "authorization",
                                              "=",
                                              ":",
                                              " ",
                                              "\"",
                                              "'",
                                              "@",
                                              ".",
                                              "-",
                                              "/",
                                              "://",
                                              "*",
                                              "***",
                                              "7",
                                              "12",
                                              "2026-01-01",
                                              "10.0.0.1",
                                              "(",
                                              ")",
                                              "<",
                                              ">",
                                              ",",
                                              "a",
                                              "secret",
                                              "Zx9",
                                              "abcdefghij",
                                              "0123456789",
                                              "\xc3\xa4",
                                              "\xff",
                                              "\n",
                                              "_",
                                              "+",
                                              "{",
                                              "}",
                                              "&",
                                              ";"};

// Ordinary texts are masked once and for all (see ErrorMask); a made-up one may lose more the
// second time.
TEST(HostileText, ShowsNoMoreOfAnErrorWhenItIsMaskedAgain) {
  const auto shown = [](std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::ranges::count(text, '*'));
  };
  Maker maker(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = maker.text(kTextPieces, 12);
    const std::string once = mask_error(text, kMasked);
    ASSERT_LE(shown(mask_error(once, kMasked)), shown(once)) << json(to_valid_utf8(text));
  }
}

TEST(HostileText, NeverShowsAnAddressWhole) {
  Maker maker(2);
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = maker.text(kTextPieces, 12);
    for (const std::string& masked : {mask_error(text, kMasked), mask_error(text, kPrivate),
                                      mask_text(text, kMasked), mask_address_text(text)}) {
      ASSERT_EQ(masked.find("user@example.com"), std::string::npos) << json(to_valid_utf8(text));
      ASSERT_EQ(masked.find("2348012345667"), std::string::npos) << json(to_valid_utf8(text));
      ASSERT_TRUE(is_valid_utf8(masked));
    }
  }
}

TEST(HostileText, NeverShowsMoreThanAQuarterOfAContent) {
  Maker maker(3);
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = maker.text(kTextPieces, 12);
    ASSERT_LE(utf8_length(mask_text(text, kMasked)), utf8_length(text) / 4 + 3)
        << json(to_valid_utf8(text));
  }
}

TEST(HostileText, NeverMakesTheStrictReaderAcceptWhatTheLibraryRefuses) {
  const std::vector<std::string> pieces = {
      "{",   "}",    "[",    "]", ":",  ",",  "\"a\"",   "\"b\"",    "1",    "-", "0.5",
      "1e9", "true", "null", " ", "\"", "\\", "\\u0041", "\xc3\xa4", "\xff", "\n"};
  Maker maker(4);
  int accepted = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string text = maker.text(pieces, 7);
    const auto strict = parse_json(text);
    if (!strict) continue;
    ++accepted;
    ASSERT_EQ(*strict, json::parse(text, nullptr, false)) << json(to_valid_utf8(text));
  }
  EXPECT_GT(accepted, 200);
}

TEST(HostileText, IsReadAsATimeOnlyWhenItMeansOne) {
  const std::vector<std::string> pieces = {"2026", "-",  "01", "12", "31", "T", ":",
                                           "00",   "59", ".",  "5",  "Z",  "+", "1"};
  Maker maker(5);
  for (int i = 0; i < 40'000; ++i) {
    const std::string text = "2026-" + maker.text(pieces, 12);
    const auto time = parse_iso8601(text);
    if (!time) continue;
    ASSERT_EQ(parse_iso8601(to_iso8601(*time)), *time) << text;
  }
}

}  // namespace
}  // namespace townkrier
