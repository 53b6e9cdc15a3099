// Disks that are full or fail, below the store and below the whole engine.

#include <semaphore>

#include <gtest/gtest.h>

#include "conformance/store_fixture.hpp"
#include "persistence/rocksdb_store.hpp"
#include "support/eventually.hpp"
#include "support/fault_file_system.hpp"
#include "townkrier/fsck.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;
using ::rocksdb::IOStatus;
using ::townkrier::persistence::RocksDbStore;

constexpr std::uint64_t kFloor = 100u << 20;

class FaultyDisk : public ::testing::Test {
 protected:
  std::string path() const { return directory_ / "data"; }
  FaultFileSystem& files() { return *fault_.files; }
  std::shared_ptr<RocksDbStore> open() {
    auto opened =
        RocksDbStore::open(path(), {.min_free_space_bytes = kFloor}, {.env = fault_.env.get()});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened.value_or(nullptr);
  }
  static Result<std::vector<EnqueueOutcome>> enqueue(Store& store, std::uint64_t id) {
    return store.commit({.enqueued = {{.job = make_job({.id = id}), .logs = {}}}},
                        Durability::kFsync);
  }
  void expect_whole() { EXPECT_EQ(check_store(path()).value(), std::vector<std::string>{}); }

 private:
  TempDir directory_;
  FaultEnv fault_{directory_ / "attic"};
};

TEST_F(FaultyDisk, BelowTheFloorNewJobsAreRefusedAndTheRestGoesOn) {
  const auto store = open();
  Job job = make_job({.id = 1});
  ASSERT_TRUE(enqueue(*store, 1));
  files().set_free_space(kFloor - 1);
  const auto refused = enqueue(*store, 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kDiskFull);
  EXPECT_NE(refused.error().message.find("min_free_space"), std::string::npos);
  EXPECT_EQ(store->accepts_jobs().error().code, Errc::kDiskFull);
  EXPECT_EQ(store->health().error().code, Errc::kDiskFull);
  EXPECT_TRUE(store->commit({.changes = {move(job, kCompleted, 5)}}, Durability::kFsync));
  EXPECT_EQ(store->get_job(id_of(1))->status(), kCompleted);
  files().set_free_space(kFloor);
  EXPECT_TRUE(store->accepts_jobs());
  EXPECT_TRUE(enqueue(*store, 2));
}

TEST_F(FaultyDisk, AFullDiskLosesNothingAndRecoversByItself) {
  std::uint64_t acknowledged = 0;
  {
    const auto store = open();
    files().set_free_space(kFloor);  // what polls for space sees some
    for (std::uint64_t i = 1; i <= 50; ++i) {
      if (i == 20) {
        files().fail(FileStep::kWrite, 1, IOStatus::NoSpace("injected"),
                     FaultFileSystem::Times::kAlways);
      }
      const auto done = enqueue(*store, i);
      if (done) {
        ++acknowledged;
      } else {
        EXPECT_EQ(done.error().code, Errc::kDiskFull) << done.error().message;
        EXPECT_TRUE(store->get_job(id_of(1)));
      }
    }
    EXPECT_EQ(acknowledged, 19u);
    files().fail_no_more();
    EXPECT_TRUE(
        eventually([&] { return enqueue(*store, 1000).has_value(); }, std::chrono::seconds(10)));
    EXPECT_TRUE(store->health());
  }
  const auto store = open();
  for (std::uint64_t i = 1; i < 20; ++i) EXPECT_TRUE(store->get_job(id_of(i))) << i;
  EXPECT_TRUE(store->get_job(id_of(1000)));
  expect_whole();
}

TEST_F(FaultyDisk, AFailedSyncIsFatalAndARestartKeepsWhatWasAcknowledged) {
  {
    const auto store = open();
    for (std::uint64_t i = 1; i <= 10; ++i) ASSERT_TRUE(enqueue(*store, i));
    files().fail(FileStep::kSync, 1, IOStatus::IOError("injected"), FaultFileSystem::Times::kOnce);
    EXPECT_EQ(enqueue(*store, 11).error().code, Errc::kIo);
    // The fault was passing, but nothing may be written behind a write whose fate is unknown.
    EXPECT_EQ(enqueue(*store, 12).error().code, Errc::kIo);
    EXPECT_FALSE(store->health());
    EXPECT_TRUE(store->get_job(id_of(1)));
  }
  const auto store = open();
  for (std::uint64_t i = 1; i <= 10; ++i) EXPECT_TRUE(store->get_job(id_of(i))) << i;
  EXPECT_FALSE(store->get_job(id_of(12)));
  expect_whole();
}

TEST_F(FaultyDisk, AnEngineOverAFailingDiskStopsOnceAndSaysWhy) {
  std::vector<JobId> acknowledged;
  {
    std::binary_semaphore stopped{0};
    Error cause;
    QueueManager queue({.store = open()}, nullptr,
                       {.log = [](LogLevel, std::string_view) {},
                        .on_fatal =
                            [&](const Error& error) {
                              cause = error;
                              stopped.release();
                            }});
    ASSERT_TRUE(
        queue.register_handler("work", [](JobContext&) -> Result<JsonText> { return JsonText{}; }));
    ASSERT_TRUE(queue.start_processing());
    for (int i = 0; i < 20; ++i) {
      const auto job = queue.enqueue("work", JsonText{});
      ASSERT_TRUE(job) << job.error().message;
      acknowledged.push_back(job->id());
    }
    files().fail(FileStep::kSync, 1, IOStatus::IOError("injected"),
                 FaultFileSystem::Times::kAlways);
    EXPECT_FALSE(queue.enqueue("work", JsonText{}));
    ASSERT_TRUE(stopped.try_acquire_for(std::chrono::seconds(10)));
    EXPECT_EQ(cause.code, Errc::kIo);
    files().fail_no_more();
    EXPECT_EQ(queue.enqueue("work", JsonText{}).error().code, Errc::kUnavailable);
  }
  const auto store = open();
  for (const auto& id : acknowledged) EXPECT_TRUE(store->get_job(id));
  expect_whole();
}

}  // namespace
}  // namespace townkrier::testing
