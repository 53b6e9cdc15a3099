#pragma once

/// \file fsck.hpp
/// The checks behind `examine_store`, for a database that is open already.

#include "persistence/rocksdb_database.hpp"
#include "townkrier/fsck.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// As `examine_store`. Writers may go on meanwhile: a view is one moment.
Result<CheckReport> check_view(const ReadView& view, const CheckProgressSink& progress = {});

}  // namespace townkrier::persistence
