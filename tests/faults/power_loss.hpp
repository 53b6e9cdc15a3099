#pragma once

/// \file power_loss.hpp
/// Random histories of a store that are cut by power losses, and what was found afterwards.

#include <cstdint>
#include <string>

#include "support/fault_file_system.hpp"
#include "townkrier/config.hpp"

namespace townkrier::testing {

struct PowerLossOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1;
  BlockOrder order = BlockOrder::kInOrder;
  enum class Promise : std::uint8_t {
    kKept,    ///< Most writes are kFsync, some kOs.
    kBroken,  ///< The same, but nothing is synced: the check must notice.
    kNone,    ///< All writes are kOs: the end may be lost, but nothing before it.
  };
  Promise promise = Promise::kKept;
};

struct PowerLossReport {
  std::uint64_t cycles = 0;        ///< Power losses.
  std::uint64_t acknowledged = 0;  ///< Writes that returned without an error.
  std::uint64_t lost = 0;          ///< Cycles after which the store was not a state it may be in.
  std::uint64_t refused = 0;       ///< Opens refused for a hole in the log, then accepted.
  std::uint64_t findings = 0;      ///< Lines of the check.
  std::uint64_t cut = 0;           ///< Cycles that took acknowledged writes away, rightly or not.
  std::string first;               ///< What was wrong first, with its seed.
};

PowerLossReport run_power_losses(const PowerLossOptions& options);

}  // namespace townkrier::testing
