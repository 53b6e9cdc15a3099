#include "townkrier/id.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "core/uuid_generator.hpp"
#include "unit/core/fake_clock.hpp"

namespace townkrier {
namespace {

using testing::FakeClock;

constexpr auto kText = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST(Uuid, IsNilByDefault) {
  EXPECT_TRUE(Uuid{}.is_nil());
  EXPECT_EQ(Uuid{}.to_string(), "00000000-0000-0000-0000-000000000000");
}

TEST(Uuid, ReadsWhatItWrites) {
  const auto id = Uuid::parse(kText);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), kText);
  EXPECT_EQ(id->bytes[0], 0x01);
  EXPECT_EQ(id->bytes[15], 0x57);
}

TEST(Uuid, ReadsUpperCaseToo) {
  EXPECT_EQ(Uuid::parse("01890A5D-AC96-774B-BCCE-B302099A8057"), Uuid::parse(kText));
}

TEST(Uuid, RefusesEveryOtherForm) {
  for (const char* text :
       {"", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a80577",
        "01890a5d-ac96-774b-bcce-b302099a805g", "01890a5d+ac96-774b-bcce-b302099a8057",
        "01890a5-dac96-774b-bcce-b302099a8057"}) {
    const auto id = Uuid::parse(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().code, Errc::kMalformed);
  }
}

TEST(UuidV7, CarriesVersionVariantAndTheClocksTime) {
  FakeClock clock;
  UuidV7Generator generator(clock);
  for (int i = 0; i < 100; ++i) {
    const Uuid id = generator.next();
    EXPECT_EQ(id.bytes[6] >> 4, 7);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    EXPECT_EQ(time_of(id), clock.now());
  }
}

TEST(UuidV7, SortsByTimeAsText) {
  FakeClock clock;
  UuidV7Generator generator(clock);
  const auto earlier = generator.next().to_string();
  clock.move(1ms);
  EXPECT_LT(earlier, generator.next().to_string());
}

TEST(UuidV7, StrictlyIncreasesWithinOneMillisecond) {
  FakeClock clock;
  UuidV7Generator generator(clock);
  Uuid last = generator.next();
  for (int i = 0; i < 100'000; ++i) {
    const Uuid next = generator.next();
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(UuidV7, StrictlyIncreasesWhenTheClockStepsBack) {
  FakeClock clock;
  UuidV7Generator generator(clock);
  Uuid last = generator.next();
  for (const auto step : {-1h, -1h, 1h, 0h, 2h}) {
    clock.move(step);
    const Uuid next = generator.next();
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(UuidV7, DiffersBetweenGeneratorsOfTheSameTime) {
  FakeClock clock;
  UuidV7Generator one(clock);
  UuidV7Generator other(clock);
  EXPECT_NE(one.next(), other.next());
}

TEST(UuidV7, IsUniqueAndOrderedForEachOfEightThreads) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kEach = 20'000;
  FakeClock clock;
  UuidV7Generator generator(clock);
  std::vector<std::vector<Uuid>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&ids, &generator, &clock] {
        for (std::size_t i = 0; i < kEach; ++i) {
          if (i % 1000 == 0) clock.move(i % 2000 == 0 ? 1ms : -1ms);
          ids.push_back(generator.next());
        }
      });
    }
  }
  std::unordered_set<Uuid> all;
  for (const auto& ids : made) {
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all.size(), kThreads * kEach);
}

TEST(UuidV7, GivesTheYear1970ForAClockBeforeIt) {
  FakeClock clock(TimePoint{Duration{-5}});
  UuidV7Generator generator(clock);
  const Uuid first = generator.next();
  EXPECT_EQ(time_of(first), TimePoint{});
  EXPECT_LT(first, generator.next());
}

TEST(RandomUuid, IsOfVersionFourAndDoesNotRepeat) {
  std::set<Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = random_uuid();
    EXPECT_EQ(id.bytes[6] >> 4, 4);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(UuidHash, SpreadsIdsOfOneMillisecondOverBuckets) {
  FakeClock clock;
  UuidV7Generator generator(clock);
  std::set<std::size_t> buckets;
  for (int i = 0; i < 1000; ++i) buckets.insert(std::hash<Uuid>{}(generator.next()) % 1024);
  EXPECT_GT(buckets.size(), 500u);  // 1000 balls in 1024 bins leave about 640 used
}

}  // namespace
}  // namespace townkrier
