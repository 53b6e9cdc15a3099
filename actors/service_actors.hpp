#pragma once

// The small actors beside the path of a job: reads, the transport loop, retention, events.

#include <memory>
#include <vector>

#include "actors/protocol.hpp"
#include "core/delivery_events.hpp"
#include "core/activity.hpp"
#include "townkrier/config.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier {

struct QueryState {
  static inline const char* name = "query";
};
/// Runs reads against the store. Spawned detached: it blocks on the disk.
QueryActor::behavior_type query(QueryActor::stateful_pointer<QueryState> self,
                                std::shared_ptr<const Store> store, LogSink log);

struct TransportState {
  static inline const char* name = "transport";
};
/// Runs the loop until it is told to exit. Spawned detached: it blocks in poll.
TransportActor::behavior_type transport(TransportActor::stateful_pointer<TransportState> self,
                                        std::shared_ptr<TransportLoop> loop, LogSink log);

struct JanitorConfig {
  LogOptions logs;
  RetentionOptions retention;
  Durability durability = Durability::kFsync;
  std::shared_ptr<const Clock> clock;
  StoreActor store;
  LogSink log;
  std::shared_ptr<Activity> activity = nullptr;  ///< Shared with the store actor, which fills it.
};
struct JanitorState {
  static inline const char* name = "janitor";
  JanitorConfig config;
};
/// Every five seconds the series are written. From time to time, unless `auto_cleanup` is off: log
/// rows, ended jobs and messages that are over the retention go, in slices between which the store
/// does other work.
JanitorActor::behavior_type janitor(JanitorActor::stateful_pointer<JanitorState> self,
                                    JanitorConfig config);

struct EventsState {
  static inline const char* name = "events";
  std::vector<std::shared_ptr<EventSink>> sinks;
};
/// Listeners of delivery events are in `feed`, which may be null.
EventsActor::behavior_type events(EventsActor::stateful_pointer<EventsState> self,
                                  std::shared_ptr<DeliveryFeed> feed, LogSink log);

}  // namespace townkrier
