/// Small values with an end.

#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

class StoreTimed : public StoreTest {
 protected:
  static TimedEntry entry(std::string key, std::string value, std::int64_t until) {
    return {.key = std::move(key), .value = std::move(value), .until = at(until)};
  }
  void put(std::vector<TimedEntry> entries) { must_commit({.entries = std::move(entries)}); }
  std::string value(const std::string& key, std::int64_t now = 0) {
    const auto found = store().timed_entry(key, at(now));
    if (found) EXPECT_EQ(found->key, key);
    return found ? found->value : "(" + std::string(to_string(found.error().code)) + ")";
  }
  std::uint64_t remove(std::int64_t now, std::size_t limit = 100) {
    const auto deleted = store().delete_timed_entries(at(now), limit, Durability::kOs);
    EXPECT_TRUE(deleted) << deleted.error().message;
    return deleted.value_or(0);
  }
  static std::string bytes_of(const JobId& id) {
    return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
  }
};

TEST_P(StoreTimed, FindsAnEntryUntilItsTimeIsOver) {
  put({entry("a", std::string("1\0002", 3), 10)});
  restart();
  EXPECT_EQ(value("a", 9), std::string("1\0002", 3));
  EXPECT_EQ(store().timed_entry("a", at(9))->until, at(10));
  EXPECT_EQ(value("a", 10), "(not_found)");
  EXPECT_EQ(value("b"), "(not_found)");
}

TEST_P(StoreTimed, ReplacesWhatIsThereUnderTheKey) {
  put({entry("a", "first", 10)});
  put({entry("a", "second", 20)});
  restart();
  EXPECT_EQ(value("a", 15), "second");
  EXPECT_EQ(remove(15), 0u);  // The end of the first went with it.
  EXPECT_EQ(remove(20), 1u);
}

TEST_P(StoreTimed, DeletesWhatIsOverInSlicesOldestFirst) {
  put({entry("a", "", 30), entry("b", "", 10), entry("c", "", 20), entry("d", "", 40)});
  EXPECT_EQ(remove(30, 2), 2u);
  restart();
  EXPECT_EQ(value("a"), "");
  EXPECT_EQ(value("b"), "(not_found)");
  EXPECT_EQ(value("c"), "(not_found)");
  EXPECT_EQ(remove(30, 2), 1u);
  EXPECT_EQ(remove(30, 2), 0u);
  EXPECT_EQ(value("d"), "");
}

TEST_P(StoreTimed, AddsTheIdsThatJobsOfTheSameBatchGot) {
  add(make_job({.id = 1, .unique_key = "held"}));
  TimedEntry kept = entry("a", "ids:", 10);
  kept.first_job = 1;
  kept.jobs = 2;
  StoreBatch batch;
  batch.enqueued = {{.job = make_job({.id = 2}), .logs = {}},
                    {.job = make_job({.id = 3}), .logs = {}},
                    {.job = make_job({.id = 4, .unique_key = "held"}), .logs = {}}};
  batch.entries = {kept};
  must_commit(batch);
  restart();
  EXPECT_EQ(value("a"), "ids:" + bytes_of(id_of(3)) + bytes_of(id_of(1)));
}

TEST_P(StoreTimed, RefusesEntriesThatItCannotKeep) {
  TimedEntry beyond = entry("a", "", 10);
  beyond.jobs = 1;
  for (const auto& entries :
       {std::vector{entry("", "", 1)}, std::vector{entry(std::string(256, 'k'), "", 1)},
        std::vector{beyond}, std::vector{entry("a", "", 1), entry("a", "", 2)}}) {
    const auto done = commit({.entries = entries});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::kInvalidArgument);
  }
  EXPECT_EQ(remove(100), 0u);
}

TOWNKRIER_ON_EACH_STORE(StoreTimed);

}  // namespace
}  // namespace townkrier::testing
