#include <algorithm>
#include <array>

#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

using enum Scenario::Where;

constexpr std::array kScenarios = {
    Scenario{"enqueue-single", "durable enqueue, one call at a time", kEngineOrServer, true,
             enqueue_single},
    Scenario{"enqueue-concurrent", "durable enqueue, many single calls in flight", kEngineOrServer,
             true, enqueue_concurrent},
    Scenario{"enqueue-bulk", "durable enqueue in calls of 1000 jobs", kEngineOrServer, true,
             enqueue_bulk},
    Scenario{"drain", "run stored jobs until all are recorded as completed", kEngine, true, drain},
    Scenario{"end-to-end", "enqueue in calls of 1000 and run at the same time", kEngine, true,
             end_to_end},
    Scenario{"latency", "enqueue to handler start at a fixed rate", kEngine, true, latency},
    Scenario{"scheduled-burst", "lateness of many jobs due at one instant", kEngine, true,
             scheduled_burst},
    Scenario{"scheduled-steady", "lateness of one scheduled job a second", kEngine, false,
             scheduled_steady},
    Scenario{"retry-storm", "drain when every fifth job fails once", kEngine, false, retry_storm},
    Scenario{"mixed-priorities", "drain of four priorities, and how long each waits", kEngine,
             false, mixed_priorities},
    Scenario{"hung-channel", "latency of a channel while jobs on another one hang", kEngine, false,
             hung_channel},
    Scenario{"outgoing", "HTTP deliveries to a provider of 50 ms, alone and beside a hung one",
             kEngine, false, outgoing},
    Scenario{"queries", "what a dashboard asks, while jobs flow", kEngine, false, queries},
    Scenario{"restart", "a fresh process, until the first stored job is handed out", kEngine, false,
             restart},
    Scenario{"depth", "memory, enqueue and drain with many jobs stored (--depths)", kEngine, false,
             depth},
    Scenario{"depth-retrying", "memory with many jobs waiting for a retry", kEngine, false,
             depth_retrying},
    Scenario{"http-enqueue", "POST /api/notifications over keep-alive connections", kEngineOrServer,
             false, http_enqueue},
    Scenario{"http-batch", "POST /api/notifications/batch, NDJSON of 1000 rows", kEngineOrServer,
             false, http_batch},
};

}  // namespace

std::span<const Scenario> scenarios() {
  return kScenarios;
}

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::ranges::find(kScenarios, name, &Scenario::name);
  return found == kScenarios.end() ? nullptr : &*found;
}

}  // namespace townkrier::bench
