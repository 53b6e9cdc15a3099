#include "faults/power_loss.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "conformance/store_fixture.hpp"
#include "persistence/fsck.hpp"
#include "persistence/rocksdb_info_log.hpp"
#include "persistence/rocksdb_store.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;
using ::townkrier::persistence::RocksDbStore;

/// Everything of a store that the script changes, in a form that compares.
struct Content {
  std::map<JobId, std::string> jobs;
  std::uint64_t logs = 0;
  std::map<std::string, std::string> settings;
  bool operator==(const Content&) const = default;
};

std::string digest(const Job& job) {
  return std::string(to_string(job.status())) + ' ' + std::to_string(job.state.begun) + ' ' +
         std::to_string(job.envelope->payload.text().size());
}

Content content_of(const Store& store) {
  Content content;
  JobFilter filter{.limit = 500};
  do {
    const auto page = store.list_jobs(filter);
    if (!page) {
      ADD_FAILURE() << page.error().message;
      break;
    }
    for (const auto& job : page->jobs) content.jobs[job.id()] = digest(job);
    filter.cursor = page->next;
  } while (filter.cursor);
  content.logs = store.log_stats({}).value_or(StorageStats{}).total;
  content.settings = store.settings().value_or(std::map<std::string, std::string>{});
  return content;
}

class History {
 public:
  History(std::uint64_t seed, const PowerLossOptions& options, PowerLossReport& report)
      : random_(seed), options_(options), report_(report), seed_(seed) {}

  void run() {
    const auto cycles = 2 + random(3);
    for (std::uint64_t i = 0; i < cycles && ok_; ++i) cycle();
  }

 private:
  std::uint64_t random(std::uint64_t below) { return random_() % below; }
  std::string path() const { return directory_ / "data"; }

  Result<std::shared_ptr<RocksDbStore>> open(WalDamage damage = WalDamage::kRefuse) {
    return RocksDbStore::open(path(), {.min_free_space_bytes = 0, .wal_damage = damage},
                              {.env = fault_.env.get(),
                               .write_buffer_bytes = small_buffers_ ? 64u << 10 : 16u << 20,
                               .info_log = persistence::make_silent_log()});
  }

  /// Writes until the power goes, takes away what was not synced, and looks at what is left.
  void cycle() {
    small_buffers_ = random(2) == 0;
    fault_.files->stop_after(1 + random(random(2) ? 60 : 400));
    if (auto store = open()) {
      while (!fault_.files->stopped()) operate(**store);
    }
    fault_.files->power_loss(random_(), options_.order);
    ++report_.cycles;
    auto store = open();
    if (!store && store.error().code == Errc::kCorruption &&
        options_.order == BlockOrder::kAnyOrder) {
      ++report_.refused;
      store = open(WalDamage::kAccept);
    }
    if (!store) return wrong("does not open: " + store.error().message);
    look(**store);
  }

  void look(const RocksDbStore& store) {
    const Content found = content_of(store);
    const auto state = std::ranges::find(may_be_, found);
    report_.cut += state != may_be_.end() && may_be_.end() - state > 2;
    if (state == may_be_.end()) {
      wrong("has " + std::to_string(found.jobs.size()) + " jobs, may have from " +
            std::to_string(may_be_.front().jobs.size()) + " to " +
            std::to_string(may_be_.back().jobs.size()));
    }
    const auto check = persistence::check_view(persistence::ReadView(store.database()));
    const auto count = check ? check->findings.size() : 1;
    report_.findings += count;
    if (count > 0) wrong(check ? check->findings.front() : check.error().message);
    may_be_ = {found};
    std::erase_if(jobs_, [&](const auto& job) { return !found.jobs.contains(job.first); });
    for (auto& [id, job] : jobs_) {
      if (digest(job) != found.jobs.at(id)) job = *store.get_job(id);
    }
  }

  void wrong(const std::string& what) {
    ok_ = false;
    ++report_.lost;
    if (report_.first.empty()) report_.first = "seed " + std::to_string(seed_) + ": " + what;
  }

  /// One write. Afterwards the store may be as before it (until a sync) or as after it.
  void operate(Store& store) {
    Content after = may_be_.back();
    auto jobs = jobs_;
    StoreBatch batch;
    const auto kind = random(8);
    if (kind < 4 || jobs.empty()) {
      for (auto i = random(4) + 1; i > 0; --i) enqueue(batch, jobs, after);
    } else if (kind < 6) {
      change(batch, jobs, after);
    } else if (kind == 6) {
      remove(batch, jobs, after);
    } else {
      batch.settings["pointer"] = after.settings["pointer"] = std::to_string(random_());
    }
    using Promise = PowerLossOptions::Promise;
    const bool durable = random(10) < 7 && options_.promise != Promise::kNone;
    const bool synced = durable && options_.promise == Promise::kKept;
    const auto done = store.commit(batch, synced ? Durability::kFsync : Durability::kOs);
    may_be_.push_back(std::move(after));
    if (!done) return fault_.files->stop();  // what the engine does: end, and recover by a restart
    ++report_.acknowledged;
    jobs_ = std::move(jobs);
    if (durable) may_be_.erase(may_be_.begin(), may_be_.end() - 1);
  }

  void enqueue(StoreBatch& batch, std::map<JobId, Job>& jobs, Content& after) {
    const auto id = next_id_++;
    Job job = make_job({.id = id, .status = random(3) ? kPending : kScheduled});
    JobEnvelope envelope = *job.envelope;
    const auto size = random(6) == 0 ? random(60'000) : random(300);
    envelope.payload = JsonText::trusted("{\"text\":\"" + std::string(size, 'x') + "\"}");
    job.envelope = std::make_shared<const JobEnvelope>(std::move(envelope));
    NotificationLog row = make_log({.id = 1'000'000 + id});
    row.job_id = job.id();
    batch.enqueued.push_back({.job = job, .logs = {row}});
    ++after.logs;
    after.jobs[job.id()] = digest(job);
    jobs[job.id()] = std::move(job);
  }

  auto pick(std::map<JobId, Job>& jobs) {
    return std::next(jobs.begin(), static_cast<std::ptrdiff_t>(random(jobs.size())));
  }

  void change(StoreBatch& batch, std::map<JobId, Job>& jobs, Content& after) {
    Job& job = pick(jobs)->second;
    batch.changes.push_back(
        move(job, static_cast<JobStatus>(random(kJobStatusCount)), std::int64_t(random(100))));
    batch.changes.back().job.state.begun = ++job.state.begun;
    after.jobs[job.id()] = digest(job);
  }

  void remove(StoreBatch& batch, std::map<JobId, Job>& jobs, Content& after) {
    const auto chosen = pick(jobs);
    batch.removals.push_back({.job = chosen->second, .before = place(chosen->second)});
    after.jobs.erase(chosen->first);
    jobs.erase(chosen);
  }

  TempDir directory_;
  FaultEnv fault_{directory_ / "attic"};
  std::mt19937_64 random_;
  const PowerLossOptions& options_;
  PowerLossReport& report_;
  const std::uint64_t seed_;
  bool small_buffers_ = false;
  bool ok_ = true;
  std::uint64_t next_id_ = 1;
  std::map<JobId, Job> jobs_;
  /// The states a power loss now may leave, oldest first: what was synced last, and all after it.
  std::vector<Content> may_be_{Content{}};
};

}  // namespace

PowerLossReport run_power_losses(const PowerLossOptions& options) {
  PowerLossReport report;
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    History(options.first_seed + i, options, report).run();
  }
  return report;
}

}  // namespace townkrier::testing
