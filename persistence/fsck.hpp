#pragma once

/// \file fsck.hpp
/// The checks behind `check_store`, for a database that is open already.

#include <string>
#include <vector>

#include "persistence/rocksdb_database.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// As `check_store`. Writers may go on meanwhile: a view is one moment.
Result<std::vector<std::string>> check_view(const ReadView& view);

}  // namespace townkrier::persistence
