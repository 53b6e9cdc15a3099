#pragma once

// Which of what has ended goes next. Runs on the store's thread.

#include "townkrier/config.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

struct RetentionRules {
  LogOptions logs;
  RetentionOptions retention;
  Durability durability = Durability::kFsync;
};

/// Deletes at most one slice of each kind of what is over its limits, oldest first, found by time
/// or by its counted size; without auto_cleanup only entries whose time is over. True when there is more to delete.
Result<bool> sweep(Store& store, const RetentionRules& rules, TimePoint now);

}  // namespace townkrier
