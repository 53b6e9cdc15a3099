#pragma once

/// \file store_fixture.hpp
/// Runs a test on each bundled store, and builds the jobs and rows that the tests need. Ids and
/// times are small numbers, so that a test says what order it expects.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"
#include "townkrier/fsck.hpp"
#include "townkrier/store.hpp"

namespace townkrier::testing {

enum class StoreKind { kMemory, kRocksDb };

inline TimePoint at(std::int64_t ms) {
  return TimePoint{Duration{1'700'000'000'000 + ms}};
}

/// Ids sort by their number.
inline Uuid id_of(std::uint64_t number) {
  Uuid id;
  for (int i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[0] = 1;
  return id;
}

struct JobSpec {
  std::uint64_t id = 1;
  std::string queue = "default";
  Priority priority = JobPriority::kNormal;
  JobStatus status = JobStatus::kPending;
  std::int64_t time = 0;  ///< due_at, or the time it ended.
  std::string unique_key = {};
  std::vector<std::string> channels = {"email"};
};

/// Gives a state a status and what belongs to it.
inline void set_status(JobState& state, JobStatus status, std::int64_t time) {
  state.status = status;
  state.updated_at = at(time);
  if (is_terminal(status)) {
    state.completed_at.reset();
    state.failed_at.reset();
    if (status == JobStatus::kCompleted) state.completed_at = at(time);
    if (status == JobStatus::kFailed) state.failed_at = at(time);
  } else {
    state.due_at = at(time);
  }
}

inline Job make_job(const JobSpec& spec) {
  JobEnvelope envelope;
  envelope.id = id_of(spec.id);
  envelope.queue = spec.queue;
  envelope.priority = spec.priority;
  envelope.unique_key = spec.unique_key;
  envelope.payload = JsonText::trusted(R"({"notification":{"text":"hello"}})");
  envelope.created_at = at(static_cast<std::int64_t>(spec.id));
  Job job;
  for (const auto& channel : spec.channels) {
    Delivery delivery;
    delivery.channel = channel;
    job.state.deliveries.push_back(delivery);
  }
  set_status(job.state, spec.status, spec.time);
  job.envelope = std::make_shared<const JobEnvelope>(std::move(envelope));
  return job;
}

inline JobPlace place(const Job& job) {
  return place_of(*job.envelope, job.state);
}

/// The change of `job` to another status; `job` becomes the changed one.
inline JobChange move(Job& job, JobStatus status, std::int64_t time) {
  const JobPlace before = place(job);
  set_status(job.state, status, time);
  return {.job = job, .before = before};
}

struct LogSpec {
  std::uint64_t id = 1;
  std::string channel = "email";
  LogStatus status = LogStatus::kScheduled;
  std::int64_t created = 0;
};

inline NotificationLog make_log(const LogSpec& spec) {
  NotificationLog row;
  row.id = id_of(spec.id);
  row.notification_id = "n" + std::to_string(spec.id);
  row.channel = spec.channel;
  row.status = spec.status;
  row.recipient = "u***@example.com";
  row.created_at = at(spec.created);
  row.updated_at = at(spec.created);
  return row;
}

inline InboxMessage make_message(std::uint64_t id, std::string user, std::int64_t created) {
  InboxMessage message;
  message.id = id_of(id);
  message.user_id = std::move(user);
  message.title = "title " + std::to_string(id);
  message.created_at = at(created);
  return message;
}

template <class T>
std::vector<std::uint64_t> numbers(const std::vector<T>& rows) {
  std::vector<std::uint64_t> all;
  for (const auto& row : rows) {
    const Uuid id = [&] {
      if constexpr (requires { row.envelope; }) {
        return row.id();
      } else {
        return row.id;
      }
    }();
    std::uint64_t number = 0;
    for (int i = 8; i < 16; ++i) number = number << 8 | id.bytes[i];
    all.push_back(number);
  }
  return all;
}

using Numbers = std::vector<std::uint64_t>;

class StoreTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override { open(); }

  /// RocksDB must never be left with a fault, whatever a test did.
  void TearDown() override {
    if (GetParam() != StoreKind::kRocksDb) return;
    store_.reset();
    const auto faults = check_store(directory_.path());
    ASSERT_TRUE(faults) << faults.error().message;
    EXPECT_EQ(*faults, std::vector<std::string>{});
  }

  void open() {
    if (GetParam() == StoreKind::kMemory) {
      store_ = make_memory_store();
      return;
    }
    auto opened = open_rocksdb_store(directory_.path());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *opened;
  }

  /// Closes and opens again; a memory store stays as it is.
  void restart() {
    if (GetParam() == StoreKind::kMemory) return;
    store_.reset();
    open();
  }

  Store& store() { return *store_; }

  Result<std::vector<EnqueueOutcome>> commit(const StoreBatch& batch) {
    return store_->commit(batch, Durability::kOs);
  }
  void must_commit(const StoreBatch& batch) {
    const auto done = commit(batch);
    ASSERT_TRUE(done) << done.error().message;
  }
  void add(const Job& job) { must_commit({.enqueued = {{.job = job, .logs = {}}}}); }
  void add(const std::vector<Job>& jobs) {
    StoreBatch batch;
    for (const auto& job : jobs) batch.enqueued.push_back({.job = job, .logs = {}});
    must_commit(batch);
  }
  void change(JobChange change) { must_commit({.changes = {std::move(change)}}); }
  void add_log(const NotificationLog& row) {
    const LogChange added{row, std::nullopt};
    const auto done = store_->put_logs({&added, 1}, Durability::kOs);
    ASSERT_TRUE(done) << done.error().message;
  }

 private:
  TempDir directory_;
  std::shared_ptr<Store> store_;
};

inline std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param == StoreKind::kMemory ? "Memory" : "RocksDb";
}

}  // namespace townkrier::testing

#define TOWNKRIER_ON_EACH_STORE(suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(Stores, suite,                                                \
                           ::testing::Values(::townkrier::testing::StoreKind::kMemory,   \
                                             ::townkrier::testing::StoreKind::kRocksDb), \
                           ::townkrier::testing::name_of)
