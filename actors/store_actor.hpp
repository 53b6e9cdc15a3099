#pragma once

// The only writer. Requests gather in a group; the first one sends the actor a flush message, which
// sorts behind everything already in its mailbox; the flush writes one batch with one fsync and
// answers everybody. Spawned detached: it blocks on the disk.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actors/protocol.hpp"
#include "core/activity.hpp"
#include "core/admission.hpp"
#include "core/delivery_events.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier {

struct StoreConfig {
  std::shared_ptr<Store> store;
  Durability durability = Durability::kFsync;
  ContentPrivacy privacy = ContentPrivacy::kMasked;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Admission> admission;
  EventsActor events;
  LogSink log;
  /// Told what every group changed; null: nobody counts.
  std::shared_ptr<Activity> activity;
  /// The store can no longer be trusted: everything has to stop.
  std::function<void(const Error&)> fatal;
  /// Told which log rows were written, after they are durable; null: nobody. Called on the store's
  /// thread.
  std::function<void(const std::vector<LogId>&)> log_sink;
  std::shared_ptr<const DeliveryFeed> feed = nullptr;  ///< Null: no delivery events.
  /// Whose messages are remembered, for receipts about them.
  std::set<std::string> receipt_providers = {};
};

class StoreState {
 public:
  static inline const char* name = "store";

  void init(StoreActor::pointer self, StoreConfig config);

  void enqueue(EnqueueCall call);
  void apply(ApplyCall call);
  void operate(OperateCall call);
  void load(ReadyQueue::Refill request);
  void load(DueWheel::Load request);
  void run(StoreTask task);
  void attach(SchedulerActor scheduler);
  void flush();
  /// Flushes; true when nothing is left that could not be written.
  bool sync();

 private:
  // What of the batch belongs to one enqueue call.
  struct EnqueueSlot {
    EnqueueCall call;
    std::size_t first = 0;
  };
  // An operator's change or removal, with its answer.
  struct OperateSlot {
    JobId id;
    ReplyOnce<Job> reply;
    Job job;  // as it is afterwards
  };
  // A gathered group.
  struct Group {
    StoreBatch batch;
    std::vector<EnqueueSlot> enqueues;
    std::vector<OperateSlot> operations;
    std::vector<ApplyCall> applied;  // their changes are in the batch, in order
    std::set<std::string> once;      // names of the idempotency keys of its enqueues
    bool needs_sync = false;
    bool empty() const { return enqueues.empty() && operations.empty() && applied.empty(); }
  };

  void arm();
  void add_changes(ApplyCall& call);
  // store_entries.cpp
  /// Answers a call whose idempotency key was used.
  bool answer_repeated(EnqueueCall& call);
  Result<std::vector<EnqueuedJob>> first_answer(const TimedEntry& entry,
                                                const EnqueueCall& call) const;
  void add_entries(Group& group) const;
  /// Refuses the group's new jobs when the store takes none; the rest goes on.
  void admit(Group& group);
  void acknowledge(Group& group);
  void refuse_enqueues(Group& group, const Error& error);
  void succeed(Group group, std::vector<EnqueueOutcome> outcomes);
  void answer_enqueues(Group& group, const std::vector<EnqueueOutcome>& outcomes, Committed& news);
  void answer_operations(Group& group, Committed& news);
  void tell_applied(Group& group, Committed& news);
  void tell_child(Job child, Committed& news);
  bool is_stored(const Job& child) const;
  void attach_when_written();
  void pass_on_logs(const Group& group, const std::vector<EnqueueOutcome>& outcomes);
  void count(const Group& group, const std::vector<EnqueueOutcome>& outcomes);
  void publish(const Group& group, const std::vector<EnqueueOutcome>& outcomes);
  void note_joined_digests();
  void publish_deliveries(const Group& group);
  void refuse(Group group, const Error& error);
  std::vector<ApplyCall> taken_back(Group& group);
  Result<Job> operated(const OperateCall& call);

  StoreActor::pointer self_ = nullptr;
  StoreConfig config_;
  SchedulerActor scheduler_;
  SchedulerActor attaching_;  // waits for what is not written yet
  Group group_;
  std::map<JobId, std::size_t> joined_;  // digests that got more since the last commit
  bool armed_ = false;
  bool failed_ = false;
  bool admitting_ = true;  // what the log was told last
};

StoreActor::behavior_type store(StoreActor::stateful_pointer<StoreState> self, StoreConfig config);

}  // namespace townkrier
