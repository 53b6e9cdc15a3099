#include "bench/bare_loop.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

#include <rocksdb/db.h>  // why: the loop without an engine is the limit we compare with

#include "persistence/rocksdb_database.hpp"  // why: the same options and families

namespace townkrier::bench {

namespace {

using persistence::Database;
using persistence::Family;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kMaxSyncs = 3000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string key_of(std::size_t number, std::size_t size) {
  std::string key(size, '\x01');
  for (std::size_t i = 0; i < 8; ++i) key[size - kIdBytes + i] = char(number >> (56 - 8 * i));
  // The rest of an identifier is random.
  std::uint64_t noise = (number + 1) * 0x9E3779B97F4A7C15;
  for (std::size_t i = 8; i < kIdBytes; ++i, noise >>= 8) key[size - kIdBytes + i] = char(noise);
  return key;
}

// Writes groups of a job at a time; `add` puts one job's records into the batch.
template <class Add>
Result<double> write_groups(Database& database, const BareLoop& loop, Add add) {
  rocksdb::WriteOptions options;
  options.sync = loop.sync;
  rocksdb::WriteBatch batch;
  const auto start = Clock::now();
  std::size_t done = 0;
  while (done < loop.jobs && (loop.seconds <= 0 || seconds_since(start) < loop.seconds)) {
    batch.Clear();
    const std::size_t end = std::min(done + loop.group, loop.jobs);
    for (; done < end; ++done) add(batch, done);
    const auto status = database.db().Write(options, &batch);
    if (!status.ok()) return fail(Errc::kIo, "bare loop: " + status.ToString());
  }
  return double(done) / seconds_since(start);
}

// The sizes of keys are the engine's: status, ready and log_time entries have no value.
struct EnqueueRecords {
  Database& database;
  std::string record;

  EnqueueRecords(Database& db, std::size_t bytes) : database(db) {
    constexpr std::size_t kKeys = 2 * kIdBytes + 17 + 45 + 24 + 5 * 5;
    record.assign(std::max(bytes, kKeys + 30) - kKeys, 'x');
  }
  void operator()(rocksdb::WriteBatch& batch, std::size_t number) {
    record[number % record.size()] = char(number);
    const rocksdb::Slice whole(record);
    const std::size_t half = record.size() / 2;
    const std::string id = key_of(number, kIdBytes);
    for (const Family family : {Family::kJobs, Family::kLogs}) {
      batch.Put(database.family(family), id, {whole.data(), half});
    }
    batch.Put(database.family(Family::kStatus), key_of(number, 17), {});
    batch.Put(database.family(Family::kReady), key_of(number, 45), {});
    batch.Put(database.family(Family::kLogTime), key_of(number, 24), {});
  }
};

// Get, delete, put, put: the least that a finished job needs.
struct FinishRecords {
  Database& database;
  std::string record;
  std::string found;

  FinishRecords(Database& db, std::size_t bytes) : database(db) {
    constexpr std::size_t kKeys = 2 * kIdBytes + 45 + 3 * 5;
    record.assign(std::max(bytes, kKeys + 20) - kKeys, 'y');
  }
  void operator()(rocksdb::WriteBatch& batch, std::size_t number) {
    record[number % record.size()] = char(number);
    const std::string id = key_of(number, kIdBytes);
    const auto got = database.db().Get({}, database.family(Family::kJobs), id, &found);
    if (!got.ok()) return;
    batch.Delete(database.family(Family::kReady), key_of(number, 45));
    const std::size_t half = record.size() / 2;
    batch.Put(database.family(Family::kJobs), id, {record.data(), half});
    batch.Put(database.family(Family::kLogs), id, {record.data() + half, record.size() - half});
  }
};

}  // namespace

Result<double> bare_enqueue_rate(const BareLoop& loop) {
  auto database = Database::open(loop.path, Database::Mode::kReadWrite);
  if (!database) return std::unexpected(database.error());
  return write_groups(**database, loop, EnqueueRecords(**database, loop.enqueue_bytes));
}

Result<double> bare_finish_rate(const BareLoop& loop) {
  auto database = Database::open(loop.path, Database::Mode::kReadWrite);
  if (!database) return std::unexpected(database.error());
  BareLoop fill = loop;
  fill.seconds = 0;
  auto filled = write_groups(**database, fill, EnqueueRecords(**database, loop.enqueue_bytes));
  if (!filled) return filled;
  return write_groups(**database, loop, FinishRecords(**database, loop.finish_bytes));
}

Result<double> append_sync_rate(const std::string& path, double seconds, Histogram& durations) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return fail(Errc::kIo, "cannot create " + path);
  const std::string block(4096, 'x');
  const auto start = Clock::now();
  std::size_t done = 0;
  bool failed = false;
  while (!failed && done < kMaxSyncs && seconds_since(start) < seconds) {
    const auto begun = Clock::now();
    failed = ::write(file, block.data(), block.size()) != ssize_t(block.size()) ||
             ::fdatasync(file) != 0;
    durations.record(Clock::now() - begun);
    ++done;
  }
  const double rate = double(done) / seconds_since(start);
  ::close(file);
  if (failed) return fail(Errc::kIo, "cannot write to " + path);
  return rate;
}

}  // namespace townkrier::bench
