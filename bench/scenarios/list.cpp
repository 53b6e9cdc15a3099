#include <algorithm>
#include <array>

#include "bench/workbench.hpp"

namespace townkrier::bench {

namespace {

constexpr std::array kScenarios = {
    Scenario{"enqueue-single", "durable enqueue, one call at a time", true, enqueue_single},
    Scenario{"enqueue-concurrent", "durable enqueue, many single calls in flight", true,
             enqueue_concurrent},
    Scenario{"enqueue-bulk", "durable enqueue in calls of 1000 jobs", true, enqueue_bulk},
    Scenario{"drain", "run stored jobs until all are recorded as completed", true, drain},
    Scenario{"end-to-end", "enqueue in calls of 1000 and run at the same time", true, end_to_end},
    Scenario{"latency", "enqueue to handler start at a fixed rate", true, latency},
    Scenario{"scheduled-burst", "lateness of many jobs due at one instant", true, scheduled_burst},
    Scenario{"scheduled-steady", "lateness of one scheduled job a second (30 s)", false,
             scheduled_steady},
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
