#pragma once

// Runs blocking code of providers and job handlers, one item at a time. Spawned detached, so each
// worker has a thread of its own; its channel gives it the next item after the last one ended.

#include <memory>

#include "actors/calls_under_way.hpp"
#include "actors/protocol.hpp"
#include "townkrier/queue_manager.hpp"

namespace townkrier {

struct WorkerState {
  static inline const char* name = "worker";
};

/// `calls` counts what it runs; never null.
WorkerActor::behavior_type worker(WorkerActor::stateful_pointer<WorkerState> self, LogSink log,
                                  std::shared_ptr<CallsUnderWay> calls);

}  // namespace townkrier
