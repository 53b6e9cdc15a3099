#include "core/base64.hpp"

#include <gtest/gtest.h>

namespace townkrier {
namespace {

TEST(Base64, AgreesWithTheTableOfTheRfc) {
  const std::pair<const char*, const char*> table[] = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : table) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, CarriesEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
}

TEST(Base64, RefusesEveryLooseForm) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Z", "Zm9v\n", " Zm9v", "Zm-_", "Zh==", "Zg==Zg==", "!!!!"}) {
    const auto bytes = base64_decode(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, Errc::kMalformed);
  }
}

TEST(Hex, ReadsWhatItWrites) {
  EXPECT_EQ(hex_encode(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(hex_decode("00FF1a"), std::string("\x00\xff\x1a", 3));
  EXPECT_EQ(hex_decode(""), "");
}

TEST(Hex, RefusesOddAndForeignCharacters) {
  for (const char* text : {"0", "0g", "00 ", "0x00"}) EXPECT_FALSE(hex_decode(text)) << text;
}

}  // namespace
}  // namespace townkrier
