#pragma once

/// \file batch_check.hpp
/// What every store refuses before it writes anything. Pure.

#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

/// kInvalidArgument for what cannot be stored: a nil id, a missing envelope, a text that does not
/// fit into a key.
Result<void> check(const StoreBatch& batch);
Result<void> check(const NotificationLog& row);

/// Whether a change of a log row by hand fits to the `stored` row (nullptr: none): kConflict,
/// kNotFound, or kInvalidArgument when it changes what must stay.
Result<void> check_change_by_hand(const LogChange& change, const NotificationLog* stored);

}  // namespace townkrier::persistence
