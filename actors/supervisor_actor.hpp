#pragma once

// The root: spawns everybody, watches everybody, and knows what to do when one dies.
//
//   store      everything stops, loudly; the process should exit (crash-only: the next start
//   recovers) scheduler  restarted; rebuilds from the store and from what the channels still have
//   in flight channel    restarted; the scheduler counts what it was sending as transient failures
//   query, transport, janitor, events   restarted
//
// A child that keeps dying is restarted ever more slowly (100 ms doubling to 10 s).

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/channel_actor.hpp"
#include "actors/protocol.hpp"
#include "actors/scheduler_actor.hpp"
#include "actors/service_actors.hpp"
#include "actors/store_actor.hpp"

namespace townkrier {

/// The handles of the moment. Written by the supervisor, read by anybody. Thread-safe.
class Directory {
 public:
  struct Handles {
    StoreActor store;
    SchedulerActor scheduler;
    std::vector<ChannelActor> channels;
    std::vector<QueryActor> queries;
    TransportActor transport;
    JanitorActor janitor;
    EventsActor events;
  };

  template <class F>
  auto with(F use) {
    const std::lock_guard lock{mutex_};
    return use(handles_);
  }
  StoreActor store() {
    return with([](Handles& h) { return h.store; });
  }
  SchedulerActor scheduler() {
    return with([](Handles& h) { return h.scheduler; });
  }
  EventsActor events() {
    return with([](Handles& h) { return h.events; });
  }
  ChannelActor channel(std::size_t number) {
    return with([&](Handles& h) { return h.channels.at(number); });
  }
  std::vector<ChannelActor> channels() {
    return with([](Handles& h) { return h.channels; });
  }
  /// The next query actor in turn.
  QueryActor query() {
    return with([this](Handles& h) { return h.queries[turn_++ % h.queries.size()]; });
  }
  /// Drops all handles; nobody may use the directory afterwards.
  void clear() {
    with([](Handles& h) { h = {}; });
  }

 private:
  std::mutex mutex_;
  Handles handles_;
  std::size_t turn_ = 0;
};

struct SupervisorConfig {
  std::shared_ptr<Directory> directory;
  StoreConfig store;          ///< `events` is filled in by the supervisor.
  SchedulerConfig scheduler;  ///< `store`, `channels`, `channel` are filled in.
  std::vector<ConfiguredChannel> channels;
  std::shared_ptr<TransportLoop> transport;  ///< Null: none is run.
  LogOptions logs;
  RetentionOptions retention;
  std::size_t queries = 2;
  LogSink log;
  std::shared_ptr<DeliveryFeed> feed = nullptr;  ///< Listeners of delivery events; may be null.
  /// What runs on worker threads.
  std::shared_ptr<CallsUnderWay> calls = std::make_shared<CallsUnderWay>();
  std::function<void(const Error&)> fatal;
  std::function<void()> ready;  ///< Called once when the directory is filled; may be empty.
  /// Blocking actors get threads of their own. Tests on virtual time say no.
  enum class Threads : std::uint8_t { kOwn, kShared } threads = Threads::kOwn;
};

/// start: begin to run jobs (poll interval). stop: the ordered end of everything; `done` is called
/// when the store has synced and every child was told to exit.
/// The other two are the supervisor's own: the scheduler has drained; a backoff is over.
using SupervisorActor = caf::typed_actor<caf::reacts_to<start_atom, Parcel<Duration>>,
                                         caf::reacts_to<stop_atom, Parcel<StopCall>>,
                                         caf::reacts_to<sync_atom, Parcel<StopCall>>,
                                         caf::reacts_to<rebind_atom, std::uint64_t, std::uint64_t>>;

class SupervisorState {
 public:
  static inline const char* name = "supervisor";
  enum class Role : std::uint8_t {
    kStore,
    kEvents,
    kQuery,
    kTransport,
    kChannel,
    kScheduler,
    kJanitor
  };

  void init(SupervisorActor::pointer self, SupervisorConfig config);
  void start(Duration poll_interval);
  void stop(StopCall call);
  void child_down(const caf::down_msg& down);
  void respawn(Role role, std::size_t index);
  void drained(StopCall call);

 private:
  struct Child {
    Role role;
    std::size_t index = 0;
  };
  struct Backoff {
    int restarts = 0;
    caf::actor_clock::time_point last{};
  };

  template <class Handle>
  Handle watch(Handle handle, Role role, std::size_t index);
  template <class... Args>
  auto spawn_blocking(Args&&... args);
  void spawn_child(Role role, std::size_t index);
  void store_down(const caf::error& reason);
  void end_children();
  Duration backoff(Role role, std::size_t index);

  SupervisorActor::pointer self_ = nullptr;
  SupervisorConfig config_;
  std::map<caf::actor_addr, Child> children_;
  std::map<std::pair<Role, std::size_t>, Backoff> backoffs_;
  std::optional<Duration> processing_;  // the poll interval, while jobs are run
  bool ending_ = false;
};

SupervisorActor::behavior_type supervisor(SupervisorActor::stateful_pointer<SupervisorState> self,
                                          SupervisorConfig config);

}  // namespace townkrier
