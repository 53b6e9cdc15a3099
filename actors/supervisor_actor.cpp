#include "actors/supervisor_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/guarded.hpp"

namespace townkrier {

namespace {

constexpr Duration kFirstBackoff{100};
constexpr Duration kLongestBackoff{10'000};
constexpr auto kCalm = std::chrono::seconds{60};  // a child that lived this long starts afresh
constexpr auto kSyncTimeout = std::chrono::seconds{30};

const char* role_name(SupervisorState::Role role) {
  using enum SupervisorState::Role;
  switch (role) {
    case kStore:
      return StoreState::name;
    case kEvents:
      return EventsState::name;
    case kQuery:
      return QueryState::name;
    case kTransport:
      return TransportState::name;
    case kChannel:
      return ChannelState::name;
    case kScheduler:
      return SchedulerState::name;
    case kJanitor:
      return JanitorState::name;
  }
  return "?";
}

}  // namespace

void SupervisorState::init(SupervisorActor::pointer self, SupervisorConfig config) {
  self_ = self;
  config_ = std::move(config);
  config_.directory->with([&](Directory::Handles& h) {
    h.channels.resize(config_.channels.size());
    h.queries.resize(config_.queries);
  });
  spawn_child(Role::kEvents, 0);
  spawn_child(Role::kStore, 0);
  for (std::size_t i = 0; i < config_.queries; ++i) spawn_child(Role::kQuery, i);
  if (config_.transport) spawn_child(Role::kTransport, 0);
  for (std::size_t i = 0; i < config_.channels.size(); ++i) spawn_child(Role::kChannel, i);
  spawn_child(Role::kScheduler, 0);
  spawn_child(Role::kJanitor, 0);
  if (config_.ready) config_.ready();
}

template <class Handle>
Handle SupervisorState::watch(Handle handle, Role role, std::size_t index) {
  self_->monitor(handle);
  children_[handle.address()] = {role, index};
  return handle;
}

template <class... Args>
auto SupervisorState::spawn_blocking(Args&&... args) {
  if (config_.threads == SupervisorConfig::Threads::kOwn) {
    return self_->spawn<caf::detached>(std::forward<Args>(args)...);
  }
  return self_->spawn(std::forward<Args>(args)...);
}

void SupervisorState::spawn_child(Role role, std::size_t index) {
  Directory& d = *config_.directory;
  const auto keep = [&](auto member, auto handle) {
    auto watched = watch(std::move(handle), role, index);
    d.with([&](Directory::Handles& h) { member(h) = watched; });
  };
  switch (role) {
    case Role::kEvents:
      keep(
          [](auto& h) -> auto& { return h.events; },
          self_->spawn(events, config_.feed, config_.log));
      break;
    case Role::kStore: {
      StoreConfig store_config = config_.store;
      store_config.events = d.events();
      store_config.feed = config_.feed;
      keep(
          [](auto& h) -> auto& { return h.store; }, spawn_blocking(store, store_config));
      break;
    }
    case Role::kQuery:
      keep(
          [index](auto& h) -> auto& { return h.queries[index]; },
          spawn_blocking(query, std::shared_ptr<const Store>(config_.store.store), config_.log));
      break;
    case Role::kTransport:
      keep(
          [](auto& h) -> auto& { return h.transport; },
          spawn_blocking(transport, config_.transport, config_.log));
      break;
    case Role::kChannel:
      keep(
          [index](auto& h) -> auto& { return h.channels[index]; },
          self_->spawn(channel,
                       ChannelActorConfig{
                           config_.channels[index], config_.log, config_.feed, config_.store.clock,
                           [directory = config_.directory] { return directory->events(); }, config_.calls}));
      break;
    case Role::kScheduler: {
      SchedulerConfig scheduler_config = config_.scheduler;
      scheduler_config.store = d.store();
      for (const auto& one : config_.channels) scheduler_config.channels.push_back(one.config.name);
      scheduler_config.channel = [directory = config_.directory](std::size_t number) {
        return directory->channel(number);
      };
      keep(
          [](auto& h) -> auto& { return h.scheduler; }, self_->spawn(scheduler, scheduler_config));
      break;
    }
    case Role::kJanitor:
      keep(
          [](auto& h) -> auto& { return h.janitor; },
          self_->spawn(janitor,
                       JanitorConfig{config_.logs, config_.retention, config_.store.durability,
                                     config_.store.clock, d.store(), config_.log,
                                     config_.store.activity}));
      break;
  }
}

void SupervisorState::start(Duration poll_interval) {
  processing_ = poll_interval;
  self_->send(config_.directory->scheduler(), start_atom::value, parcel(Duration{poll_interval}));
}

void SupervisorState::child_down(const caf::down_msg& down) {
  const auto found = children_.find(down.source);
  if (found == children_.end() || ending_) return;
  const Child child = found->second;
  children_.erase(found);
  config_.log(LogLevel::kError,
              actor_line(role_name(child.role), "died", caf::to_string(down.reason)));
  if (child.role == Role::kStore) {
    store_down(down.reason);
    return;
  }
  self_->delayed_send(self_, backoff(child.role, child.index), rebind_atom::value,
                      std::uint64_t(child.role), std::uint64_t(child.index));
}

Duration SupervisorState::backoff(Role role, std::size_t index) {
  Backoff& state = backoffs_[{role, index}];
  const auto now = self_->clock().now();
  if (now - state.last > kCalm) state.restarts = 0;
  state.last = now;
  return std::min(kLongestBackoff, kFirstBackoff * (1 << std::min(state.restarts++, 7)));
}

void SupervisorState::respawn(Role role, std::size_t index) {
  if (ending_) return;
  spawn_child(role, index);
  Directory& d = *config_.directory;
  if (role == Role::kChannel) self_->send(d.scheduler(), rebind_atom::value, std::uint64_t(index));
  if (role == Role::kScheduler && processing_) start(*processing_);
  if (config_.store.activity) config_.store.activity->restarted(role_name(role));
  config_.log(LogLevel::kInfo, actor_line(role_name(role), "restarted", {}));
}

void SupervisorState::store_down(const caf::error& reason) {
  ending_ = true;
  end_children();
  if (config_.fatal) {
    config_.fatal({Errc::kIo, "the store actor ended: " + caf::to_string(reason), {}});
  }
}

// Ordered: no new attempts, running ones drain, what is left is handed back, the last sync; then
// everybody exits.
void SupervisorState::stop(StopCall call) {
  const bool exiting = call.reason == StopCall::Reason::kExit;
  processing_.reset();
  if (!exiting) {
    self_->send(config_.directory->scheduler(), stop_atom::value, parcel(std::move(call)));
    return;
  }
  if (ending_) {
    call.done();
    return;
  }
  ending_ = true;
  StopCall inner{StopCall::Reason::kExit, [self = caf::actor_cast<SupervisorActor>(self_),
                                           done = std::move(call.done)]() mutable {
                   caf::anon_send(self, sync_atom::value,
                                  parcel(StopCall{StopCall::Reason::kExit, std::move(done)}));
                 }};
  self_->send(config_.directory->scheduler(), stop_atom::value, parcel(std::move(inner)));
}

void SupervisorState::drained(StopCall call) {
  auto done = std::make_shared<StopCall>(std::move(call));
  const auto finish = [this, done] {
    end_children();
    done->done();
    self_->quit(caf::exit_reason::user_shutdown);
  };
  self_->request(config_.directory->store(), kSyncTimeout, sync_atom::value)
      .then([finish](bool) { finish(); }, [finish](const caf::error&) { finish(); });
}

void SupervisorState::end_children() {
  if (config_.transport) config_.transport->stop();
  for (const auto& [address, child] : children_) {
    if (auto handle = caf::actor_cast<caf::strong_actor_ptr>(address)) {
      caf::anon_send_exit(caf::actor_cast<caf::actor>(handle), caf::exit_reason::user_shutdown);
    }
  }
  children_.clear();
}

SupervisorActor::behavior_type supervisor(SupervisorActor::stateful_pointer<SupervisorState> self,
                                          SupervisorConfig config) {
  guard(self, SupervisorState::name, config.log);
  self->set_down_handler(
      [self](caf::scheduled_actor*, caf::down_msg& down) { self->state.child_down(down); });
  self->state.init(self, std::move(config));
  auto& s = self->state;
  return {
      [&s](start_atom, const Parcel<Duration>& poll) { s.start(*poll); },
      [&s](stop_atom, const Parcel<StopCall>& call) { s.stop(std::move(*call)); },
      [&s](sync_atom, const Parcel<StopCall>& call) { s.drained(std::move(*call)); },
      [&s](rebind_atom, std::uint64_t role, std::uint64_t index) {
        s.respawn(SupervisorState::Role(role), index);
      },
  };
}

}  // namespace townkrier
