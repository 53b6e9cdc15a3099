/// Random histories of a store, each compared with a plain model that has no indexes and no
/// counters.

#include <algorithm>
#include <random>

#include "core/log_rows.hpp"
#include "store_fixture.hpp"

namespace townkrier::testing {
namespace {

using enum JobStatus;

/// What must be stored, in the simplest form.
struct Model {
  std::map<JobId, Job> jobs;
  std::map<std::string, JobId> holders;
  std::map<LogId, NotificationLog> logs;
  std::map<std::string, std::map<LogId, InboxMessage>> inbox;
};

class StoreModel : public StoreTest {
 protected:
  static constexpr int kSequences = 200;
  static constexpr int kOperations = 200;
  static constexpr int kRestartEvery = 8;  ///< Sequences; opening a database takes 100 ms.

  std::uint64_t random(std::uint64_t below) { return generator_() % below; }
  template <class Map>
  auto pick(const Map& map) {
    return std::next(map.begin(), static_cast<std::ptrdiff_t>(random(map.size())));
  }

  void enqueue(StoreBatch& batch);
  void change_job(StoreBatch& batch);
  void remove_job(StoreBatch& batch);
  void message(StoreBatch& batch);
  void by_hand();
  void operate();
  void apply_unique(const Job& job, bool was_terminal);

  void compare();
  void compare_places();
  void compare_lists();
  void compare_logs();
  void compare_names(const NotificationLog& named);
  void compare_inboxes();

  std::mt19937_64 generator_{20'261'124};
  std::uint64_t next_id_ = 1;
  Model model_;
};

void StoreModel::apply_unique(const Job& job, bool was_terminal) {
  const std::string& key = job.envelope->unique_key;
  if (key.empty() || is_terminal(job.status()) == was_terminal) return;
  if (!is_terminal(job.status())) {
    model_.holders.try_emplace(key, job.id());
  } else if (const auto held = model_.holders.find(key);
             held != model_.holders.end() && held->second == job.id()) {
    model_.holders.erase(held);
  }
}

void StoreModel::enqueue(StoreBatch& batch) {
  const std::uint64_t id = next_id_++;
  JobSpec spec{.id = id, .queue = random(2) ? "default" : "bulk", .time = std::int64_t(random(50))};
  spec.priority = random(2) ? 5 : 20;
  spec.status = random(3) ? kPending : kScheduled;
  spec.channels =
      random(2) ? std::vector<std::string>{"email"} : std::vector<std::string>{"email", "sms"};
  if (random(4) == 0) spec.unique_key = "key" + std::to_string(random(5));
  const Job job = make_job(spec);
  NewJob added{.job = job, .logs = {}};
  for (Delivery& delivery : added.job.state.deliveries) {
    NotificationLog row =
        make_log({.id = next_id_++, .channel = delivery.channel, .created = std::int64_t(id)});
    row.job_id = job.id();
    if (random(2)) row.notification_id = job.id().to_string();
    delivery.log_id = row.id;
    added.logs.push_back(row);
  }
  batch.enqueued.push_back(added);
  if (model_.holders.contains(spec.unique_key)) return;
  if (!spec.unique_key.empty()) model_.holders[spec.unique_key] = job.id();
  model_.jobs[job.id()] = added.job;
  for (const NotificationLog& row : added.logs) model_.logs[row.id] = row;
}

void StoreModel::change_job(StoreBatch& batch) {
  if (model_.jobs.empty()) return;
  Job& job = model_.jobs.at(pick(model_.jobs)->first);
  const bool was_terminal = is_terminal(job.status());
  auto& delivery = job.state.deliveries.front();
  const JobPlace before = place(job);
  const LogStatus earlier = delivery.status;
  delivery.status = random(2) ? LogStatus::kScheduled : LogStatus::kSent;
  delivery.attempts += 1;
  delivery.tries = {{delivery.attempts, at(1), delivery.status, "busy", Duration{3}}};
  set_status(job.state, static_cast<JobStatus>(random(kJobStatusCount)), std::int64_t(random(50)));
  job.state.attempts += 1;
  delivery.updated_at = job.state.updated_at + Duration{1};
  JobChange change{.job = job, .before = before, .rewrite_envelope = random(4) == 0};
  if (change.rewrite_envelope) {
    JobEnvelope masked = *job.envelope;
    masked.masked = std::exchange(masked.payload, {});
    job.envelope = std::make_shared<const JobEnvelope>(masked);
    change.job = job;
  }
  change.logs.push_back({0, earlier});
  const auto row = model_.logs.find(delivery.log_id);
  if (row != model_.logs.end()) update_row(row->second, delivery);
  batch.changes.push_back(change);
  apply_unique(job, was_terminal);
}

void StoreModel::remove_job(StoreBatch& batch) {
  if (model_.jobs.empty()) return;
  const Job job = pick(model_.jobs)->second;
  batch.removals.push_back({.job = job, .before = place(job)});
  const auto held = model_.holders.find(job.envelope->unique_key);
  if (held != model_.holders.end() && held->second == job.id()) model_.holders.erase(held);
  model_.jobs.erase(job.id());
}

void StoreModel::message(StoreBatch& batch) {
  const auto message =
      make_message(random(30) + 1, "user" + std::to_string(random(3)), std::int64_t(random(50)));
  batch.inbox.push_back(message);
  model_.inbox[message.user_id].try_emplace(message.id, message);
}

/// What other threads than the engine's do.
void StoreModel::by_hand() {
  const auto kind = random(8);
  if (kind == 7) {
    const LogChange added{make_log({.id = next_id_++, .created = std::int64_t(next_id_)}), {}};
    EXPECT_TRUE(store().put_logs({&added, 1}, Durability::kOs));
    model_.logs[added.row.id] = added.row;
  } else if (kind == 0) {
    const TimePoint before = at(std::int64_t(random(next_id_)));
    const auto deleted = store().delete_logs(before, 100'000, Durability::kOs);
    EXPECT_EQ(deleted, std::erase_if(model_.logs, [&](const auto& row) {
                return row.second.created_at < before;
              }));
  } else if (kind < 4 && !model_.logs.empty()) {
    NotificationLog& row = model_.logs.at(pick(model_.logs)->first);
    LogChange change{row, row.status};
    change.row.status = static_cast<LogStatus>(random(kLogStatusCount));
    row = change.row;
    EXPECT_TRUE(store().put_logs({&change, 1}, Durability::kOs));
  } else if (!model_.inbox.empty()) {
    auto& messages = model_.inbox[pick(model_.inbox)->first];
    auto& message = messages[pick(messages)->first];
    EXPECT_EQ(store().mark_read(message.user_id, message.id, at(7), Durability::kOs),
              message.read ? 0u : 1u);
    if (!message.read) message.read_at = at(7);
    message.read = true;
  }
}

void StoreModel::operate() {
  StoreBatch batch;
  // Jobs of one batch must not meet: an enqueue is written before the changes.
  switch (random(6)) {
    case 0:
    case 1:
      for (auto i = random(4) + 1; i > 0; --i) enqueue(batch);
      break;
    case 2:
      change_job(batch);
      change_job(batch);
      break;
    case 3:
      remove_job(batch);
      break;
    case 4:
      message(batch);
      break;
    default:
      by_hand();
      return;
  }
  if (!batch.empty()) must_commit(batch);
}

/// The numbers of the model's jobs that pass, ordered by (time, id).
template <class Passes>
Numbers expected(const std::map<JobId, Job>& jobs, Passes passes) {
  std::vector<std::pair<TimePoint, Job>> found;
  for (const auto& [id, job] : jobs) {
    if (passes(job)) found.emplace_back(place(job).time, job);
  }
  std::ranges::stable_sort(found, {}, [](const auto& each) { return each.first; });
  std::vector<Job> sorted;
  for (auto& each : found) sorted.push_back(std::move(each.second));
  return numbers(sorted);
}

void StoreModel::compare_places() {
  std::map<LaneKey, std::uint64_t> lanes;
  for (const auto& [id, job] : model_.jobs) {
    if (job.status() != kPending) continue;
    ++lanes[{job.envelope->queue, place(job).route, job.envelope->priority}];
  }
  std::map<LaneKey, std::uint64_t> stored;
  const auto sizes = store().ready_lanes();
  for (const auto& each : *sizes) stored[each.lane] = each.jobs;
  EXPECT_EQ(stored, lanes);
  for (const auto& [lane, size] : lanes) {
    const auto in_lane = [&](const Job& job) {
      return job.status() == kPending && job.envelope->queue == lane.queue &&
             place(job).route == lane.route && job.envelope->priority == lane.priority;
    };
    EXPECT_EQ(numbers(*store().ready_jobs(lane, {}, 10'000)), expected(model_.jobs, in_lane));
  }
  const auto waits = [](const Job& job) {
    return job.status() == kScheduled || job.status() == kRetrying;
  };
  EXPECT_EQ(numbers(*store().due_jobs(at(1000), {}, 10'000)), expected(model_.jobs, waits));
  for (const JobStatus status : {kCompleted, kFailed, kCancelled}) {
    const auto ended = [&](const Job& job) { return job.status() == status; };
    EXPECT_EQ(numbers(*store().finished_jobs(status, at(1000), 10'000)),
              expected(model_.jobs, ended));
  }
}

void StoreModel::compare_lists() {
  Numbers newest_first;
  JobFilter filter{.limit = 37};
  do {
    const auto page = store().list_jobs(filter);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->total, model_.jobs.size());
    for (const auto& job : page->jobs) {
      const Job& known = model_.jobs.at(job.id());
      EXPECT_EQ(job.state, known.state);
      EXPECT_EQ(*job.envelope, *known.envelope);
    }
    std::ranges::copy(numbers(page->jobs), std::back_inserter(newest_first));
    filter.cursor = page->next;
  } while (filter.cursor);
  Numbers all;
  for (const auto& [id, job] : model_.jobs) all.push_back(numbers(std::vector<Job>{job})[0]);
  std::ranges::reverse(all);
  EXPECT_EQ(newest_first, all);
  for (std::size_t i = 0; i < kJobStatusCount; ++i) {
    const auto status = static_cast<JobStatus>(i);
    const auto count = std::ranges::count_if(
        model_.jobs, [&](const auto& job) { return job.second.status() == status; });
    EXPECT_EQ(store().list_jobs({.status = status})->total, std::uint64_t(count));
  }
}

void StoreModel::compare_logs() {
  std::map<std::string, std::uint64_t> by_status;
  for (const auto& [id, row] : model_.logs) ++by_status[std::string(to_string(row.status))];
  EXPECT_EQ(store().log_stats({})->by_status, by_status);
  EXPECT_EQ(store().log_stats({.start_date = at(-1000)})->by_status, by_status);
  std::size_t seen = 0;
  LogFilter filter{.limit = 41};
  do {
    const auto page = store().query_logs(filter);
    ASSERT_TRUE(page);
    for (const auto& row : page->logs) EXPECT_EQ(row, model_.logs.at(row.id));
    seen += page->logs.size();
    filter.cursor = page->next;
  } while (filter.cursor);
  EXPECT_EQ(seen, model_.logs.size());
  for (int i = 0; i < 5 && !model_.logs.empty(); ++i) compare_names(pick(model_.logs)->second);
}

void StoreModel::compare_names(const NotificationLog& named) {
  const auto rows_with = [&](auto member) {
    std::vector<std::pair<TimePoint, NotificationLog>> rows;
    for (const auto& [id, row] : model_.logs) {
      if (row.*member == named.*member) rows.emplace_back(row.created_at, row);
    }
    std::ranges::stable_sort(rows, {}, [](const auto& each) { return each.first; });
    std::vector<NotificationLog> sorted;
    for (auto& each : rows) sorted.push_back(std::move(each.second));
    return sorted;
  };
  LogFilter by_name{.notification_id = named.notification_id};
  by_name.ascending = true;
  EXPECT_EQ(store().query_logs(by_name)->logs, rows_with(&NotificationLog::notification_id));
  if (!named.job_id) return;
  LogFilter by_job{.job_id = named.job_id};
  by_job.ascending = true;
  EXPECT_EQ(store().query_logs(by_job)->logs, rows_with(&NotificationLog::job_id));
}

void StoreModel::compare_inboxes() {
  for (const auto& [user, messages] : model_.inbox) {
    const auto page = store().inbox(user, 500, {}, false);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->messages.size(), messages.size());
    EXPECT_EQ(page->unread, std::uint64_t(std::ranges::count_if(
                                messages, [](const auto& each) { return !each.second.read; })));
    for (const auto& message : page->messages) EXPECT_EQ(message, messages.at(message.id));
  }
}

void StoreModel::compare() {
  compare_places();
  compare_lists();
  compare_logs();
  compare_inboxes();
}

TEST_P(StoreModel, EqualsAPlainModelAfterAnyHistory) {
  for (int sequence = 0; sequence < kSequences && !HasFailure(); ++sequence) {
    SCOPED_TRACE("sequence " + std::to_string(sequence));
    for (int i = 0; i < kOperations && !HasFailure(); ++i) operate();
    if (sequence % kRestartEvery == 0) restart();
    compare();
    // Keep it small, so that late sequences are about moves and not about size.
    while (model_.jobs.size() > 150 && !HasFailure()) {
      StoreBatch batch;
      remove_job(batch);
      must_commit(batch);
    }
  }
}

TOWNKRIER_ON_EACH_STORE(StoreModel);

}  // namespace
}  // namespace townkrier::testing
