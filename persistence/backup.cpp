/// Backups and restores, by RocksDB's BackupEngine.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <rocksdb/utilities/backup_engine.h>

#include "persistence/rocksdb_store.hpp"
#include "townkrier/maintenance.hpp"

namespace townkrier {
namespace {

namespace fs = std::filesystem;
using persistence::Database;
using persistence::to_error;

std::unexpected<Error> io_error(const std::string& what) {
  const int code = errno;
  return fail(code == ENOSPC ? Errc::kDiskFull : Errc::kIo, what + ": " + std::strerror(code));
}

/// A descriptor that is closed at the end, and with it its lock.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Makes the directory, readable by its owner only, and keeps others from backing up into it.
Result<Descriptor> lock_directory(const std::string& directory) {
  std::error_code error;
  const auto parent = fs::path(directory).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return io_error("cannot create " + directory);
  }
  Descriptor lock(::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.get() < 0) return io_error("cannot write to " + directory);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::kConflict, "another backup is being made in " + directory);
  }
  return lock;
}

BackupInfo to_info(const rocksdb::BackupInfo& from) {
  return {from.backup_id, TimePoint{std::chrono::seconds{from.timestamp}}, from.size,
          from.number_files};
}

std::unexpected<Error> no_backup(const std::string& directory) {
  return fail(Errc::kNotFound, directory + " holds no backup");
}

/// The engine may only be opened where it has been before: it would make its folders.
Result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_backups(const std::string& directory) {
  std::error_code error;
  if (!fs::is_directory(fs::path(directory) / "meta", error)) return no_backup(directory);
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  const auto status = rocksdb::BackupEngineReadOnly::Open(rocksdb::BackupEngineOptions(directory),
                                                          rocksdb::Env::Default(), &engine);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot read " + directory));
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(engine);
}

/// A backup that does not verify is worse than none: it is removed.
Result<void> verify_new(rocksdb::BackupEngine& engine, std::uint32_t id) {
  const auto status = engine.VerifyBackup(id, true);
  if (status.ok()) return {};
  engine.DeleteBackup(id).PermitUncheckedError();
  return std::unexpected(to_error(status, "the new backup is damaged and was removed"));
}

Result<BackupInfo> back_up(const Database& database, const std::string& directory,
                           const BackupOptions& options) {
  const auto lock = lock_directory(directory);
  if (!lock) return std::unexpected(lock.error());
  // A backup of files that have gone bad would push out the good ones.
  if (const auto sound = database.db().VerifyFileChecksums({}); !sound.ok()) {
    return std::unexpected(to_error(sound, "the store is damaged and was not backed up"));
  }
  rocksdb::BackupEngineOptions engine_options(directory);
  engine_options.backup_rate_limit = options.max_bytes_per_second;
  rocksdb::BackupEngine* opened = nullptr;
  rocksdb::Status status =
      rocksdb::BackupEngine::Open(engine_options, rocksdb::Env::Default(), &opened);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot back up into " + directory));
  const std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  rocksdb::CreateBackupOptions create;
  create.flush_before_backup = true;  // table files have checksums, logs are copied as they are
  rocksdb::BackupID id = 0;
  status = engine->CreateNewBackup(create, &database.db(), &id);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot back up into " + directory));
  if (auto sound = verify_new(*engine, id); !sound) return std::unexpected(sound.error());
  if (options.keep > 0) {
    status = engine->PurgeOldBackups(options.keep);
    if (!status.ok()) return std::unexpected(to_error(status, "cannot remove old backups"));
  }
  rocksdb::BackupInfo info;
  status = engine->GetBackupInfo(id, &info);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot read " + directory));
  return to_info(info);
}

Result<void> expect_free(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  if (fs::is_directory(path, error) && fs::is_empty(path, error)) return {};
  return fail(Errc::kConflict, path +
                                   " is not empty; nothing was restored. Restore to a new path, "
                                   "or move what is there away");
}

Result<BackupInfo> chosen(const rocksdb::BackupEngineReadOnly& engine, const std::string& directory,
                          std::optional<std::uint32_t> id) {
  std::vector<rocksdb::BackupInfo> all;
  engine.GetBackupInfo(&all);
  if (all.empty()) return no_backup(directory);
  if (!id) return to_info(all.back());
  for (const auto& each : all) {
    if (each.backup_id == *id) return to_info(each);
  }
  return fail(Errc::kNotFound, directory + " holds no backup " + std::to_string(*id));
}

/// Copies a backup to `path` and makes the copy durable.
Result<void> copy_out(const rocksdb::BackupEngineReadOnly& engine, std::uint32_t id,
                      const std::string& path) {
  const std::string name = "backup " + std::to_string(id);
  auto status = engine.VerifyBackup(id, true);
  if (!status.ok()) return std::unexpected(to_error(status, name + " is damaged"));
  if (::mkdir(path.c_str(), 0700) != 0) return io_error("cannot create " + path);
  status = engine.RestoreDBFromBackup(rocksdb::RestoreOptions(), id, path, path);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot restore " + name));
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::syncfs(folder.get()) != 0) return io_error("cannot sync " + path);
  return {};
}

Result<CheckReport> check_copy(const std::string& path, std::uint32_t id) {
  auto check = examine_store(path);
  if (!check || check->findings.empty()) return check;
  return fail(Errc::kCorruption, "backup " + std::to_string(id) + " was not restored, it has " +
                                     std::to_string(check->findings.size()) +
                                     " findings, the first: " + check->findings.front());
}

Result<void> move_into_place(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error("cannot create " + to);
  const auto parent = fs::path(to).parent_path();
  const Descriptor folder(
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_error("cannot sync the parent");
  return {};
}

/// "dir/" and "dir" are the same place, but only one of them has a name to put things beside.
std::string without_end_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<BackupInfo> backup_store(const Store& store, const std::string& backup_directory,
                                const BackupOptions& options) {
  const auto* rocks = dynamic_cast<const persistence::RocksDbStore*>(&store);
  if (rocks == nullptr) return fail(Errc::kInvalidArgument, "only a RocksDB store is backed up");
  return back_up(rocks->database(), backup_directory, options);
}

Result<BackupInfo> backup_store(const std::string& path, const std::string& backup_directory,
                                const BackupOptions& options) {
  std::error_code error;
  if (!fs::exists(fs::path(path) / "CURRENT", error)) {
    return fail(Errc::kNotFound, path + " holds no store");
  }
  auto database = Database::open(path, Database::Mode::kReadWrite);
  if (!database) return std::unexpected(database.error());
  return back_up(**database, backup_directory, options);
}

Result<std::vector<BackupInfo>> list_backups(const std::string& backup_directory) {
  auto engine = open_backups(backup_directory);
  if (!engine) return std::unexpected(engine.error());
  std::vector<rocksdb::BackupInfo> found;
  (*engine)->GetBackupInfo(&found);
  std::vector<BackupInfo> all;
  for (const auto& each : found) all.push_back(to_info(each));
  return all;
}

Result<RestoreReport> restore_store(const std::string& backup_directory, const std::string& path,
                                    std::optional<std::uint32_t> id) {
  const std::string target = without_end_slash(path);
  const std::string copy = target + ".restoring";
  if (auto free = expect_free(target); !free) return std::unexpected(free.error());
  auto engine = open_backups(backup_directory);
  if (!engine) return std::unexpected(engine.error());
  auto backup = chosen(**engine, backup_directory, id);
  if (!backup) return std::unexpected(backup.error());
  std::error_code ignored;
  fs::remove_all(copy, ignored);  // of a restore that was interrupted
  const auto finish = [&]() -> Result<RestoreReport> {
    if (auto copied = copy_out(**engine, backup->id, copy); !copied) {
      return std::unexpected(copied.error());
    }
    auto check = check_copy(copy, backup->id);
    if (!check) return std::unexpected(check.error());
    if (auto moved = move_into_place(copy, target); !moved) return std::unexpected(moved.error());
    return RestoreReport{*backup, std::move(*check)};
  };
  auto report = finish();
  if (!report) fs::remove_all(copy, ignored);
  return report;
}

}  // namespace townkrier
