#include "persistence/memory_store.hpp"

#include <mutex>
#include <utility>

#include "core/log_rows.hpp"
#include "persistence/batch_check.hpp"
#include "persistence/key_schema.hpp"
#include "persistence/stored_size.hpp"

namespace townkrier {

std::shared_ptr<Store> make_memory_store() {
  return std::make_shared<persistence::MemoryStore>();
}

}  // namespace townkrier

namespace townkrier::persistence {
namespace {

std::unexpected<Error> broken(const Uuid& id, std::string_view why) {
  return fail(Errc::kInternal, id.to_string() + " " + std::string(why));
}

LaneKey lane_of(const JobEnvelope& envelope, const std::string& route) {
  return {envelope.queue, route, envelope.priority};
}

/// Counts a job in or out of a place.
void count_place(LedgerDelta& delta, const JobEnvelope& envelope, const JobPlace& place,
                 std::int64_t by) {
  delta.add_job(envelope.queue, place.status, by);
  if (place.status != JobStatus::kPending) return;
  delta.add_ready(lane_prefix(lane_of(envelope, place.route)), by);
}

}  // namespace

std::optional<JobPlace> MemoryStore::place_in(const Plan& plan, const JobId& id) const {
  if (const auto planned = plan.places.find(id); planned != plan.places.end()) {
    return planned->second;
  }
  const auto stored = jobs_.find(id);
  if (stored == jobs_.end()) return std::nullopt;
  return place_of(*stored->second.envelope, stored->second.state);
}

std::optional<JobId> MemoryStore::holder_in(const Plan& plan, const std::string& key) const {
  if (const auto planned = plan.holders.find(key); planned != plan.holders.end()) {
    return planned->second;
  }
  const auto stored = holders_.find(key);
  return stored == holders_.end() ? std::nullopt : std::optional(stored->second);
}

Result<void> MemoryStore::expect_place(const Plan& plan, const Job& job,
                                       const JobPlace& before) const {
  const auto present = place_in(plan, job.id());
  if (!present) return broken(job.id(), "is not stored");
  if (*present != before) return broken(job.id(), "is not where the caller says it is");
  return {};
}

Result<EnqueueOutcome> MemoryStore::plan_new(Plan& plan, const NewJob& added) const {
  const JobEnvelope& envelope = *added.job.envelope;
  if (!envelope.unique_key.empty() && !is_terminal(added.job.status())) {
    if (const auto holder = holder_in(plan, envelope.unique_key)) {
      return EnqueueOutcome{*holder, true};
    }
    plan.holders[envelope.unique_key] = envelope.id;
  }
  if (place_in(plan, envelope.id)) return broken(envelope.id, "is stored already");
  const JobPlace place = place_of(envelope, added.job.state);
  plan.places[envelope.id] = place;
  count_place(plan.delta, envelope, place, 1);
  plan_size(plan, added.job, std::nullopt, place);
  for (const auto& row : added.logs) {
    if (auto ok = plan_log(plan, row, std::nullopt); !ok) return std::unexpected(ok.error());
  }
  return EnqueueOutcome{envelope.id, false};
}

Result<void> MemoryStore::plan_change(Plan& plan, const JobChange& change) const {
  if (auto ok = expect_place(plan, change.job, change.before); !ok) return ok;
  const JobEnvelope& envelope = *change.job.envelope;
  const JobPlace after = place_of(envelope, change.job.state);
  count_place(plan.delta, envelope, change.before, -1);
  count_place(plan.delta, envelope, after, 1);
  plan_size(plan, change.job, change.before, after);
  plan.places[envelope.id] = after;
  if (!envelope.unique_key.empty() &&
      is_terminal(after.status) != is_terminal(change.before.status)) {
    const auto holder = holder_in(plan, envelope.unique_key);
    if (is_terminal(after.status) && holder == envelope.id) {
      plan.holders[envelope.unique_key] = std::nullopt;
    } else if (!is_terminal(after.status) && !holder) {
      plan.holders[envelope.unique_key] = envelope.id;
    }
  }
  plan_inbox(plan, change.inbox);
  for (const DeliveryLog& log : change.logs) plan_log_move(plan, change.job, log);
  for (const NewJob& child : change.children) {
    const auto outcome = plan_new(plan, child);
    if (!outcome) return std::unexpected(outcome.error());
    if (outcome->deduplicated) plan.left_out.insert(child.job.id());
  }
  return {};
}

void MemoryStore::plan_size(Plan& plan, const Job& job, const std::optional<JobPlace>& before,
                            const std::optional<JobPlace>& after) const {
  if (before == after) return;
  if (before && is_terminal(before->status)) {
    const auto planned = plan.sizes.find(job.id());
    const std::uint64_t bytes =
        planned == plan.sizes.end() ? finished_bytes_.at(job.id()) : planned->second;
    plan.delta.add_size(to_string(before->status), -1, -static_cast<std::int64_t>(bytes));
    plan.sizes[job.id()] = 0;
  }
  if (after && is_terminal(after->status)) {
    const std::uint64_t bytes = stored_bytes(job);
    plan.delta.add_size(to_string(after->status), 1, static_cast<std::int64_t>(bytes));
    plan.sizes[job.id()] = bytes;
  }
}

Result<void> MemoryStore::plan_removal(Plan& plan, const JobRemoval& removal) const {
  if (auto ok = expect_place(plan, removal.job, removal.before); !ok) return ok;
  const JobEnvelope& envelope = *removal.job.envelope;
  count_place(plan.delta, envelope, removal.before, -1);
  plan_size(plan, removal.job, removal.before, std::nullopt);
  plan.places[envelope.id] = std::nullopt;
  if (!envelope.unique_key.empty() && holder_in(plan, envelope.unique_key) == envelope.id) {
    plan.holders[envelope.unique_key] = std::nullopt;
  }
  return {};
}

Result<void> MemoryStore::plan_log(Plan& plan, const NotificationLog& row,
                                   std::optional<LogStatus> previous) const {
  const auto present = log_status_in(plan, row.id);
  if (present && !previous) return broken(row.id, "is a log row already");
  if (present) plan.delta.add_log(row.channel, *present, -1);
  plan.delta.add_log(row.channel, row.status, 1);
  plan.log_statuses[row.id] = row.status;
  return {};
}

std::optional<LogStatus> MemoryStore::log_status_in(const Plan& plan, const LogId& id) const {
  if (const auto planned = plan.log_statuses.find(id); planned != plan.log_statuses.end()) {
    return planned->second;
  }
  const auto stored = logs_.find(id);
  return stored == logs_.end() ? std::nullopt : std::optional(stored->second.status);
}

void MemoryStore::plan_log_move(Plan& plan, const Job& job, const DeliveryLog& log) const {
  const Delivery& delivery = job.state.deliveries[log.delivery];
  const auto present = log_status_in(plan, delivery.log_id);
  if (!present) return;  // deleted
  plan.delta.add_log(delivery.channel, *present, -1);
  plan.delta.add_log(delivery.channel, delivery.status, 1);
  plan.log_statuses[delivery.log_id] = delivery.status;
}

void MemoryStore::plan_inbox(Plan& plan, std::span<const InboxMessage> messages) const {
  for (const auto& message : messages) {
    if (message_ids_.contains({message.user_id, message.id})) continue;
    if (!plan.messages.emplace(message.user_id, message.id).second) continue;
    if (!message.read) plan.delta.add_unread(message.user_id, 1);
    plan.delta.add_size(kInboxSize, 1, static_cast<std::int64_t>(stored_bytes(message)));
  }
}

Result<MemoryStore::Plan> MemoryStore::plan(const StoreBatch& batch) const {
  Plan plan;
  for (const auto& each : batch.enqueued) {
    const auto outcome = plan_new(plan, each);
    if (!outcome) return std::unexpected(outcome.error());
    plan.outcomes.push_back(*outcome);
  }
  for (const auto& each : batch.changes) {
    if (auto ok = plan_change(plan, each); !ok) return std::unexpected(ok.error());
  }
  for (const auto& each : batch.removals) {
    if (auto ok = plan_removal(plan, each); !ok) return std::unexpected(ok.error());
  }
  plan_inbox(plan, batch.inbox);
  return plan;
}

Result<std::vector<EnqueueOutcome>> MemoryStore::commit(const StoreBatch& batch, Durability) {
  if (auto ok = check(batch); !ok) return std::unexpected(ok.error());
  const std::lock_guard lock(mutex_);
  auto planned = plan(batch);
  if (!planned) return std::unexpected(planned.error());
  auto rows = ledger_.resolve(planned->delta);
  if (!rows) return std::unexpected(rows.error());
  ledger_.adopt(*rows);
  apply(batch, *planned);
  return std::move(planned->outcomes);
}

void MemoryStore::apply(const StoreBatch& batch, const Plan& plan) {
  for (std::size_t i = 0; i < batch.enqueued.size(); ++i) {
    if (!plan.outcomes[i].deduplicated) put_new(batch.enqueued[i]);
  }
  for (const auto& change : batch.changes) {
    Job job = change.job;
    // As on disk, the envelope only changes when it is rewritten.
    if (!change.rewrite_envelope) job.envelope = jobs_.at(job.id()).envelope;
    drop_job(job.id());
    put_job(job);
    for (const auto& log : change.logs) {
      const Delivery& delivery = job.state.deliveries[log.delivery];
      const auto row = logs_.find(delivery.log_id);
      if (row != logs_.end()) update_row(row->second, delivery);
    }
    for (const auto& each : change.inbox) put_inbox(each);
    for (const auto& child : change.children) {
      if (!plan.left_out.contains(child.job.id())) put_new(child);
    }
  }
  for (const auto& removal : batch.removals) drop_job(removal.job.id());
  for (const auto& each : batch.inbox) put_inbox(each);
  for (const auto& [name, value] : batch.settings) settings_[name] = value;
  for (const auto& entry : batch.entries) put_entry(entry, plan.outcomes);
  for (const auto& [id, bytes] : plan.sizes) {
    bytes > 0 ? void(finished_bytes_[id] = bytes) : void(finished_bytes_.erase(id));
  }
  for (const auto& [key, holder] : plan.holders) {
    if (holder) {
      holders_[key] = *holder;
    } else {
      holders_.erase(key);
    }
  }
}

MemoryStore::Index* MemoryStore::index_of(const JobEnvelope& envelope, const JobPlace& place) {
  switch (place.status) {
    case JobStatus::kPending:
      return &ready_[lane_of(envelope, place.route)];
    case JobStatus::kScheduled:
    case JobStatus::kRetrying:
      return &due_;
    case JobStatus::kProcessing:
      return nullptr;
    default:
      return &finished_[static_cast<std::size_t>(place.status)];
  }
}

void MemoryStore::put_new(const NewJob& added) {
  put_job(added.job);
  for (const auto& row : added.logs) put_log(row);
}

void MemoryStore::put_job(const Job& job) {
  const JobPlace place = place_of(*job.envelope, job.state);
  if (auto* index = index_of(*job.envelope, place)) index->insert({place.time, job.id()});
  by_status_[static_cast<std::size_t>(place.status)].insert(job.id());
  jobs_[job.id()] = job;
}

void MemoryStore::drop_job(const JobId& id) {
  const auto found = jobs_.find(id);
  const Job& job = found->second;
  const JobPlace place = place_of(*job.envelope, job.state);
  if (auto* index = index_of(*job.envelope, place)) index->erase({place.time, id});
  if (place.status == JobStatus::kPending) {
    const auto lane = ready_.find(lane_of(*job.envelope, place.route));
    if (lane->second.empty()) ready_.erase(lane);
  }
  by_status_[static_cast<std::size_t>(place.status)].erase(id);
  jobs_.erase(found);
}

void MemoryStore::put_log(const NotificationLog& row) {
  logs_[row.id] = row;
  log_time_.insert({row.created_at, row.id});
}

void MemoryStore::put_inbox(const InboxMessage& message) {
  if (!message_ids_.emplace(message.user_id, message.id).second) return;
  inbox_[message.user_id].emplace(IndexPosition{message.created_at, message.id}, message);
  message_time_.insert({{message.created_at, message.id}, message.user_id});
}

}  // namespace townkrier::persistence
