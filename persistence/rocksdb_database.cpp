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

namespace townkrier::persistence {
namespace {

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

std::string id_key(const Uuid& id) {
  std::string key;
  append_id(key, id);
  return key;
}

Result<Job> decode_job(const JobId& id, std::string_view envelope, std::string_view state) {
  auto decoded = decode_envelope(id, envelope);
  if (!decoded) return std::unexpected(decoded.error());
  auto moving = decode_state(state);
  if (!moving) return std::unexpected(moving.error());
  return Job{std::make_shared<const JobEnvelope>(std::move(*decoded)), std::move(*moving)};
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
  if (mode == Mode::kReadOnly && names.size() < kFamilyCount) {
    return fail(Errc::kInvalidConfig,
                path_ + " has an older storage format; start townkrierd on it once");
  }
  return {};
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
    // 2 to 3: `series`, which opening has made; empty to begin with.
    if (version == 2) return mode == Mode::kReadOnly ? Result<void>{} : write_version();
    return fail(Errc::kInvalidConfig, path_ + " has the storage format " + std::to_string(version) +
                                          ", this program knows up to " +
                                          std::to_string(kSchemaVersion) +
                                          "; run the version that wrote it, or a newer one");
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
  const std::string key = id_key(id);
  auto envelope = get(Family::kJobs, key);
  if (!envelope) return std::unexpected(envelope.error());
  if (!*envelope) return std::nullopt;
  auto state = get(Family::kState, key);
  if (!state) return std::unexpected(state.error());
  if (!*state) return missing("state of job", id);
  auto job = decode_job(id, **envelope, **state);
  if (!job) return std::unexpected(job.error());
  return std::move(*job);
}

Result<Job> ReadView::indexed_job(const JobId& id) const {
  auto found = job(id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return missing("job", id);
  return std::move(**found);
}

Result<std::vector<Job>> ReadView::indexed_jobs(std::span<const JobId> ids) const {
  constexpr std::size_t kSlice = 64;
  std::vector<Job> jobs;
  jobs.reserve(ids.size());
  for (std::size_t begin = 0; begin < ids.size(); begin += kSlice) {
    const auto slice = ids.subspan(begin, std::min(kSlice, ids.size() - begin));
    std::array<rocksdb::Slice, kSlice> keys;
    for (std::size_t i = 0; i < slice.size(); ++i) {
      keys[i] = {reinterpret_cast<const char*>(slice[i].bytes.data()), slice[i].bytes.size()};
    }
    std::array<rocksdb::PinnableSlice, kSlice> envelopes;
    std::array<rocksdb::PinnableSlice, kSlice> states;
    std::array<rocksdb::Status, kSlice> found[2];
    const auto read_all = [&](Family family, auto& values, auto& statuses) {
      database_.db().MultiGet(options(), database_.family(family), slice.size(), keys.data(),
                              values.data(), statuses.data());
    };
    read_all(Family::kJobs, envelopes, found[0]);
    read_all(Family::kState, states, found[1]);
    for (std::size_t i = 0; i < slice.size(); ++i) {
      for (const auto* status : {&found[0][i], &found[1][i]}) {
        if (status->IsNotFound()) return missing("job", slice[i]);
        if (!status->ok()) return std::unexpected(to_error(*status, "cannot read"));
      }
      auto job = decode_job(slice[i], envelopes[i].ToStringView(), states[i].ToStringView());
      if (!job) return std::unexpected(job.error());
      jobs.push_back(std::move(*job));
    }
  }
  return jobs;
}

Result<std::optional<NotificationLog>> stored_log(const GetBytes& get, const LogId& id) {
  const std::string key = id_key(id);
  auto bytes = get(Family::kLogs, key);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto row = decode_log(id, **bytes);
  if (!row) return std::unexpected(row.error());
  auto progress = get(Family::kLogState, key);
  if (!progress) return std::unexpected(progress.error());
  if (*progress) {
    if (auto ok = apply_log_progress(**progress, *row); !ok) return std::unexpected(ok.error());
  }
  return std::move(*row);
}

Result<std::optional<LogClass>> stored_log_class(const GetBytes& get, const LogId& id) {
  const std::string key = id_key(id);
  auto bytes = get(Family::kLogs, key);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto found = decode_log_class(**bytes);
  if (!found) return std::unexpected(found.error());
  auto progress = get(Family::kLogState, key);
  if (!progress) return std::unexpected(progress.error());
  if (*progress) {
    auto status = decode_log_progress_status(**progress);
    if (!status) return std::unexpected(status.error());
    found->status = *status;
  }
  return std::move(*found);
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
