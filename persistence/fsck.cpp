#include "townkrier/fsck.hpp"

#include <utility>

#include "persistence/fsck.hpp"
#include "persistence/record_codec.hpp"
#include "persistence/rocksdb_store.hpp"
#include "persistence/stored_records.hpp"
#include "persistence/stored_size.hpp"
#include "persistence/timed_entries.hpp"

namespace townkrier::persistence {
namespace {

constexpr std::size_t kMaxLines = 1000;
constexpr std::uint64_t kProgressEvery = 10'000;

/// What people call the content of a family.
std::string_view part_of(Family family) {
  switch (family) {
    case Family::kState:
    case Family::kRunning:
    case Family::kJobs:
      return "jobs";
    case Family::kLogs:
      return "log rows";
    case Family::kInbox:
      return "messages";
    case Family::kUnique:
      return "unique keys";
    default:
      return "indexes";
  }
}

/// One pass over the records, which says what must be in the indexes, then one over the indexes. An
/// index is complete when every record's entry is there, and has nothing else when it has no more
/// entries than that: only then are its keys looked at one by one.
class Checker {
 public:
  Checker(const ReadView& view, const CheckProgressSink& progress)
      : view_(view), progress_(progress) {}

  Result<CheckReport> run();

 private:
  void report(std::string line) {
    auto& lines = report_.findings;
    if (lines.size() < kMaxLines) lines.push_back(std::move(line));
  }
  void tell(Family family, std::uint64_t done) const;
  /// Calls `use(key, value)` for everything in a family.
  template <class Use>
  Result<void> each(Family family, Use use);
  /// Says that `owner` has an entry `key`; it is a fault if it is not there.
  Result<void> expect(Family family, const std::string& key, const std::string& owner);
  /// The same of an entry that says a size, which is counted under `name`.
  Result<void> expect_sized(Family family, const std::string& key, const std::string& owner,
                            std::string_view name);

  Result<void> check_jobs();
  Result<void> check_job(const JobId& id);
  Result<void> check_place(const JobEnvelope& envelope, const JobState& state);
  Result<void> check_states();
  Result<void> check_unique();
  Result<void> check_logs();
  Result<void> check_names(const NotificationLog& row, const std::string& position);
  Result<void> check_inbox();
  Result<void> check_audit();
  Result<void> check_timed();
  Result<void> check_surplus();
  Result<void> check_counters();

  const ReadView& view_;
  const CheckProgressSink& progress_;
  CheckReport report_;
  LedgerDelta counted_;
  std::array<std::uint64_t, kFamilyCount> expected_{};
};

void Checker::tell(Family family, std::uint64_t done) const {
  if (!progress_) return;
  std::uint64_t expected = 0;
  view_.database().db().GetIntProperty(view_.database().family(family),
                                       rocksdb::DB::Properties::kEstimateNumKeys, &expected);
  progress_({part_of(family), done, expected});
}

template <class Use>
Result<void> Checker::each(Family family, Use use) {
  Range keys(view_, family, "", "");
  std::uint64_t done = 0;
  for (keys.seek_first(); keys.valid(); keys.next()) {
    if (done++ % kProgressEvery == 0) tell(family, done - 1);
    if (auto ok = use(keys.key(), keys.value()); !ok) return ok;
  }
  return keys.status();
}

Result<void> Checker::expect(Family family, const std::string& key, const std::string& owner) {
  ++expected_[static_cast<std::size_t>(family)];
  auto found = view_.get(family, key);
  if (!found) return std::unexpected(found.error());
  if (!*found) {
    report(owner + " is missing in the index " + kFamilyNames[static_cast<std::size_t>(family)]);
    --expected_[static_cast<std::size_t>(family)];
  }
  return {};
}

Result<void> Checker::expect_sized(Family family, const std::string& key, const std::string& owner,
                                   std::string_view name) {
  if (auto ok = expect(family, key, owner); !ok) return ok;
  auto found = view_.get(family, key);
  if (!found) return std::unexpected(found.error());
  if (!*found) return {};
  ByteReader reader(**found);
  const std::uint64_t bytes = (*found)->empty() ? 0 : reader.varint();
  if (!reader.ok()) return report(owner + " has a damaged size in its index"), Result<void>{};
  counted_.add_size(name, 1, static_cast<std::int64_t>(bytes));
  return {};
}

Result<void> Checker::check_jobs() {
  return each(Family::kJobs, [&](std::string_view key, std::string_view) -> Result<void> {
    const auto id = id_at_end(key);
    if (!id || key.size() != id->bytes.size()) {
      report("a job has a damaged key");
      return {};
    }
    return check_job(*id);
  });
}

Result<void> Checker::check_job(const JobId& id) {
  ++report_.jobs;
  const std::string name = "job " + id.to_string();
  auto job = view_.job(id);
  if (!job && job.error().code != Errc::kCorruption) return std::unexpected(job.error());
  if (!job) return report(name + ": " + job.error().message), Result<void>{};
  const auto& [envelope, state] = **job;
  counted_.add_job(envelope->queue, state.status, 1);
  if (state.status == JobStatus::kProcessing) {
    return expect(Family::kRunning, running_key(id), name);
  }
  std::string status_key;
  append_status_key(status_key, state.status, id);
  if (auto ok = expect(Family::kStatus, status_key, name); !ok) return ok;
  return check_place(*envelope, state);
}

Result<void> Checker::check_place(const JobEnvelope& envelope, const JobState& state) {
  const std::string name = "job " + envelope.id.to_string();
  const JobPlace place = place_of(envelope, state);
  std::string key;
  Family family = Family::kFinished;
  switch (place.status) {
    case JobStatus::kProcessing:
      return {};
    case JobStatus::kPending:
      family = Family::kReady;
      append_lane(key, envelope.queue, place.route, envelope.priority);
      counted_.add_ready(key, 1);
      break;
    case JobStatus::kScheduled:
    case JobStatus::kRetrying:
      family = Family::kDue;
      break;
    default:
      append_status(key, place.status);
      break;
  }
  append_position(key, place.time, envelope.id);
  if (family == Family::kFinished) return expect_sized(family, key, name, to_string(place.status));
  return expect(family, key, name);
}

Result<void> Checker::check_states() {
  return each(Family::kState, [&](std::string_view key, std::string_view) -> Result<void> {
    auto job = view_.get(Family::kJobs, key);
    if (!job) return std::unexpected(job.error());
    if (*job) return {};
    const auto id = id_at_end(key);
    report("job " + (id ? id->to_string() : "with a damaged key") + " has a state but is not stored");
    return {};
  });
}

Result<void> Checker::check_unique() {
  return each(Family::kUnique, [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto id = id_at_end(value);
    if (!id) return report("a unique key has a damaged holder"), Result<void>{};
    auto job = view_.job(*id);
    // A damaged job has been reported already.
    if (!job && job.error().code == Errc::kCorruption) return {};
    if (!job) return std::unexpected(job.error());
    const bool held = *job && !is_terminal((*job)->status()) && (*job)->envelope->unique_key == key;
    if (!held)
      report("a unique key is held by job " + id->to_string() + ", which has no claim to it");
    return {};
  });
}

Result<void> Checker::check_logs() {
  return each(Family::kLogs, [&](std::string_view key, std::string_view) -> Result<void> {
    ++report_.logs;
    const auto id = id_at_end(key);
    if (!id) return report("a log row has a damaged key"), Result<void>{};
    const std::string name = "log row " + id->to_string();
    auto row = view_.indexed_log(*id);
    if (!row && row.error().code != Errc::kCorruption) return std::unexpected(row.error());
    if (!row) return report(name + ": " + row.error().message), Result<void>{};
    auto kept = view_.get(Family::kLogState, key);
    if (!kept) return std::unexpected(kept.error());
    if (*kept) ++expected_[static_cast<std::size_t>(Family::kLogState)];
    counted_.add_log(row->channel, row->status, 1);
    std::string index;
    append_position(index, row->created_at, *id);
    if (auto ok = expect(Family::kLogTime, index, name); !ok) return ok;
    return check_names(*row, index);
  });
}

Result<void> Checker::check_names(const NotificationLog& row, const std::string& position) {
  if (row.job_id) {
    const auto job = view_.job(*row.job_id);
    // A damaged job has been reported already.
    if (!job && job.error().code != Errc::kCorruption) return std::unexpected(job.error());
    if (job && *job && is_found_by_job(row, **job)) return {};
  }
  for (const auto& subject : log_subjects(row.notification_id, row.job_id)) {
    auto ok = expect(Family::kLogRef, subject + position, "log row " + row.id.to_string());
    if (!ok) return ok;
  }
  return {};
}

Result<void> Checker::check_inbox() {
  return each(Family::kInbox, [&](std::string_view key, std::string_view value) -> Result<void> {
    ++report_.messages;
    const auto at = inbox_position(key);
    ByteReader reader(key);
    const std::string user(reader.raw(reader.u16()));
    if (!at || !reader.ok()) return report("a message has a damaged key"), Result<void>{};
    const std::string name = "message " + at->id.to_string();
    auto message = decode_inbox(user, at->id, value);
    if (!message) return report(name + ": " + message.error().message), Result<void>{};
    if (message->created_at != at->time) report(name + " is not where its time says");
    if (!message->read) counted_.add_unread(user, 1);
    std::string index;
    append_key_text(index, user);
    append_id(index, at->id);
    if (auto ok = expect(Family::kInboxId, index, name); !ok) return ok;
    index.clear();
    append_inbox_time_key(index, {message->created_at, at->id}, user);
    return expect_sized(Family::kInboxTime, index, name, kInboxSize);
  });
}

Result<void> Checker::check_audit() {
  return each(Family::kAudit, [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto id = id_at_end(key);
    if (!id || key.size() != id->bytes.size())
      return report("an audit row has a damaged key"), Result<void>{};
    auto entry = decode_audit(*id, value);
    if (!entry) report("audit row " + id->to_string() + ": " + entry.error().message);
    return {};
  });
}

Result<void> Checker::check_timed() {
  return each(Family::kTimed, [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto entry = decode_timed(std::string(key), value);
    if (!entry) return report(entry.error().message), Result<void>{};
    return expect(Family::kTimedEnd, timed_end_key(*entry), "an entry with an end");
  });
}

Result<void> Checker::check_surplus() {
  for (const Family family :
       {Family::kReady, Family::kDue, Family::kFinished, Family::kStatus, Family::kRunning,
        Family::kLogState, Family::kLogTime, Family::kLogRef, Family::kInboxId,
        Family::kInboxTime, Family::kTimedEnd}) {
    std::uint64_t entries = 0;
    auto ok = each(family, [&](std::string_view, std::string_view) -> Result<void> {
      ++entries;
      return {};
    });
    if (!ok) return ok;
    const std::uint64_t expected = expected_[static_cast<std::size_t>(family)];
    if (entries == expected) continue;
    report("the index " + std::string(kFamilyNames[static_cast<std::size_t>(family)]) + " has " +
           std::to_string(entries) + " entries, " + std::to_string(expected) +
           " belong to something");
  }
  return {};
}

Result<void> Checker::check_counters() {
  auto meta = read_meta(view_);
  if (!meta) return report(meta.error().message), Result<void>{};
  Ledger counted;
  auto rows = counted.resolve(counted_);
  if (!rows) return std::unexpected(rows.error());
  counted.adopt(*rows);
  for (auto& line : meta->ledger.differences(counted)) report(std::move(line));
  return {};
}

Result<CheckReport> Checker::run() {
  for (const auto step : {&Checker::check_jobs, &Checker::check_states, &Checker::check_unique,
                          &Checker::check_logs, &Checker::check_inbox, &Checker::check_audit,
                          &Checker::check_timed, &Checker::check_surplus, &Checker::check_counters}) {
    if (auto ok = (this->*step)(); !ok) return std::unexpected(ok.error());
  }
  return std::move(report_);
}

}  // namespace

Result<CheckReport> check_view(const ReadView& view, const CheckProgressSink& progress) {
  return Checker(view, progress).run();
}

}  // namespace townkrier::persistence

namespace townkrier {

Result<CheckReport> examine_store(const std::string& path, const CheckProgressSink& progress) {
  using persistence::Database;
  auto database = Database::open(path, Database::Mode::kReadOnly);
  if (!database) return std::unexpected(database.error());
  return persistence::check_view(persistence::ReadView(**database), progress);
}

Result<std::vector<std::string>> check_store(const std::string& path) {
  auto report = examine_store(path);
  if (!report) return std::unexpected(report.error());
  return std::move(report->findings);
}

}  // namespace townkrier
