#include "actors/service_actors.hpp"

#include <chrono>
#include <utility>

#include "actors/guarded.hpp"
#include "actors/retention.hpp"

namespace townkrier {

namespace {

constexpr Duration kPollWait{100};
constexpr auto kSaveEvery = std::chrono::seconds{5};

}  // namespace

QueryActor::behavior_type query(QueryActor::stateful_pointer<QueryState> self,
                                std::shared_ptr<const Store> store, LogSink log) {
  guard(self, QueryState::name, log);
  return {
      [store](read_atom, const Parcel<ReadCall>& call) { call->run(*store); },
  };
}

TransportActor::behavior_type transport(TransportActor::stateful_pointer<TransportState> self,
                                        std::shared_ptr<TransportLoop> loop, LogSink log) {
  guard(self, TransportState::name, log);
  self->send(self, run_atom::value);
  return {
      [self, loop](run_atom) {
        loop->run_once(kPollWait);
        self->send(self, run_atom::value);
      },
  };
}

JanitorActor::behavior_type janitor(JanitorActor::stateful_pointer<JanitorState> self,
                                    JanitorConfig config) {
  guard(self, JanitorState::name, config.log);
  self->state.config = std::move(config);
  self->delayed_send(self, self->state.config.retention.interval, tick_atom::value);
  if (self->state.config.activity) self->delayed_send(self, kSaveEvery, flush_atom::value);
  return {
      [self](tick_atom) {
        const JanitorConfig& c = self->state.config;
        const RetentionRules rules{c.logs, c.retention, c.durability};
        // The janitor may end before its task runs; then nobody needs the answer.
        self->send(
            c.store, run_atom::value,
            parcel(StoreTask{[rules, clock = c.clock, log = c.log,
                              janitor = caf::actor_cast<caf::actor_addr>(self)](Store& store) {
              const auto more = sweep(store, rules, clock->now());
              if (!more && log) {
                log(LogLevel::kWarning,
                    actor_line("janitor", "sweep_failed", more.error().message));
              }
              if (auto alive = caf::actor_cast<JanitorActor>(janitor)) {
                caf::anon_send(alive, ack_atom::value, more.value_or(false));
              }
            }}));
      },
      [self](ack_atom, bool more) {
        if (more)
          self->send(self, tick_atom::value);
        else
          self->delayed_send(self, self->state.config.retention.interval, tick_atom::value);
      },
      [self](flush_atom) {
        const JanitorConfig& c = self->state.config;
        self->delayed_send(self, kSaveEvery, flush_atom::value);
        if (c.activity->unsaved().empty()) return;
        self->send(
            c.store, run_atom::value,
            parcel(StoreTask{[activity = c.activity, clock = c.clock, log = c.log](Store& store) {
              const auto saved = save_series(*activity, store, clock->now());
              if (!saved && log) {
                log(LogLevel::kWarning,
                    actor_line("janitor", "series_not_saved", saved.error().message));
              }
            }}));
      },
  };
}

EventsActor::behavior_type events(EventsActor::stateful_pointer<EventsState> self,
                                  std::shared_ptr<DeliveryFeed> feed, LogSink log) {
  guard(self, EventsState::name, log);
  return {
      [self](event_atom, const Parcel<std::vector<JobEvent>>& events) {
        std::erase_if(self->state.sinks, [&](const auto& sink) { return !(*sink)(*events); });
      },
      [feed, log](event_atom, const Parcel<std::vector<DeliveryEvent>>& events) {
        if (feed && feed->tell(*events) > 0) {
          log(LogLevel::kError,
              actor_line(EventsState::name, "listener_removed", "it threw an exception"));
        }
      },
      [self](attach_atom, const Parcel<EventSink>& sink) {
        self->state.sinks.push_back(sink.content);
      },
  };
}

}  // namespace townkrier
