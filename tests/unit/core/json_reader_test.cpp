#include "core/json_reader.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier {
namespace {

using nlohmann::json;

struct Reading {
  explicit Reading(json document) : value(std::move(document)), reader(value, "/in", errors) {}
  std::vector<FieldError> fields() const { return errors.to_error().fields; }
  json value;
  FieldErrors errors;
  JsonReader reader;
};

TEST(JsonPointer, EscapesTildeAndSlash) {
  EXPECT_EQ(pointer_to("", "a/b~c"), "/a~1b~0c");
  EXPECT_EQ(pointer_to("/x", std::size_t{3}), "/x/3");
  EXPECT_EQ(pointer_to("/x", ""), "/x/");
}

TEST(JsonReader, GivesMembersOfTheRightType) {
  Reading in(json::parse(R"({"s":"text","i":-3,"n":0.5,"b":true,"a":[1],"o":{"x":1}})"));
  EXPECT_EQ(in.reader.optional_string("s"), "text");
  EXPECT_EQ(in.reader.required_int("i", -10, 10), -3);
  EXPECT_EQ(in.reader.optional_number("n", 0, 1), 0.5);
  EXPECT_EQ(in.reader.optional_bool("b"), true);
  ASSERT_NE(in.reader.required_array("a"), nullptr);
  EXPECT_EQ(*in.reader.required_object("o"), (json{{"x", 1}}));
  in.reader.refuse_unknown();
  EXPECT_TRUE(in.errors.empty());
}

TEST(JsonReader, TakesNullForAbsent) {
  Reading in(json::parse(R"({"s":null})"));
  EXPECT_FALSE(in.reader.has("s"));
  EXPECT_EQ(in.reader.optional_string("s"), std::nullopt);
  in.reader.refuse_unknown();
  EXPECT_TRUE(in.errors.empty());
}

TEST(JsonReader, ReportsAMissingRequiredMember) {
  Reading in(json::object());
  in.reader.required_string("s");
  in.reader.required_array("a");
  EXPECT_EQ(in.fields(),
            (std::vector<FieldError>{{"/in/s", "is required"}, {"/in/a", "is required"}}));
}

TEST(JsonReader, ReportsEveryWrongTypeWithItsPointer) {
  Reading in(json::parse(R"({"s":1,"i":"1","n":"x","b":0,"a":{},"o":[]})"));
  in.reader.optional_string("s");
  in.reader.optional_int("i", 0, 9);
  in.reader.optional_number("n", 0, 1);
  in.reader.optional_bool("b");
  in.reader.optional_array("a");
  in.reader.optional_object("o");
  EXPECT_EQ(in.fields(), (std::vector<FieldError>{{"/in/s", "must be a string"},
                                                  {"/in/i", "must be an integer from 0 to 9"},
                                                  {"/in/n", "must be a number from 0.0 to 1.0"},
                                                  {"/in/b", "must be true or false"},
                                                  {"/in/a", "must be an array"},
                                                  {"/in/o", "must be an object"}}));
}

TEST(JsonReader, RefusesFractionsAndHugeNumbersAsIntegers) {
  Reading in(json::parse(R"({"half":1.5,"whole":1.0,"big":18446744073709551615,"over":10})"));
  for (const char* name : {"half", "whole", "big", "over"}) {
    EXPECT_EQ(in.reader.optional_int(name, 0, 9), std::nullopt) << name;
  }
  EXPECT_EQ(in.errors.count(), 4u);
}

TEST(JsonReader, RefusesNanAsANumber) {
  Reading in(json{{"n", std::nan("")}});
  EXPECT_EQ(in.reader.optional_number("n", 0, 1), std::nullopt);
  EXPECT_EQ(in.errors.count(), 1u);
}

TEST(JsonReader, ChecksStringLengths) {
  Reading in(json{{"empty", ""}, {"long", "12345"}});
  in.reader.required_string("empty", {.min_bytes = 1});
  in.reader.optional_string("long", {.max_bytes = 4});
  EXPECT_EQ(in.fields(), (std::vector<FieldError>{{"/in/empty", "must not be empty"},
                                                  {"/in/long", "must have at most 4 bytes"}}));
}

TEST(JsonReader, ReportsEveryUnknownMemberEscaped) {
  Reading in(json{{"known", 1}, {"a/b", 1}, {"c~d", nullptr}});
  in.reader.optional_int("known", 0, 9);
  in.reader.refuse_unknown();
  EXPECT_EQ(in.fields(), (std::vector<FieldError>{{"/in/a~1b", "is not a known member"},
                                                  {"/in/c~0d", "is not a known member"}}));
}

TEST(JsonReader, MasksAnAddressUsedAsAMemberName) {
  Reading in(json{{"user@example.com", 1}});
  in.reader.refuse_unknown();
  EXPECT_EQ(in.fields().at(0).pointer, "/in/u***@example.com");
}

TEST(JsonReader, ReportsOnceThatTheValueIsNoObject) {
  Reading in(json::array());
  in.reader.required_string("s");
  in.reader.optional_int("i", 0, 1);
  in.reader.refuse_unknown();
  EXPECT_EQ(in.fields(), (std::vector<FieldError>{{"/in", "must be an object"}}));
}

TEST(FieldErrors, IsAnInvalidArgumentThatNamesTheFirstAndCountsTheRest) {
  FieldErrors errors;
  EXPECT_TRUE(errors.result());
  errors.add("/a", "is required");
  EXPECT_EQ(errors.to_error().message, "/a: is required");
  errors.add("", "must be an object");
  ASSERT_FALSE(errors.result());
  EXPECT_EQ(errors.result().error().code, Errc::kInvalidArgument);
  EXPECT_EQ(errors.result().error().message, "/a: is required (and 1 more)");
}

TEST(FieldErrors, KeepsABoundedNumber) {
  json hostile = json::object();
  for (int i = 0; i < 5000; ++i) hostile["member" + std::to_string(i)] = i;
  FieldErrors errors;
  JsonReader(hostile, "", errors).refuse_unknown();
  EXPECT_EQ(errors.count(), 5000u);
  EXPECT_EQ(errors.to_error().fields.size(), FieldErrors::kMaxKept);
}

TEST(ValidName, IsOneToSixtyFourPlainCharacters) {
  for (const char* name : {"default", "a", "email-resend", "in_app", "v1.2", "A-Z"}) {
    EXPECT_TRUE(is_valid_name(name)) << name;
  }
  EXPECT_TRUE(is_valid_name(std::string(64, 'x')));
  EXPECT_FALSE(is_valid_name(std::string(65, 'x')));
  for (const char* name : {"", "a b", "a/b", "@kind", "ä", "a\n", "a,b"}) {
    EXPECT_FALSE(is_valid_name(name)) << name;
  }
}

}  // namespace
}  // namespace townkrier
