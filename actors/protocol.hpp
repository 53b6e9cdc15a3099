#pragma once

// Everything the actors say to each other: atoms, messages, typed handles. The only header where a
// new message is declared. CAF 0.17's spelling is kept to this folder, so that a move to a later
// CAF is a change here.
//
// Messages carry vectors, not single jobs, inside a Parcel: a message is copied freely, its content
// is not. Whoever receives a parcel owns its content (there is one receiver) and may move from it.
//
//                 enqueue            committed            deliver
//   callers ───────────────▶ store ─────────────▶ scheduler ────────▶ channel ──▶ worker
//                              ▲   apply, operate, │   ▲   outcomes     │  ▲        │
//                              └────── load ───────┘   └────────────────┘  └────────┘

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "core/due_wheel.hpp"
#include "core/lifecycle.hpp"
#include "core/ready_queue.hpp"
#include "townkrier/backend.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/events.hpp"
#include "townkrier/job.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// Content of a message, shared instead of copied.
template <class T>
struct Parcel {
  std::shared_ptr<T> content;
  T* operator->() const { return content.get(); }
  T& operator*() const { return *content; }
};

template <class T>
Parcel<T> parcel(T content) {
  return {std::make_shared<T>(std::move(content))};
}

}  // namespace townkrier

// Parcels never leave the process, so they need no type id and no inspect().
template <class T>
struct caf::allowed_unsafe_message_type<townkrier::Parcel<T>> : std::true_type {};

namespace townkrier {

// Verbs. CAF 0.17 allows at most ten characters in a text.
using enqueue_atom = caf::atom_constant<caf::atom("enqueue")>;
using apply_atom = caf::atom_constant<caf::atom("apply")>;
using operate_atom = caf::atom_constant<caf::atom("operate")>;
using load_atom = caf::atom_constant<caf::atom("load")>;
using run_atom = caf::atom_constant<caf::atom("run")>;
using flush_atom = caf::atom_constant<caf::atom("flush")>;
using sync_atom = caf::atom_constant<caf::atom("sync")>;
using attach_atom = caf::atom_constant<caf::atom("attach")>;
using commit_atom = caf::atom_constant<caf::atom("commit")>;
using recover_atom = caf::atom_constant<caf::atom("recover")>;
using lane_atom = caf::atom_constant<caf::atom("lane")>;
using due_atom = caf::atom_constant<caf::atom("due")>;
using credit_atom = caf::atom_constant<caf::atom("credit")>;
using outcome_atom = caf::atom_constant<caf::atom("outcome")>;
using act_atom = caf::atom_constant<caf::atom("act")>;
using flow_atom = caf::atom_constant<caf::atom("flow")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using deliver_atom = caf::atom_constant<caf::atom("deliver")>;
using cancel_atom = caf::atom_constant<caf::atom("cancel")>;
using drain_atom = caf::atom_constant<caf::atom("drain")>;
using ack_atom = caf::atom_constant<caf::atom("ack")>;
using info_atom = caf::atom_constant<caf::atom("info")>;
using read_atom = caf::atom_constant<caf::atom("read")>;
using event_atom = caf::atom_constant<caf::atom("event")>;
using rebind_atom = caf::atom_constant<caf::atom("rebind")>;
using report_atom = caf::atom_constant<caf::atom("report")>;
using extend_atom = caf::atom_constant<caf::atom("extend")>;
using stuck_atom = caf::atom_constant<caf::atom("stuck")>;

class AttemptMailbox;

// ---- To the store -----------------------------------------------------------------------------

/// Calls its function exactly once: with an answer, or, when it is dropped unanswered because its
/// actor died, with kUnavailable. So no caller waits for ever.
template <class T>
class ReplyOnce {
 public:
  ReplyOnce() = default;
  explicit ReplyOnce(Reply<T> reply) : reply_(std::move(reply)) {}
  ReplyOnce(ReplyOnce&& other) noexcept : reply_(std::exchange(other.reply_, nullptr)) {}
  ReplyOnce& operator=(ReplyOnce&& other) noexcept {
    std::swap(reply_, other.reply_);
    return *this;
  }
  ~ReplyOnce() {
    if (reply_) reply_(fail(Errc::kUnavailable, "the engine has stopped"));
  }
  void operator()(Result<T> result) {
    if (auto reply = std::exchange(reply_, nullptr)) reply(std::move(result));
  }

 private:
  Reply<T> reply_;
};

/// New jobs, all or none; answered after the write is durable.
struct EnqueueCall {
  std::vector<NewJob> jobs;
  std::uint64_t bytes = 0;  ///< For admission.
  ReplyOnce<std::vector<EnqueuedJob>> reply;
  std::optional<IdempotencyKey> once = std::nullopt;
};

/// One delivery of one attempt.
struct DeliveryKey {
  AttemptToken token;
  std::uint32_t delivery = 0;  ///< Index in JobState::deliveries.
  auto operator<=>(const DeliveryKey&) const = default;
};

/// Tells a channel that an outcome of its is on disk (or was refused) and can be forgotten.
struct OutcomeAck {
  std::size_t channel = 0;
  DeliveryKey key;
};

/// The scheduler's changes to jobs it holds. Kept and tried again while the disk is full.
struct ApplyCall {
  std::vector<JobChange> begins;    ///< Attempts that may start once this is written (no fsync).
  std::vector<JobChange> promoted;  ///< Jobs whose time has come (no fsync: found again if lost).
  std::vector<JobChange> reports;   ///< What attempts say of themselves (no fsync).
  std::vector<JobChange> progress;  ///< A delivery ended, the attempt goes on.
  std::vector<JobChange> ends;      ///< Attempts over.
  std::vector<OutcomeAck> acks;     ///< Echoed in Committed.
  std::function<void()> done;       ///< Called after the commit; may be empty.
};

/// A note in a job's state that changes neither its status nor its time.
struct JobNote {
  std::function<void(JobState&, TimePoint)> apply = {};
  enum class Scope : std::uint8_t {
    kWaitingJob,  ///< Not of one that runs or has ended; written without fsync.
    kAnyJob,      ///< Durable.
  } scope = Scope::kWaitingJob;
  explicit operator bool() const { return bool(apply); }
};

/// An operator's wish for one job that the scheduler does not hold.
struct OperateCall {
  JobId id;
  JobAction action = JobAction::kRetry;
  ReplyOnce<Job> reply;
  JobNote note = {};  ///< Instead of the action.
};

/// Anything else that writes: run on the store's thread, between groups.
struct StoreTask {
  std::function<void(Store&)> run;
};

// ---- To the scheduler -------------------------------------------------------------------------

/// What a group commit changed, in one message. The scheduler learns of every job that became ready
/// or began to wait from here alone, in commit order; index loads are answered in the same order.
struct Committed {
  std::vector<Job> ready;
  std::vector<Job> waiting;
  std::vector<Job> begun;
  std::vector<JobId> released;  ///< Jobs whose operation is over.
  std::vector<OutcomeAck> acks;
};

/// The store as a (re)started scheduler finds it.
struct Recovered {
  std::vector<LaneKey> lanes;
  std::vector<Job> processing;
  std::vector<std::string> paused;
};

struct LaneLoaded {
  ReadyQueue::Refill request;
  std::vector<Job> jobs;
};

struct DueLoaded {
  DueWheel::Load request;
  std::vector<Job> jobs;
};

struct ChannelAttached {
  std::size_t channel = 0;
  std::vector<DeliveryKey> inventory;  ///< In flight, or ended but not acknowledged.
  std::vector<std::shared_ptr<AttemptMailbox>> mailboxes;  ///< Of those that have one.
};

struct ChannelOutcome {
  std::size_t channel = 0;
  DeliveryKey key;
  DeliveryOutcome outcome;
};

/// A running attempt asks for more time.
struct ExtendCall {
  DeliveryKey key;
  Duration from_now{};
  ReplyOnce<void> reply;
};

struct ActCall {
  JobId id;
  JobAction action = JobAction::kRetry;
  ReplyOnce<Job> reply;
  JobNote note = {};  ///< Instead of the action.
};

struct FlowCall {
  std::string queue;
  DashboardBackend::Flow flow = DashboardBackend::Flow::kPause;
  ReplyOnce<bool> reply;  ///< True when the queue is paused now.
};

struct StopCall {
  enum class Reason : std::uint8_t { kPause, kExit };
  Reason reason = Reason::kPause;
  std::function<void()> done;
};

struct SchedulerInfo {
  bool processing = false;
  std::size_t running = 0;
  std::size_t ready_in_memory = 0;
  std::size_t waiting_in_memory = 0;
};
struct SchedulerInfoCall {
  ReplyOnce<SchedulerInfo> reply;
};

// ---- To channels, workers and the rest
// -----------------------------------------------------------

struct Order {
  DeliveryKey key;
  std::shared_ptr<const JobEnvelope> envelope;
  std::string channel;
  LogId idempotency_key;
  std::uint32_t attempt = 1;
  std::shared_ptr<AttemptMailbox> mailbox;  ///< Null for notifications.
};

struct ChannelInfoCall {
  ReplyOnce<ChannelInfo> reply;
};

/// For a worker: runs `provider->send(request, done)`, catching everything.
struct WorkItem {
  std::shared_ptr<Provider> provider;
  DeliveryRequest request;
  DeliveryDone done;
};

struct ReadCall {
  std::function<void(const Store&)> run;
};

/// Returns false when it wants no more.
using EventSink = std::function<bool(const std::vector<JobEvent>&)>;

struct Attach;  // carries a scheduler handle, see below

// ---- Handles ------------------------------------------------------------------------------------

/// The only writer. Groups what it is sent into one atomic write and one fsync.
using StoreActor =
    caf::typed_actor<caf::reacts_to<enqueue_atom, Parcel<EnqueueCall>>,
                     caf::reacts_to<apply_atom, Parcel<ApplyCall>>,
                     caf::reacts_to<operate_atom, Parcel<OperateCall>>,
                     caf::reacts_to<load_atom, Parcel<ReadyQueue::Refill>>,  // answered by
                                                                             // lane_atom
                     caf::reacts_to<load_atom, Parcel<DueWheel::Load>>,      // answered by due_atom
                     caf::reacts_to<run_atom, Parcel<StoreTask>>,
                     caf::reacts_to<attach_atom, Parcel<Attach>>,  // answered by recover_atom
                     caf::reacts_to<flush_atom>,
                     // Writes what is gathered, syncs, and answers when nothing is left to write.
                     caf::replies_to<sync_atom>::with<bool>>;

/// Owns every job that is ready, waiting soon, or running. Decides what runs next.
using SchedulerActor = caf::typed_actor<
    caf::reacts_to<commit_atom, Parcel<Committed>>, caf::reacts_to<recover_atom, Parcel<Recovered>>,
    caf::reacts_to<lane_atom, Parcel<LaneLoaded>>, caf::reacts_to<due_atom, Parcel<DueLoaded>>,
    caf::reacts_to<attach_atom, Parcel<ChannelAttached>>,
    caf::reacts_to<credit_atom, std::uint64_t, std::int64_t>,  // channel, how many
    caf::reacts_to<outcome_atom, Parcel<std::vector<ChannelOutcome>>>,
    caf::reacts_to<report_atom, Parcel<DeliveryKey>>,  // its mailbox has something
    caf::reacts_to<extend_atom, Parcel<ExtendCall>>, caf::reacts_to<act_atom, Parcel<ActCall>>,
    caf::reacts_to<flow_atom, Parcel<FlowCall>>,
    caf::reacts_to<start_atom, Parcel<Duration>>,  // poll interval
    caf::reacts_to<stop_atom, Parcel<StopCall>>,
    caf::reacts_to<info_atom, Parcel<SchedulerInfoCall>>,
    caf::reacts_to<rebind_atom, std::uint64_t>,  // that channel was restarted: attach it again
    caf::reacts_to<tick_atom, std::uint64_t>>;   // timer generation

/// One a configured channel or job kind: provider chain, breaker, rate, credits.
using ChannelActor =
    caf::typed_actor<caf::reacts_to<deliver_atom, Parcel<std::vector<Order>>>,
                     caf::reacts_to<cancel_atom, Parcel<std::vector<DeliveryKey>>>,
                     caf::reacts_to<ack_atom, Parcel<std::vector<DeliveryKey>>>,
                     caf::reacts_to<attach_atom, Parcel<Attach>>,  // answered by attach_atom,
                                                                   // credit_atom, outcome_atom
                     caf::reacts_to<drain_atom>,                   // completions wait in the inbox
                     caf::reacts_to<credit_atom>,  // the rate limit may allow more now
                     caf::reacts_to<stuck_atom>,   // a grace time may be over
                     caf::reacts_to<info_atom, Parcel<ChannelInfoCall>>>;

/// Runs blocking code of a provider or handler, one item at a time, on a thread of its own.
using WorkerActor = caf::typed_actor<caf::reacts_to<run_atom, Parcel<WorkItem>>>;

/// Turns the crank of the transport loop on a thread of its own.
using TransportActor = caf::typed_actor<caf::reacts_to<run_atom>>;

/// Reads for the dashboard and the getters; never writes.
using QueryActor = caf::typed_actor<caf::reacts_to<read_atom, Parcel<ReadCall>>>;

/// Retention: deletes old rows and jobs in slices. Writes the series every few seconds.
using JanitorActor = caf::typed_actor<caf::reacts_to<tick_atom>, caf::reacts_to<ack_atom, bool>,
                                      caf::reacts_to<flush_atom>>;

/// Passes events of jobs and deliveries on to subscribers.
using EventsActor = caf::typed_actor<caf::reacts_to<event_atom, Parcel<std::vector<JobEvent>>>,
                                     caf::reacts_to<event_atom, Parcel<std::vector<DeliveryEvent>>>,
                                     caf::reacts_to<attach_atom, Parcel<EventSink>>>;

struct Attach {
  SchedulerActor scheduler;
  std::size_t channel = 0;  ///< For a channel: its number.
};

}  // namespace townkrier
