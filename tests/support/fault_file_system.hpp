#pragma once

/// \file fault_file_system.hpp
/// A file system under RocksDB that can lose power and fail. It writes to real files, but a sync
/// only notes how long the file was: `power_loss` then takes away what no sync has covered, whole,
/// in part, or with holes. Thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace townkrier::testing {

/// What changes files or makes changes durable.
enum class FileStep : std::uint8_t { kWrite, kSync, kDirectorySync, kCreate, kRename, kDelete };

/// In which order blocks that were not synced may have reached the disk.
enum class BlockOrder : std::uint8_t {
  kInOrder,   ///< A file ends early, at a boundary of 512 bytes or 4 KiB.
  kAnyOrder,  ///< It may also have holes of zeros.
};

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  /// `attic` is made; it keeps what may come back, on the same disk as the database.
  explicit FaultFileSystem(std::string attic);
  static const char* kClassName() { return "FaultFileSystem"; }
  const char* Name() const override { return kClassName(); }

  /// The n-th step of that kind from now on fails with `status`, once or from then on always.
  enum class Times : std::uint8_t { kOnce, kAlways };
  void fail(FileStep kind, std::uint64_t nth, rocksdb::IOStatus status, Times times);
  void fail_no_more();
  /// The power goes at the n-th step from now on, of any kind: a write, rename or deletion may have
  /// happened, and every step from there on fails.
  void stop_after(std::uint64_t steps);
  void stop() { stop_after(0); }
  /// The process was killed, the machine was not: everything that was written is there.
  void stop_never();
  bool stopped() const;
  /// Takes away what was not synced. The database must be closed. The power is back afterwards.
  void power_loss(std::uint64_t seed, BlockOrder order);
  /// What the disk says is free; nullopt: the truth.
  void set_free_space(std::optional<std::uint64_t> bytes);
  std::uint64_t steps() const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* bytes, rocksdb::IODebugContext* debug) override;

 private:
  friend class FaultWritableFile;
  friend class FaultDirectory;

  /// What is known of a file that was written through here.
  struct File {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
  };
  /// A change of a directory that no sync of it has covered.
  struct Entry {
    FileStep kind;
    std::string path;
    std::string from;   ///< Of a rename.
    std::string saved;  ///< Where the file that was removed or replaced lies in the attic.
    File lost;          ///< That file.
  };
  struct Fault {
    FileStep kind;
    std::uint64_t left;
    rocksdb::IOStatus status;
    Times times;
  };
  struct Passed {
    rocksdb::IOStatus status;  ///< What the step returns.
    bool happens;              ///< Whether it is done at all.
  };

  /// Counts a step. Needs `mutex_`.
  Passed pass(FileStep kind);
  std::string save(const std::string& path);
  void undo(const Entry& entry);
  void lose_data(const std::string& path, const File& file, std::mt19937_64& random,
                 BlockOrder order);

  void appended(const std::string& path, std::uint64_t bytes) { files_[path].size += bytes; }

  mutable std::mutex mutex_;
  const std::string attic_;
  std::uint64_t saved_ = 0;
  std::map<std::string, File> files_;
  std::vector<Entry> entries_;
  std::vector<Fault> faults_;
  std::optional<std::uint64_t> steps_left_;
  std::uint64_t steps_ = 0;
  std::optional<std::uint64_t> free_space_;
};

/// The file system and the environment that RocksDB takes. Outlives the databases that use it.
/// Pauses after a failure of RocksDB's background work are shortened.
struct FaultEnv {
  explicit FaultEnv(const std::string& attic);
  std::shared_ptr<FaultFileSystem> files;  ///< Shared with RocksDB.
  std::unique_ptr<rocksdb::Env> env;
};

}  // namespace townkrier::testing
