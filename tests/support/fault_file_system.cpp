#include "support/fault_file_system.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <rocksdb/system_clock.h>

namespace townkrier::testing {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

IOStatus power_is_gone() {
  return IOStatus::IOError("the power is gone");
}

/// Overwrites [begin, end) with zeros, as a block that never arrived reads.
void punch(const std::string& path, std::uint64_t begin, std::uint64_t end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(begin));
  const std::string zeros(end - begin, '\0');
  file.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
}

class ShortPauses final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "ShortPauses"; }
  void SleepForMicroseconds(int micros) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(micros, 1000));
  }
};

class FaultEnvironment final : public rocksdb::EnvWrapper {
 public:
  explicit FaultEnvironment(std::unique_ptr<rocksdb::Env> target) : EnvWrapper(std::move(target)) {
    system_clock_ = std::make_shared<ShortPauses>(rocksdb::SystemClock::Default());
  }
  const char* Name() const override { return "FaultEnvironment"; }
};

}  // namespace

FaultEnv::FaultEnv(const std::string& attic)
    : files(std::make_shared<FaultFileSystem>(attic)),
      env(std::make_unique<FaultEnvironment>(rocksdb::NewCompositeEnv(files))) {}

class FaultWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(FaultFileSystem& owner, std::string path,
                    std::unique_ptr<rocksdb::FSWritableFile> target)
      : FSWritableFileOwnerWrapper(std::move(target)), owner_(owner), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    const std::lock_guard lock(owner_.mutex_);
    const auto passed = owner_.pass(FileStep::kWrite);
    if (!passed.happens) return passed.status;
    auto status = FSWritableFileOwnerWrapper::Append(data, options, debug);
    if (!status.ok()) return status;
    owner_.appended(path_, data.size());
    return passed.status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(owner_.mutex_);
    if (owner_.steps_left_ == 0) return power_is_gone();
    auto status = FSWritableFileOwnerWrapper::Truncate(size, options, debug);
    auto& file = owner_.files_[path_];
    file.size = size;
    file.synced = std::min(file.synced, size);
    return status;
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(owner_.mutex_);
    const auto passed = owner_.pass(FileStep::kSync);
    if (!passed.status.ok()) return passed.status;
    auto& file = owner_.files_[path_];
    file.synced = file.size;
    return passed.status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  // Neither makes anything durable.
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}

 private:
  FaultFileSystem& owner_;
  const std::string path_;
};

class FaultDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  FaultDirectory(FaultFileSystem& owner, std::string path,
                 std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), owner_(owner), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(owner_.mutex_);
    const auto passed = owner_.pass(FileStep::kDirectorySync);
    if (!passed.status.ok()) return passed.status;
    std::erase_if(owner_.entries_, [&](const auto& entry) {
      return fs::path(entry.path).parent_path() == fs::path(path_);
    });
    return passed.status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  FaultFileSystem& owner_;
  const std::string path_;
};

FaultFileSystem::FaultFileSystem(std::string attic)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), attic_(std::move(attic)) {
  fs::create_directories(attic_);
}

void FaultFileSystem::fail(FileStep kind, std::uint64_t nth, IOStatus status, Times times) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({kind, nth, std::move(status), times});
}

void FaultFileSystem::fail_no_more() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void FaultFileSystem::stop_after(std::uint64_t steps) {
  const std::lock_guard lock(mutex_);
  steps_left_ = steps;
}

void FaultFileSystem::stop_never() {
  const std::lock_guard lock(mutex_);
  steps_left_.reset();
}

bool FaultFileSystem::stopped() const {
  const std::lock_guard lock(mutex_);
  return steps_left_ == 0;
}

void FaultFileSystem::set_free_space(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  free_space_ = bytes;
}

std::uint64_t FaultFileSystem::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

FaultFileSystem::Passed FaultFileSystem::pass(FileStep kind) {
  if (steps_left_ == 0) return {power_is_gone(), false};
  ++steps_;
  if (steps_left_ && --*steps_left_ == 0) return {power_is_gone(), true};
  for (auto& fault : faults_) {
    if (fault.kind != kind || fault.left == 0) continue;
    if (--fault.left > 0) continue;
    if (fault.times == Times::kAlways) fault.left = 1;
    return {fault.status, false};
  }
  return {IOStatus::OK(), true};
}

std::string FaultFileSystem::save(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};
  std::string saved = attic_ + "/" + std::to_string(++saved_);
  fs::rename(path, saved, error);
  return error ? std::string{} : saved;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& name,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result,
                                          IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const auto passed = pass(FileStep::kCreate);
  if (!passed.status.ok()) return passed.status;
  // It replaces what has the name, as the system's truncation does.
  const File lost = files_[name];
  Entry entry{FileStep::kCreate, name, {}, save(name), lost};
  std::unique_ptr<rocksdb::FSWritableFile> target;
  auto status = FileSystemWrapper::NewWritableFile(name, options, &target, debug);
  if (!status.ok()) return status;
  files_[name] = {};
  entries_.push_back(std::move(entry));
  *result = std::make_unique<FaultWritableFile>(*this, name, std::move(target));
  return status;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& name,
                                             const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                                             IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const auto passed = pass(FileStep::kCreate);
  if (!passed.status.ok()) return passed.status;
  std::unique_ptr<rocksdb::FSWritableFile> target;
  auto status = FileSystemWrapper::ReopenWritableFile(name, options, &target, debug);
  if (!status.ok()) return status;
  const auto size = target->GetFileSize(options.io_options, debug);
  files_.try_emplace(name, File{size, size});
  *result = std::make_unique<FaultWritableFile>(*this, name, std::move(target));
  return status;
}

IOStatus FaultFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* result,
                                       IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> target;
  auto status = FileSystemWrapper::NewDirectory(name, options, &target, debug);
  if (!status.ok()) return status;
  *result = std::make_unique<FaultDirectory>(*this, name, std::move(target));
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                     IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const auto passed = pass(FileStep::kDelete);
  if (!passed.happens) return passed.status;
  Entry entry{FileStep::kDelete, name, {}, save(name), files_[name]};
  if (entry.saved.empty()) return FileSystemWrapper::DeleteFile(name, options, debug);
  files_.erase(name);
  entries_.push_back(std::move(entry));
  return passed.status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const auto passed = pass(FileStep::kRename);
  if (!passed.happens) return passed.status;
  Entry entry{FileStep::kRename, to, from, save(to), files_[to]};
  auto status = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  if (const auto moved = files_.find(from); moved != files_.end()) {
    files_[to] = moved->second;
    files_.erase(from);
  } else {
    files_.erase(to);
  }
  entries_.push_back(std::move(entry));
  return passed.status;
}

IOStatus FaultFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options,
                                       std::uint64_t* bytes, IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (free_space_) {
      *bytes = *free_space_;
      return IOStatus::OK();
    }
  }
  return FileSystemWrapper::GetFreeSpace(path, options, bytes, debug);
}

void FaultFileSystem::undo(const Entry& entry) {
  std::error_code error;
  const auto bring_back = [&] {
    if (entry.saved.empty()) return;
    fs::rename(entry.saved, entry.path, error);
    files_[entry.path] = entry.lost;
  };
  if (entry.kind == FileStep::kRename) {
    fs::rename(entry.path, entry.from, error);
    if (const auto moved = files_.find(entry.path); moved != files_.end()) {
      files_[entry.from] = moved->second;
    }
  } else if (entry.kind == FileStep::kCreate) {
    fs::remove(entry.path, error);
  }
  files_.erase(entry.path);
  bring_back();
}

void FaultFileSystem::lose_data(const std::string& path, const File& file, std::mt19937_64& random,
                                BlockOrder order) {
  const std::uint64_t block = random() % 2 ? 512 : 4096;
  const auto at_boundary = [&] {
    const std::uint64_t any = file.synced + random() % (file.size - file.synced + 1);
    return std::max(file.synced, any / block * block);
  };
  switch (random() % (order == BlockOrder::kAnyOrder ? 4 : 3)) {
    case 0:  // all arrived
      return;
    case 1:
      fs::resize_file(path, file.synced);
      return;
    case 2:
      fs::resize_file(path, at_boundary());
      return;
    default:
      for (auto begin = file.synced; begin < file.size; begin = (begin / block + 1) * block) {
        const auto end = std::min(file.size, (begin / block + 1) * block);
        if (random() % 3 == 0) punch(path, begin, end);
      }
  }
}

void FaultFileSystem::power_loss(std::uint64_t seed, BlockOrder order) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  // A directory's journal is in order: what is lost is its end.
  const std::size_t kept = random() % (entries_.size() + 1);
  while (entries_.size() > kept) {
    undo(entries_.back());
    entries_.pop_back();
  }
  entries_.clear();
  for (auto& [path, file] : files_) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) continue;
    if (file.size > file.synced) lose_data(path, file, random, order);
    file.size = file.synced = fs::file_size(path, error);
  }
  fs::remove_all(attic_);
  fs::create_directories(attic_);
  steps_left_.reset();
  faults_.clear();
}

}  // namespace townkrier::testing
