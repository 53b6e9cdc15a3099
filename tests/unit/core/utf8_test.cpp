#include "core/utf8.hpp"

#include <gtest/gtest.h>

namespace townkrier {
namespace {

TEST(Utf8, AcceptsWellFormedTextOnly) {
  EXPECT_TRUE(is_valid_utf8("aä€😀"));
  for (const char* bytes :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_FALSE(is_valid_utf8(bytes));
  }
}

TEST(Utf8, CountsCharacters) {
  EXPECT_EQ(utf8_length("aä€😀"), 4u);
  EXPECT_EQ(utf8_length("\xff\xff"), 2u);
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("ä€b", 2), "ä€");
  EXPECT_EQ(utf8_prefix("ab", 9), "ab");
  EXPECT_EQ(utf8_cut("a€", 3), "a");
  EXPECT_EQ(utf8_cut("a€", 4), "a€");
  EXPECT_EQ(utf8_cut("😀", 3), "");
}

TEST(Utf8, ReplacesIllFormedBytes) {
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b\xe2\x82"),
            "a\uFFFDb\uFFFD\uFFFD");
}

TEST(Utf8, FindsWhatIsNotAsciiAtEveryPlace) {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const std::string head(before, 'a');
      const std::string tail(behind, 'z');
      EXPECT_TRUE(is_valid_utf8(head + "€" + tail));
      EXPECT_FALSE(is_valid_utf8(head + "\xff" + tail));
      EXPECT_EQ(utf8_length(head + "€" + tail), before + 1 + behind);
      EXPECT_EQ(to_valid_utf8(head + "\xff" + tail), head + "\uFFFD" + tail);
    }
  }
}

}  // namespace
}  // namespace townkrier
