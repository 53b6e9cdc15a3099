#pragma once

/// \file fsck.hpp
/// Checks a store against itself.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/result.hpp"

namespace townkrier {

/// How far a check is. `expected` is an estimate, and may be passed.
struct CheckProgress {
  std::string_view part;  ///< What is being read, for people: "jobs".
  std::uint64_t done = 0;
  std::uint64_t expected = 0;
};
using CheckProgressSink = std::function<void(const CheckProgress&)>;

struct CheckReport {
  std::vector<std::string> findings;  ///< What is wrong, one line each, at most 1,000.
  std::uint64_t jobs = 0;             ///< What was read.
  std::uint64_t logs = 0;
  std::uint64_t messages = 0;
};

/// Reads everything in the RocksDB store at `path`. Checked: every checksum is right and every
/// record can be read; every job has exactly one place among ready, due, processing and finished;
/// every index entry belongs to something; unique keys are held by unfinished jobs; counters equal
/// what is stored. Changes nothing and takes no lock; a server may be running on it: the check sees
/// one moment. Findings name ids and queues, never payloads or recipients. `progress` is called
/// about every 10,000 records. Errors: kNotFound (no store there), kIo, kCorruption (cannot be
/// opened), kInvalidConfig (written by another version).
Result<CheckReport> examine_store(const std::string& path, const CheckProgressSink& progress = {});

/// The findings alone; empty: nothing is wrong.
Result<std::vector<std::string>> check_store(const std::string& path);

}  // namespace townkrier
