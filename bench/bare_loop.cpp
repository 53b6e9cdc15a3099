#include "bench/bare_loop.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

#include <rocksdb/db.h>  // why: the bare loop is the limit we compare with, not a use of the store

namespace townkrier::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Keys sort by time like the engine's; values differ, so that they do not compress to nothing.
void put_job(rocksdb::WriteBatch& batch, std::uint64_t number, const BareLoop& loop,
             std::string& noise) {
  const std::size_t size = loop.bytes_per_job / loop.records_per_job;
  for (std::size_t record = 0; record < loop.records_per_job; ++record) {
    char key[24] = {};
    key[0] = char('a' + record);
    for (int i = 0; i < 8; ++i) key[8 + i] = char(number >> (56 - 8 * i));
    const std::size_t overhead = sizeof key + 4;
    const std::size_t value = size > overhead ? size - overhead : 1;
    if (noise.size() < value) noise.resize(value, 'x');
    noise[number % value] = char(number);
    batch.Put({key, sizeof key}, {noise.data(), value});
  }
}

}  // namespace

double bare_enqueue_rate(const std::string& path, const BareLoop& loop) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, path, &opened).ok()) return -1;
  const std::unique_ptr<rocksdb::DB> db{opened};
  rocksdb::WriteOptions write;
  write.sync = loop.sync;
  std::string noise;
  const auto start = Clock::now();
  for (std::size_t done = 0; done < loop.jobs; done += loop.group) {
    rocksdb::WriteBatch batch;
    for (std::size_t i = done; i < std::min(done + loop.group, loop.jobs); ++i) {
      put_job(batch, i, loop, noise);
    }
    if (!db->Write(write, &batch).ok()) return -1;
  }
  return double(loop.jobs) / seconds_since(start);
}

double sync_rate(const std::string& path, std::size_t count) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  const std::string line(512, 'x');
  const auto start = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    if (::write(file, line.data(), line.size()) != ssize_t(line.size()) || ::fdatasync(file) != 0) {
      ::close(file);
      return -1;
    }
  }
  ::close(file);
  return double(count) / seconds_since(start);
}

}  // namespace townkrier::bench
