#include "persistence/rocksdb_database.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <utility>

#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_info_log.hpp"
#include "persistence/stored_records.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::size_t kSlice = 64;

Result<std::optional<std::string>> read(rocksdb::DB& db, const rocksdb::ReadOptions& options,
                                        rocksdb::ColumnFamilyHandle* family, std::string_view key) {
  std::string value;
  const auto status = db.Get(options, family, rocksdb::Slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(to_error(status, "cannot read"));
  return value;
}

Result<void> create_directory(const std::string& path) {
  std::error_code error;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return fail(Errc::kIo, "cannot create " + parent.string() + ": " + error.message());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Errc::kIo, "cannot create " + path + ": " + std::strerror(errno));
  }
  if (!std::filesystem::is_directory(path, error)) {
    return fail(Errc::kIo, path + " is not a directory");
  }
  return {};
}

/// What a flush, a compaction or a new log changes in a directory: not its logs' growing.
std::map<std::string, std::uintmax_t> files_of(const std::string& path) {
  std::map<std::string, std::uintmax_t> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    const auto& file = entry.path();
    const bool manifest = file.filename().string().starts_with("MANIFEST");
    if (!manifest && file.extension() != ".log") continue;
    files[file.filename().string()] = manifest ? entry.file_size(ignored) : 0;
  }
  return files;
}

bool holds_database(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(path) / "CURRENT", error);
}

std::unexpected<Error> missing(std::string_view what, const Uuid& id) {
  return fail(Errc::kCorruption, "an index names the " + std::string(what) + " " + id.to_string() +
                                     ", which is not stored; run townkrier fsck");
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode,
                                                 const DatabaseSettings& settings) {
  if (path.empty()) return fail(Errc::kInvalidConfig, "storage.path: must not be empty");
  if (mode == Mode::kReadOnly && !holds_database(path)) {
    return fail(Errc::kNotFound, path + " holds no store");
  }
  if (mode == Mode::kReadWrite) {
    if (auto made = create_directory(path); !made) return std::unexpected(made.error());
  }
  std::unique_ptr<Database> database(new Database(path, settings));
  if (auto known = database->check_families(mode); !known) return std::unexpected(known.error());
  if (const auto status = database->open_db(mode); !status.ok()) {
    return std::unexpected(database->open_error(status));
  }
  if (auto fits = database->check_version(mode); !fits) return std::unexpected(fits.error());
  return database;
}

Database::~Database() {
  close();
}

void Database::close() {
  if (!db_) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  handles_.clear();
  log_order_->attach(nullptr);
  db_->Close();
  db_.reset();
}

Result<void> Database::check_families(Mode mode) const {
  if (!holds_database(path_)) return {};
  std::vector<std::string> names;
  const auto status =
      rocksdb::DB::ListColumnFamilies(database_options(settings_, errors_), path_, &names);
  if (!status.ok()) return std::unexpected(open_error(status));
  for (const auto& name : names) {
    if (std::ranges::find(kFamilyNames, name) != kFamilyNames.end()) continue;
    return fail(Errc::kInvalidConfig,
                path_ +
                    " was written by a newer version or another program (it has a column family "
                    "'" +
                    name + "'); use that version, or another storage.path");
  }
  const bool complete = names.size() == kFamilyCount;
  if (!complete && (mode == Mode::kReadOnly || holds_version())) {
    return fail(Errc::kInvalidConfig,
                path_ + " has an older storage format; run the version that wrote it");
  }
  return {};
}

// Whether it was completed once, by whichever version. Opening it to find out would add the families
// that an earlier version does not know.
bool Database::holds_version() const {
  static_assert(Family::kMeta == Family{0});
  const std::vector meta{family_descriptors(settings_).front()};
  auto options = database_options(settings_, errors_);
  options.info_log = make_silent_log();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(options, path_, meta, &handles, &opened).ok()) {
    return false;
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  const auto version = read(*db, {}, handles.front(), std::string(1, MetaKey::kVersion));
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  return version && version->has_value();
}

rocksdb::Status Database::open_db(Mode mode) {
  if (mode == Mode::kReadOnly) return open_steady();
  rocksdb::DB* db = nullptr;
  auto options = database_options(settings_, errors_);
  options.info_log = settings_.info_log ? settings_.info_log : make_info_log(path_);
  options.listeners.push_back(log_order_);
  const auto status =
      rocksdb::DB::Open(options, path_, family_descriptors(settings_), &handles_, &db);
  db_.reset(db);
  log_order_->attach(db);
  return status;
}

// Opening reads the manifest, then the logs. A flush of another process between the two takes a log
// away whose content the manifest did not have yet: so what was read counts only when the files are
// still the same afterwards.
rocksdb::Status Database::open_steady() {
  constexpr int kTries = 20;
  rocksdb::Status status;
  for (int tries = 0; tries < kTries; ++tries) {
    close();
    const auto before = files_of(path_);
    rocksdb::DB* db = nullptr;
    auto options = database_options(settings_, errors_);
    options.info_log = make_silent_log();
    status =
        rocksdb::DB::OpenForReadOnly(options, path_, family_descriptors(settings_), &handles_, &db);
    db_.reset(db);
    if (files_of(path_) == before) return status;
  }
  return status.ok() ? rocksdb::Status::Busy("files change too often") : status;
}

// Whether the damage is in the log alone. Changes nothing.
bool Database::opens_without_wal_tail() const {
  DatabaseSettings settings = settings_;
  settings.wal_damage = WalDamage::kAccept;
  Database trial(path_, settings);
  return trial.open_db(Mode::kReadOnly).ok();
}

Error Database::open_error(const rocksdb::Status& status) const {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return {Errc::kIo, path_ + " is in use by another process or store; one at a time", {}};
  }
  if (status.IsCorruption()) {
    return {Errc::kCorruption,
            path_ + " is damaged and was not opened, so that nothing is lost silently: " + text +
                ". Copy the whole directory first; then restore a backup (townkrier restore)" +
                (opens_without_wal_tail()
                     ? ", or start once with --accept-wal-damage, which keeps everything up to the "
                       "damage and gives up what was written after it"
                     : ""),
            {}};
  }
  return to_error(status, "cannot open " + path_);
}

Result<void> Database::check_version(Mode mode) {
  auto stored = get(Family::kMeta, std::string(1, MetaKey::kVersion));
  if (!stored) return std::unexpected(stored.error());
  if (*stored) {
    const std::uint64_t version = ByteReader(**stored).u64();
    if (version == kSchemaVersion) return {};
    return fail(Errc::kInvalidConfig, path_ + " has the storage format " + std::to_string(version) +
                                          ", this program knows only " + std::to_string(kSchemaVersion) +
                                          "; run the version that wrote it");
  }
  if (mode == Mode::kReadOnly) return fail(Errc::kCorruption, path_ + " has no format version");
  {
    const ReadView view(*this);
    Range any(view, Family::kMeta, "", "");
    any.seek_first();
    if (any.valid()) {
      return fail(Errc::kInvalidConfig, path_ + " is a database of another program");
    }
  }
  return write_version();
}

Result<void> Database::write_version() {
  std::string version;
  append_u64(version, kSchemaVersion);
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status =
      db_->Put(durable, family(Family::kMeta), std::string(1, MetaKey::kVersion), version);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot write to " + path_));
  return {};
}

Result<std::optional<std::string>> Database::get(Family family, std::string_view key) const {
  return read(*db_, {}, this->family(family), key);
}

Result<std::optional<std::string>> ReadView::get(Family family, std::string_view key) const {
  return read(database_.db(), options(), database_.family(family), key);
}

Result<std::optional<Job>> ReadView::job(const JobId& id) const {
  return stored_job([this](Family family, std::string_view key) { return get(family, key); }, id);
}

Result<Job> ReadView::indexed_job(const JobId& id) const {
  auto found = job(id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return missing("job", id);
  return std::move(**found);
}

Result<std::vector<Job>> ReadView::indexed_jobs(std::span<const JobId> ids, Family newer) const {
  std::vector<Job> jobs;
  jobs.reserve(ids.size());
  while (!ids.empty()) {
    const auto slice = ids.first(std::min(kSlice, ids.size()));
    if (auto ok = add_jobs(slice, newer, jobs); !ok) return std::unexpected(ok.error());
    ids = ids.subspan(slice.size());
  }
  return jobs;
}

Result<void> ReadView::add_jobs(std::span<const JobId> ids, Family newer,
                                std::vector<Job>& jobs) const {
  std::array<std::string, kSlice> running_keys;
  std::array<rocksdb::Slice, kSlice> keys;
  std::array<rocksdb::Slice, kSlice> newer_keys;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    keys[i] = {reinterpret_cast<const char*>(ids[i].bytes.data()), ids[i].bytes.size()};
    if (newer == Family::kRunning) running_keys[i] = running_key(ids[i]);
    newer_keys[i] = newer == Family::kRunning ? rocksdb::Slice(running_keys[i]) : keys[i];
  }
  std::array<rocksdb::PinnableSlice, kSlice> records;
  std::array<rocksdb::PinnableSlice, kSlice> states;
  std::array<rocksdb::Status, kSlice> found;
  std::array<rocksdb::Status, kSlice> newer_found;
  database_.db().MultiGet(options(), database_.family(Family::kJobs), ids.size(), keys.data(),
                          records.data(), found.data());
  database_.db().MultiGet(options(), database_.family(newer), ids.size(), newer_keys.data(),
                          states.data(), newer_found.data());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (found[i].IsNotFound()) return missing("job", ids[i]);
    if (!found[i].ok()) return std::unexpected(to_error(found[i], "cannot read"));
    if (!newer_found[i].ok() && !newer_found[i].IsNotFound()) {
      return std::unexpected(to_error(newer_found[i], "cannot read"));
    }
    const std::string_view record = records[i].ToStringView();
    const auto status = decode_job_status(record);
    if (!status) return std::unexpected(status.error());
    const bool as_recorded = is_terminal(*status) || newer_found[i].IsNotFound();
    auto job = as_recorded ? decode_job(ids[i], record)
                           : decode_job(ids[i], record, states[i].ToStringView());
    if (!job) return std::unexpected(job.error());
    jobs.push_back(std::move(*job));
  }
  return {};
}

Result<std::optional<NotificationLog>> ReadView::log(const LogId& id) const {
  return stored_log([this](Family family, std::string_view key) { return get(family, key); }, id);
}

Result<NotificationLog> ReadView::indexed_log(const LogId& id) const {
  auto row = log(id);
  if (!row) return std::unexpected(row.error());
  if (!*row) return missing("log row", id);
  return std::move(**row);
}

Range::Range(const ReadView& view, Family family, std::string lower, std::string upper)
    : lower_(std::move(lower)),
      upper_(std::move(upper)),
      lower_slice_(lower_),
      upper_slice_(upper_) {
  rocksdb::ReadOptions options = view.options();
  if (!lower_.empty()) options.iterate_lower_bound = &lower_slice_;
  if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
  iterator_.reset(view.database().db().NewIterator(options, view.database().family(family)));
}

Result<void> Range::status() const {
  if (iterator_->status().ok()) return {};
  return std::unexpected(to_error(iterator_->status(), "cannot read"));
}

}  // namespace townkrier::persistence
