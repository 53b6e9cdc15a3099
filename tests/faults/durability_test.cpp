// The promises of each durability, and what becomes of a damaged log, as tables.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "conformance/store_fixture.hpp"
#include "persistence/rocksdb_store.hpp"
#include "support/fault_file_system.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier::testing {
namespace {

using ::townkrier::persistence::RocksDbStore;

enum class End { kProcessKilled, kPowerLost };

struct DurabilityCase {
  const char* name;
  Durability durability;
  End end;
  bool keeps_all;
};

void PrintTo(const DurabilityCase& each, std::ostream* out) {
  *out << each.name;
}

class Durabilities : public ::testing::TestWithParam<DurabilityCase> {};

TEST_P(Durabilities, KeepWhatTheyPromise) {
  const DurabilityCase& given = GetParam();
  constexpr std::uint64_t kJobs = 200;
  // Several losses, because each takes a random part of what was not synced.
  std::uint64_t fewest = kJobs;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    TempDir directory;
    FaultEnv fault(directory / "attic");
    const auto open = [&] {
      auto opened = RocksDbStore::open(directory / "data", {.min_free_space_bytes = 0},
                                       {.env = fault.env.get()});
      EXPECT_TRUE(opened) << opened.error().message;
      return opened.value_or(nullptr);
    };
    {
      const auto store = open();
      for (std::uint64_t i = 1; i <= kJobs; ++i) {
        ASSERT_TRUE(store->commit({.enqueued = {{.job = make_job({.id = i}), .logs = {}}}},
                                  given.durability));
      }
      fault.files->stop();
    }
    if (given.end == End::kPowerLost) {
      fault.files->power_loss(seed, BlockOrder::kInOrder);
    } else {
      fault.files->stop_never();
    }
    fewest = std::min(fewest, open()->job_stats()->pending);
    EXPECT_EQ(check_store(directory / "data").value(), std::vector<std::string>{});
  }
  if (given.keeps_all) {
    EXPECT_EQ(fewest, kJobs);
  } else {
    EXPECT_LT(fewest, kJobs) << "a loss that never takes anything proves nothing";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Durabilities,
    ::testing::Values(DurabilityCase{"FsyncAndKill", Durability::kFsync, End::kProcessKilled, true},
                      DurabilityCase{"FsyncAndPower", Durability::kFsync, End::kPowerLost, true},
                      DurabilityCase{"OsAndKill", Durability::kOs, End::kProcessKilled, true},
                      DurabilityCase{"OsAndPower", Durability::kOs, End::kPowerLost, false},
                      DurabilityCase{"NoneAndPower", Durability::kNone, End::kPowerLost, false}),
    [](const auto& info) { return info.param.name; });

/// A thousand jobs, each a synced write, still in the write-ahead log.
class DamagedLog : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kJobs = 1000;

  void SetUp() override {
    FaultEnv fault(directory_ / "attic");  // for its quick syncs
    auto store = RocksDbStore::open(path(), {.min_free_space_bytes = 0}, {.env = fault.env.get()});
    ASSERT_TRUE(store) << store.error().message;
    for (std::uint64_t i = 1; i <= kJobs; ++i) {
      ASSERT_TRUE((*store)->commit({.enqueued = {{.job = make_job({.id = i}), .logs = {}}}},
                                   Durability::kFsync));
    }
  }

  std::string path() const { return directory_ / "data"; }
  std::string log() const {
    std::string latest;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
      latest = std::max(latest, entry.path().string());
    }
    return latest;
  }
  std::uint64_t middle() const { return std::filesystem::file_size(log()) / 2; }
  void cut(std::uint64_t bytes) {
    std::filesystem::resize_file(log(), std::filesystem::file_size(log()) - bytes);
  }
  void flip_a_bit(std::uint64_t at) {
    std::fstream file(log(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  void zero(std::uint64_t at, std::size_t bytes) {
    std::fstream file(log(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(bytes, '\0');
  }

  void expect_refused() {
    const auto files = [&] {
      std::map<std::string, std::uintmax_t> sizes;
      for (const auto& entry : std::filesystem::directory_iterator(path())) {
        const std::string name = entry.path().filename();
        if (!name.starts_with("LOG")) sizes[name] = entry.file_size();
      }
      return sizes;
    };
    const auto before = files();
    for (int again = 0; again < 2; ++again) {
      const auto opened = open_rocksdb_store(path(), {.min_free_space_bytes = 0});
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().code, Errc::kCorruption);
      for (const char* advice :
           {"Copy the whole directory first", "restore a backup", "--accept-wal-damage"}) {
        EXPECT_NE(opened.error().message.find(advice), std::string::npos) << opened.error().message;
      }
    }
    EXPECT_EQ(check_store(path()).error().code, Errc::kCorruption);
    for (const auto& [name, size] : before) {
      if (!name.ends_with(".log")) continue;
      EXPECT_EQ(files()[name], size) << "what is left must stay";
    }
  }
  /// How many jobs there are after a start that accepts the damage.
  std::uint64_t accept() {
    {
      const auto opened =
          open_rocksdb_store(path(), {.min_free_space_bytes = 0, .wal_damage = WalDamage::kAccept});
      EXPECT_TRUE(opened) << opened.error().message;
    }
    EXPECT_EQ(check_store(path()).value(), std::vector<std::string>{});
    const auto opened = open_rocksdb_store(path(), {.min_free_space_bytes = 0});
    EXPECT_TRUE(opened) << "the flag is for one start";
    return opened ? (*opened)->job_stats()->pending : 0;
  }

 private:
  TempDir directory_;
};

TEST_F(DamagedLog, ATornTailCostsOnlyTheLastWrite) {
  cut(100);
  const auto opened = open_rocksdb_store(path(), {.min_free_space_bytes = 0});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->job_stats()->pending, kJobs - 1);
}

TEST_F(DamagedLog, AFlippedBitIsRefusedAndAcceptedUpToIt) {
  flip_a_bit(middle());
  expect_refused();
  const auto left = accept();
  EXPECT_GT(left, kJobs / 3);
  EXPECT_LT(left, kJobs * 2 / 3);
}

TEST_F(DamagedLog, AZeroedPageIsRefusedAndAcceptedUpToIt) {
  zero(middle(), 4096);
  expect_refused();
  const auto left = accept();
  EXPECT_GT(left, kJobs / 3);
  EXPECT_LT(left, kJobs * 2 / 3);
}

// The last write may have been acknowledged: a bit flipped in it is not a torn tail.
TEST_F(DamagedLog, AFlippedBitInTheLastWriteIsRefused) {
  flip_a_bit(std::filesystem::file_size(log()) - 50);
  expect_refused();
  EXPECT_EQ(accept(), kJobs - 1);
}

TEST(RocksDbOptions, AreThoseThatDurabilityAndASmallMachineNeed) {
  const auto options = persistence::database_options({}, nullptr);
  EXPECT_EQ(options.wal_recovery_mode, rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords);
  EXPECT_FALSE(options.manual_wal_flush);
  EXPECT_FALSE(options.unordered_write);
  EXPECT_FALSE(options.two_write_queues);
  EXPECT_EQ(options.recycle_log_file_num, 0u);
  EXPECT_EQ(options.wal_compression, rocksdb::kNoCompression);
  EXPECT_FALSE(options.track_and_verify_wals_in_manifest);
  EXPECT_TRUE(options.paranoid_checks);
  EXPECT_EQ(options.max_total_wal_size, 64u << 20);
  EXPECT_EQ(options.db_write_buffer_size, 64u << 20);
  EXPECT_EQ(options.max_background_jobs, 2);
  EXPECT_EQ(options.max_open_files, -1);
  EXPECT_EQ(options.max_manifest_file_size, 64u << 20);
  EXPECT_EQ(options.bytes_per_sync, 1u << 20);
  EXPECT_NE(options.rate_limiter, nullptr);
  EXPECT_NE(options.file_checksum_gen_factory, nullptr);
  for (const auto& family : persistence::family_descriptors({})) {
    EXPECT_TRUE(family.options.force_consistency_checks) << family.name;
    EXPECT_TRUE(family.options.level_compaction_dynamic_level_bytes) << family.name;
    const bool index = family.name == "ready" || family.name == "due" ||
                       family.name == "finished" || family.name == "status" ||
                       family.name == "log_time" || family.name == "log_ref";
    if (index) {
      EXPECT_FALSE(family.options.table_properties_collector_factories.empty())
          << family.name << ": tombstones must be compacted early";
    }
  }
}

}  // namespace
}  // namespace townkrier::testing
