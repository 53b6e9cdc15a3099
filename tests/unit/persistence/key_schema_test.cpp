#include "persistence/key_schema.hpp"

#include <gtest/gtest.h>

namespace townkrier::persistence {
namespace {

TimePoint at(std::int64_t ms) {
  return TimePoint{Duration{ms}};
}

std::string key_of(TimePoint time, std::uint8_t id = 0) {
  std::string key;
  Uuid uuid;
  uuid.bytes.fill(id);
  append_position(key, time, uuid);
  return key;
}

TEST(KeySchema, KeysSortAsTheirTimes) {
  EXPECT_LT(key_of(TimePoint::min()), key_of(at(-1)));
  EXPECT_LT(key_of(at(-1)), key_of(at(0)));
  EXPECT_LT(key_of(at(255)), key_of(at(256)));
  EXPECT_LT(key_of(at(1), 2), key_of(at(1), 200));
  EXPECT_LT(key_of(at(1), 255), key_of(TimePoint::max()));
}

TEST(KeySchema, PositionsComeBack) {
  const auto position = position_at_end("prefix" + key_of(at(-77), 9));
  ASSERT_TRUE(position);
  EXPECT_EQ(position->time, at(-77));
  EXPECT_EQ(position->id.bytes[15], 9);
  EXPECT_FALSE(position_at_end("short"));
  EXPECT_FALSE(id_at_end("short"));
}

TEST(KeySchema, LanesComeBack) {
  const LaneKey lane{std::string("a\0b", 3), "email,sms", 20};
  const auto parsed = parse_lane(lane_prefix(lane) + "rest");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->lane, lane);
  EXPECT_EQ(parsed->size, lane_prefix(lane).size());
  EXPECT_FALSE(parse_lane(lane_prefix(lane).substr(0, 5)));
}

TEST(KeySchema, HigherPrioritiesSortFirst) {
  EXPECT_LT(lane_prefix({"q", "r", 20}), lane_prefix({"q", "r", 5}));
}

TEST(KeySchema, NewerMessagesSortFirst) {
  const auto key = [](std::int64_t ms, std::uint8_t number) {
    std::string key;
    Uuid id;
    id.bytes.fill(number);
    append_inbox_key(key, "ann", at(ms), id);
    return key;
  };
  EXPECT_LT(key(2, 1), key(1, 1));
  EXPECT_LT(key(1, 2), key(1, 1));
  EXPECT_EQ(inbox_position(key(5, 7))->time, at(5));
  EXPECT_EQ(inbox_position(key(5, 7))->id.bytes[0], 7);
}

TEST(KeySchema, PrefixEndIsBehindAllKeysOfThePrefix) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end("\xff\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
}

TEST(KeySchema, OnlyTheCanonicalFormOfAnIdIsFoundAsId) {
  const Uuid id = *Uuid::parse("0190a000-0000-7000-8000-00000000abcd");
  std::string by_id;
  append_log_subject(by_id, id);
  std::string by_text;
  append_log_subject(by_text, std::string_view("0190a000-0000-7000-8000-00000000abcd"));
  EXPECT_EQ(by_text, by_id);
  std::string upper;
  append_log_subject(upper, std::string_view("0190A000-0000-7000-8000-00000000ABCD"));
  EXPECT_NE(upper, by_id);
  EXPECT_EQ(log_subjects(id.to_string(), id).size(), 1u);
  EXPECT_EQ(log_subjects("welcome", id).size(), 2u);
}

}  // namespace
}  // namespace townkrier::persistence
