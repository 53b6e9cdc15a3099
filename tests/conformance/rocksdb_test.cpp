/// What only the RocksDB store can get wrong: opening, damage, the check of a directory.

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <rocksdb/write_batch.h>

#include "persistence/rocksdb_database.hpp"
#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;
using ::townkrier::persistence::Database;
using ::townkrier::persistence::Family;
using ::townkrier::persistence::MetaKey;

class RocksDbStoreFiles : public ::testing::Test {
 protected:
  std::string path() const { return directory_ / "data"; }

  std::shared_ptr<Store> open() {
    auto opened = open_rocksdb_store(path());
    EXPECT_TRUE(opened) << opened.error().message;
    return opened.value_or(nullptr);
  }
  Error refusal() {
    const auto opened = open_rocksdb_store(path());
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }

  void fill(std::uint64_t first, std::uint64_t count, std::int64_t time = 0) {
    const auto store = open();
    StoreBatch batch;
    for (auto i = first; i < first + count; ++i) {
      batch.enqueued.push_back({.job = make_job({.id = i, .time = time}), .logs = {}});
    }
    ASSERT_TRUE(store->commit(batch, Durability::kFsync));
  }

  /// Writes past the store, as a fault would.
  void tamper(Family family, const std::string& key, const std::optional<std::string>& value) {
    auto database = Database::open(path(), Database::Mode::kReadWrite);
    ASSERT_TRUE(database);
    auto& db = (*database)->db();
    auto* handle = (*database)->family(family);
    ASSERT_TRUE((value ? db.Put({}, handle, key, *value) : db.Delete({}, handle, key)).ok());
  }
  std::string key_of(std::uint64_t id) {
    std::string key;
    persistence::append_id(key, id_of(id));
    return key;
  }
  std::vector<std::string> faults() {
    auto found = check_store(path());
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::vector<std::string>{});
  }
  /// The write-ahead log that holds the latest writes.
  std::string wal() {
    std::string latest;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
      latest = std::max(latest, entry.path().string());
    }
    return latest;
  }

 private:
  TempDir directory_;
};

TEST_F(RocksDbStoreFiles, MakesItsDirectoryForItsOwnerOnly) {
  open();
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(RocksDbStoreFiles, RefusesASecondOpenAndSaysWhy) {
  const auto first = open();
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kIo);
  EXPECT_NE(error.message.find("in use by another process"), std::string::npos) << error.message;
}

TEST_F(RocksDbStoreFiles, RefusesAFileAsDirectory) {
  std::ofstream(path()) << "text";
  EXPECT_EQ(refusal().code, Errc::kIo);
}

// Format 2 had other records and no audit log.
TEST_F(RocksDbStoreFiles, RefusesFormat2) {
  open();
  std::string version;
  persistence::append_u64(version, 2);
  {
    auto database = Database::open(path(), Database::Mode::kReadWrite);
    ASSERT_TRUE(database);
    auto& db = (*database)->db();
    ASSERT_TRUE(db.DropColumnFamily((*database)->family(Family::kAudit)).ok());
    ASSERT_TRUE(
        db.Put({}, (*database)->family(Family::kMeta), std::string(1, MetaKey::kVersion), version)
            .ok());
  }
  const auto early = Database::open(path(), Database::Mode::kReadOnly);
  ASSERT_FALSE(early);
  EXPECT_NE(early.error().message.find("older storage format"), std::string::npos);
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kInvalidConfig);
  EXPECT_NE(error.message.find("older storage format"), std::string::npos) << error.message;
  std::vector<std::string> families;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path(), &families).ok());
  EXPECT_EQ(families.size(), persistence::kFamilyCount - 1) << "changed what it refused to open";
}

TEST_F(RocksDbStoreFiles, RefusesANewerFormat) {
  open();
  std::string version;
  persistence::append_u64(version, persistence::kSchemaVersion + 1);
  {
    auto database = Database::open(path(), Database::Mode::kReadWrite);
    ASSERT_TRUE(
        (*database)
            ->db()
            .Put({}, (*database)->family(Family::kMeta), std::string(1, MetaKey::kVersion), version)
            .ok());
  }
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kInvalidConfig);
  EXPECT_NE(error.message.find("format " + std::to_string(persistence::kSchemaVersion + 1)),
            std::string::npos)
      << error.message;
}

TEST_F(RocksDbStoreFiles, RefusesADatabaseOfAnotherProgram) {
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path(), &db).ok());
    const std::unique_ptr<rocksdb::DB> closing(db);
    ASSERT_TRUE(db->Put({}, "theirs", "1").ok());
  }
  EXPECT_EQ(refusal().code, Errc::kInvalidConfig);
}

TEST_F(RocksDbStoreFiles, KeepsEverySyncedWriteWhenTheLogsTailIsTorn) {
  fill(1, 1);
  fill(2, 50);
  const auto log = wal();
  ASSERT_FALSE(log.empty());
  // Only the last record, a whole batch, loses bytes: as if power failed while it was written.
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 10);
  const auto store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(store->job_stats()->pending, 1u);
  EXPECT_TRUE(store->get_job(id_of(1)));
}

TEST_F(RocksDbStoreFiles, RefusesToOpenOverAFlippedBitInsteadOfLosingWrites) {
  {
    const auto store = open();
    for (std::uint64_t i = 1; i <= 100; ++i) {
      ASSERT_TRUE(
          store->commit({.enqueued = {{.job = make_job({.id = i}), .logs = {}}}}, Durability::kOs));
    }
    ASSERT_TRUE(store->sync());
  }
  const auto log = wal();
  ASSERT_FALSE(log.empty());
  {
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(log) / 2);
    file.seekg(middle);
    const char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(middle);
    file.put(byte);
  }
  const Error error = refusal();
  EXPECT_EQ(error.code, Errc::kCorruption);
  EXPECT_NE(error.message.find("Copy the whole directory first"), std::string::npos)
      << error.message;
}

TEST_F(RocksDbStoreFiles, CheckFindsNothingInAHealthyStore) {
  fill(1, 20);
  EXPECT_EQ(faults(), std::vector<std::string>{});
}

TEST_F(RocksDbStoreFiles, CheckFindsAMissingStore) {
  const auto found = check_store(path());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::kNotFound);
}

TEST_F(RocksDbStoreFiles, CheckFindsALostState) {
  {
    const auto store = open();
    Job job = make_job({.id = 1});
    ASSERT_TRUE(store->commit({.enqueued = {{.job = job, .logs = {}}}}, Durability::kOs));
    const JobChange begun = move(job, kProcessing, 1);
    ASSERT_TRUE(store->commit({.changes = {begun}}, Durability::kOs));
  }
  EXPECT_EQ(faults(), std::vector<std::string>{});
  tamper(Family::kRunning, persistence::running_key(id_of(1)), std::nullopt);
  ASSERT_FALSE(faults().empty());
  EXPECT_NE(faults()[0].find(id_of(1).to_string()), std::string::npos) << faults()[0];
}

TEST_F(RocksDbStoreFiles, CheckFindsADamagedRecord) {
  fill(1, 3);
  tamper(Family::kJobs, key_of(2), "\x02garbage");
  ASSERT_FALSE(faults().empty());
  EXPECT_NE(faults()[0].find("damaged"), std::string::npos) << faults()[0];
}

TEST_F(RocksDbStoreFiles, CheckFindsAJobInTwoPlaces) {
  fill(1, 3);
  std::string due;
  persistence::append_position(due, at(5), id_of(2));
  tamper(Family::kDue, due, "");
  ASSERT_EQ(faults().size(), 1u);
  EXPECT_NE(faults()[0].find("index due"), std::string::npos) << faults()[0];
}

TEST_F(RocksDbStoreFiles, CheckFindsAJobWithoutItsPlace) {
  fill(1, 3);
  std::string ready;
  persistence::append_lane(ready, "default", "email", 5);
  persistence::append_position(ready, at(0), id_of(2));
  tamper(Family::kReady, ready, std::nullopt);
  ASSERT_EQ(faults().size(), 1u);
  EXPECT_NE(faults()[0].find("missing in the index ready"), std::string::npos) << faults()[0];
}

TEST_F(RocksDbStoreFiles, CheckFindsAWrongCounter) {
  fill(1, 3);
  tamper(Family::kMeta, "qdefault", std::string("\x09\0\0\0\0\0\0", 7));
  ASSERT_EQ(faults().size(), 1u);
  EXPECT_NE(faults()[0].find("counter says 9, found 3"), std::string::npos) << faults()[0];
}

TEST_F(RocksDbStoreFiles, CheckFindsAUniqueKeyWithoutAClaim) {
  fill(1, 3);
  tamper(Family::kUnique, "k", key_of(2));
  ASSERT_EQ(faults().size(), 1u);
  EXPECT_NE(faults()[0].find("unique key"), std::string::npos) << faults()[0];
}

TEST_F(RocksDbStoreFiles, AnIndexThatNamesALostJobIsCorruption) {
  fill(1, 3);
  tamper(Family::kJobs, key_of(2), std::nullopt);
  const auto store = open();
  const auto jobs = store->ready_jobs({"default", "email", 5}, {}, 10);
  ASSERT_FALSE(jobs);
  EXPECT_EQ(jobs.error().code, Errc::kCorruption);
}

TEST_F(RocksDbStoreFiles, AListIsNotSlowedByTheJobsThatLeftIt) {
  const auto store = open();
  constexpr std::uint64_t kJobs = 20'000;
  std::vector<Job> jobs;
  StoreBatch enqueue;
  for (std::uint64_t i = 1; i <= kJobs; ++i) {
    jobs.push_back(make_job({.id = i, .status = kProcessing}));
    enqueue.enqueued.push_back({.job = jobs.back(), .logs = {}});
  }
  ASSERT_TRUE(store->commit(enqueue, Durability::kOs));
  StoreBatch finish;
  for (auto& job : jobs) {
    if (job.id() != id_of(kJobs)) finish.changes.push_back(move(job, kCompleted, 1));
  }
  ASSERT_TRUE(store->commit(finish, Durability::kOs));
  // Compared with each other, so that a busy machine does not matter: 100 lists that walked over
  // 20,000 deleted keys would take many times what 100 full pages take.
  const auto time_of = [&](JobStatus status, std::size_t rows) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
      const auto page = store->list_jobs({.status = status});
      EXPECT_EQ(page->jobs.size(), rows);
    }
    return std::chrono::steady_clock::now() - start;
  };
  const auto full = time_of(kCompleted, 50);
  EXPECT_LT(time_of(kProcessing, 1), full * 3);
}

TEST_F(RocksDbStoreFiles, RowsMayBeWrittenByHandWhileTheEngineCommits) {
  const auto store = open();
  constexpr std::uint64_t kEach = 500;
  std::thread engine([&] {
    for (std::uint64_t i = 1; i <= kEach; ++i) {
      NewJob added{.job = make_job({.id = i}), .logs = {make_log({.id = 10'000 + i})}};
      added.logs[0].job_id = added.job.id();
      ASSERT_TRUE(store->commit({.enqueued = {added}}, Durability::kOs));
    }
  });
  std::thread application([&] {
    for (std::uint64_t i = 1; i <= kEach; ++i) {
      const LogChange added{make_log({.id = 20'000 + i}), std::nullopt};
      ASSERT_TRUE(store->put_logs({&added, 1}, Durability::kOs));
    }
  });
  std::uint64_t seen = 0;
  while (seen < kEach) {
    const auto jobs = store->ready_jobs({"default", "email", 5}, {}, 1000);
    ASSERT_TRUE(jobs) << jobs.error().message;
    ASSERT_GE(jobs->size(), seen);
    seen = jobs->size();
  }
  engine.join();
  application.join();
  EXPECT_EQ(store->log_stats({})->total, 2 * kEach);
  EXPECT_EQ(store->job_stats()->pending, kEach);
}

}  // namespace
}  // namespace townkrier::testing
