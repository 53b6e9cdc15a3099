// StoreState: what is remembered for a time beside the jobs.

#include <utility>

#include "actors/store_actor.hpp"
#include "core/remembered.hpp"

namespace townkrier {

Result<std::vector<EnqueuedJob>> StoreState::first_answer(const TimedEntry& entry,
                                                          const EnqueueCall& call) const {
  auto record = read_once(entry);
  if (!record) return std::unexpected(record.error());
  if (record->fingerprint != call.once->fingerprint) {
    return fail_field(Errc::kInvalidArgument, "Idempotency-Key", "was used for another request");
  }
  auto jobs = config_.store->get_jobs(record->jobs);
  if (!jobs) return std::unexpected(jobs.error());
  if (jobs->size() != record->jobs.size()) {
    return fail(Errc::kConflict, "the idempotency key was used; jobs it made have been deleted");
  }
  if (jobs->size() != call.jobs.size()) {
    return fail(Errc::kConflict,
                "the idempotency key was used, when other parts of the request were acceptable");
  }
  std::vector<EnqueuedJob> answer;
  for (Job& job : *jobs) answer.push_back({std::move(job), true});
  return answer;
}

bool StoreState::answer_repeated(EnqueueCall& call) {
  if (!call.once) return false;
  if (group_.once.contains(call.once->name)) flush();  // the first of both has to be stored
  const auto entry = config_.store->timed_entry(once_key(*call.once), config_.clock->now());
  if (!entry && entry.error().code == Errc::kNotFound) {
    group_.once.insert(call.once->name);
    return false;
  }
  config_.admission->leave(call.jobs.size(), call.bytes);
  call.reply(entry ? first_answer(*entry, call)
                   : Result<std::vector<EnqueuedJob>>(std::unexpected(entry.error())));
  return true;
}

// Made anew for each try to write a group.
void StoreState::add_entries(Group& group) const {
  const TimePoint now = config_.clock->now();
  std::map<std::string, TimedEntry> entries;
  for (const EnqueueSlot& slot : group.enqueues) {
    if (!slot.call.once) continue;
    const auto next =
        &slot == &group.enqueues.back() ? group.batch.enqueued.size() : (&slot + 1)->first;
    entries[slot.call.once->name] = once_entry(*slot.call.once, slot.first, next - slot.first, now);
  }
  for (const JobChange& change : group.batch.changes) {
    if (config_.receipt_providers.empty()) break;
    for (const DeliveryLog& log : change.logs) {
      const Delivery& delivery = change.job.state.deliveries[log.delivery];
      if (delivery.status != LogStatus::kSent || delivery.message_id.empty() ||
          !config_.receipt_providers.contains(delivery.provider)) {
        continue;
      }
      TimedEntry entry = message_entry(change.job.id(), delivery, now);
      entries[entry.key] = std::move(entry);
    }
  }
  group.batch.entries.clear();
  for (auto& [name, entry] : entries) group.batch.entries.push_back(std::move(entry));
}

}  // namespace townkrier
