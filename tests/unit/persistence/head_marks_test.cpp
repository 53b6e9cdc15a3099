#include "persistence/head_marks.hpp"

#include <gtest/gtest.h>

namespace townkrier::persistence {
namespace {

std::optional<std::string> floor_of(HeadMarks& marks, const std::string& range) {
  return HeadRead(marks, range).floor();
}

TEST(HeadMarks, KnowsNothingAtFirst) {
  HeadMarks marks;
  EXPECT_EQ(floor_of(marks, "r"), std::nullopt);
}

TEST(HeadMarks, RemembersWhereAReadFoundTheFirstKey) {
  HeadMarks marks;
  HeadRead(marks, "r").reached("m");
  EXPECT_EQ(floor_of(marks, "r"), "m");
  EXPECT_EQ(floor_of(marks, "other"), std::nullopt);
}

TEST(HeadMarks, AReadThatFailedTeachesNothing) {
  HeadMarks marks;
  HeadRead(marks, "r").reached("m");
  { const HeadRead failed(marks, "r"); }
  EXPECT_EQ(floor_of(marks, "r"), "m");
}

TEST(HeadMarks, AnEarlierKeyMovesTheHeadBack) {
  HeadMarks marks;
  HeadRead(marks, "r").reached("m");
  marks.inserted("r", "p", false);
  EXPECT_EQ(floor_of(marks, "r"), "m");
  marks.inserted("r", "c", false);
  EXPECT_EQ(floor_of(marks, "r"), "c");
}

TEST(HeadMarks, AKeyWrittenDuringAReadIsNotPassed) {
  HeadMarks marks;
  {
    HeadRead read(marks, "r");
    marks.inserted("r", "c", false);  // Perhaps not in the reader's snapshot.
    read.reached("m");
  }
  EXPECT_EQ(floor_of(marks, "r"), "c");
}

TEST(HeadMarks, AReadThatIsOverNoLongerHoldsTheHeadBack) {
  HeadMarks marks;
  {
    HeadRead read(marks, "r");
    marks.inserted("r", "c", false);
    read.reached("m");
  }
  HeadRead(marks, "r").reached("m");
  EXPECT_EQ(floor_of(marks, "r"), "m");
}

TEST(HeadMarks, TheFirstKeyOfAnEmptyRangeIsItsHead) {
  HeadMarks marks;
  marks.inserted("r", "m", true);
  EXPECT_EQ(floor_of(marks, "r"), "m");
  marks.inserted("r", "z", true);
  EXPECT_EQ(floor_of(marks, "r"), "z");
}

}  // namespace
}  // namespace townkrier::persistence
