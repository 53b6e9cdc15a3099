#pragma once

/// \file fsck.hpp
/// Checks a store directory against itself.

#include <string>
#include <vector>

#include "townkrier/result.hpp"

namespace townkrier {

/// Reads everything in the RocksDB store at `path` and returns what is wrong, one line each, at
/// most 1,000; empty: nothing. Checked: every record can be read; every job has exactly one place
/// among ready, due, processing and finished; every index entry belongs to something; unique keys
/// are held by unfinished jobs; counters equal what is stored. Changes nothing and takes no lock:
/// stop the server first, or check a copy. Lines name ids and queues, never payloads or recipients.
/// Errors: kNotFound (no store there), kIo, kCorruption (cannot be opened), kInvalidConfig (written
/// by another version).
Result<std::vector<std::string>> check_store(const std::string& path);

}  // namespace townkrier
