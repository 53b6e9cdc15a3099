#pragma once

// Owns every job that is ready, waits for a time soon, or runs. Decides what runs next
// (ReadyQueue), wakes what is due (DueWheel), judges outcomes (lifecycle), times attempts out. All
// changes of a job that exists pass through here, so no two of them race.
//
// Invariants:
//  1. A job is in at most one of ready_, waiting_, running_, held_.
//  2. Jobs enter ready_ and waiting_ only by the store's word (Committed, Loaded), in commit order.
//  3. An attempt is handed to a channel only after its begin is written.
//  4. An outcome counts only if its token is that of the running attempt.

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/attempt_mailbox.hpp"
#include "actors/protocol.hpp"
#include "core/due_wheel.hpp"
#include "core/ready_queue.hpp"
#include "townkrier/config.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier {

struct SchedulerConfig {
  QueueOptions options;
  ContentPrivacy privacy = ContentPrivacy::kMasked;
  std::shared_ptr<const Clock> clock;
  Uuid run_id;             ///< Of this process run; part of every token.
  std::uint64_t seed = 0;  ///< For jitter.
  StoreActor store;
  std::vector<std::string> channels;  ///< Names; the index is the channel's number.
  /// The channel actor of a number as of now (it may have been restarted).
  std::function<ChannelActor(std::size_t)> channel;
  JobMaker make_job;  ///< For the children of jobs.
  LogSink log;
  ReadyQueue::Limits ready_limits;
  DueWheel::Limits due_limits;
};

class SchedulerState {
 public:
  static inline const char* name = "scheduler";
  using Steady = caf::actor_clock::time_point;

  SchedulerState();
  void init(SchedulerActor::pointer self, SchedulerConfig config);

  void committed(Committed news);
  void recovered(Recovered found);
  void lane_loaded(LaneLoaded loaded);
  void due_loaded(DueLoaded loaded);
  void channel_attached(ChannelAttached attached);
  void credit(std::size_t channel, std::int64_t count);
  void outcomes(std::vector<ChannelOutcome> outcomes);
  void reported(const DeliveryKey& key);
  void extend(ExtendCall call);
  void act(ActCall call);
  void flow(FlowCall call);
  void start(Duration poll_interval);
  void stop(StopCall call);
  void channel_restarted(std::size_t channel);
  void tick(std::uint64_t generation);
  SchedulerInfo info() const;

 private:
  // One running attempt. `job` is null until its begin is written.
  struct Running {
    std::shared_ptr<Job> job;
    AttemptToken token;
    std::vector<std::size_t> chosen;  // deliveries that are part of the attempt
    std::size_t open = 0;             // of them, without an outcome
    Steady deadline{};
    AttemptEnd end = AttemptEnd::kNormal;
    std::shared_ptr<AttemptMailbox> mailbox;  // null for notifications
  };
  using RunningMap = std::unordered_map<JobId, Running>;

  struct Channel {
    std::int64_t credits = 0;
    bool attached = false;
  };

  // scheduler_actor.cpp
  bool ready_to_dispatch() const;
  void recover_processing(std::vector<Job> jobs);
  void adopt(Job job, std::vector<std::size_t> in_flight);
  void arm();
  void arm_at(Steady when);
  Steady steady_now() const;
  void promote_due();
  void notice_clock();
  bool is_held(const JobId& id) const { return held_.contains(id) || running_.contains(id); }

  // scheduler_dispatch.cpp
  void dispatch();
  bool has_room(const std::string& queue, std::size_t channel);
  bool is_runnable(const std::string& queue, const std::string& route);
  const std::vector<std::size_t>& channels_of(const std::string& route);
  std::size_t channel_number(const std::string& name) const;
  JobChange begin(Job job);
  void request_loads();
  void started(std::vector<Job> begun);
  void hand_over(Running& running, std::map<std::size_t, std::vector<Order>>& orders);

  // scheduler_reports.cpp
  void note(Running& running, ActCall call);
  Running* current(const DeliveryKey& key);
  void write_reports();

  // scheduler_outcomes.cpp
  void record(const ChannelOutcome& arrived, ApplyCall& call);
  void record_one(Running& running, std::size_t delivery, const DeliveryOutcome& outcome,
                  std::vector<DeliveryLog>& logs, std::vector<InboxMessage>& inbox);
  void finish(RunningMap::iterator at, std::vector<DeliveryLog> logs,
              std::vector<InboxMessage> inbox, ApplyCall& call);
  void free_slots(const Running& running, std::size_t delivery);
  void time_out_attempts();
  void time_out(RunningMap::iterator at, const std::string& error, ApplyCall& call);
  void cancel_deliveries(const Running& running);
  void acknowledge(const std::vector<OutcomeAck>& acks);
  void send_apply(ApplyCall call);

  void check_drained();
  void hand_back_running();
  void finish_stop();

  SchedulerActor::pointer self_ = nullptr;
  SchedulerConfig config_;
  OutcomeRules rules_;
  std::mt19937_64 random_;

  ReadyQueue ready_;
  DueWheel waiting_;
  RunningMap running_;
  std::unordered_set<JobId> held_;  // an operation is under way
  std::unordered_map<JobId, std::vector<ActCall>> after_held_;
  // Arrived before the recovery: whose attempts they are is not known yet.
  std::vector<ActCall> early_;
  std::vector<ChannelOutcome> early_outcomes_;
  std::set<std::pair<Steady, JobId>> deadlines_;
  std::set<DeliveryKey> reported_;     // have something to be written
  std::optional<Steady> reports_due_;  // when

  std::vector<Channel> channels_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> routes_;
  std::map<std::pair<std::string, std::size_t>, int> in_queue_;  // running by (queue, channel)
  std::set<std::string> paused_;
  std::size_t turn_ = 0;  // of the queues

  bool processing_ = false;
  bool recovered_ = false;
  std::optional<Recovered> pending_recovery_;
  std::unordered_map<JobId, std::vector<DeliveryKey>> inventory_;
  std::map<DeliveryKey, std::shared_ptr<AttemptMailbox>> found_mailboxes_;  // with the inventory

  Duration poll_interval_{1000};
  std::uint64_t timer_generation_ = 0;
  std::optional<Steady> armed_for_;
  std::optional<Duration> wall_ahead_;  // of the steady clock, when it was last looked at

  std::vector<StopCall> stopping_;
  enum class StopPhase : std::uint8_t { kNone, kDraining, kCancelling };
  StopPhase stop_phase_ = StopPhase::kNone;
  Steady stop_deadline_{};
};

SchedulerActor::behavior_type scheduler(SchedulerActor::stateful_pointer<SchedulerState> self,
                                        SchedulerConfig config);

}  // namespace townkrier
