#pragma once

/// \file bench/bare_loop.hpp
/// A database of the engine's shape and options, written by a loop without an engine.

#include <cstddef>
#include <string>

#include "bench/histogram.hpp"
#include "townkrier/result.hpp"

namespace townkrier::bench {

struct BareLoop {
  std::string path;       ///< Must not exist.
  std::size_t jobs = 0;   ///< At most this many,
  double seconds = 0;     ///< or for so long.
  std::size_t group = 1;  ///< Jobs in one batch and one sync.
  std::size_t enqueue_bytes = 0;
  std::size_t finish_bytes = 0;
  bool sync = true;
};

/// Two records and three index entries a job, as an enqueue writes. Jobs a second.
Result<double> bare_enqueue_rate(const BareLoop& loop);
/// Stores jobs first, then gets, deletes and puts twice for each. Jobs a second of the latter.
Result<double> bare_finish_rate(const BareLoop& loop);

/// Appends of 4 KiB with fdatasync for so long (at most 3000 of them), each recorded.
Result<double> append_sync_rate(const std::string& path, double seconds, Histogram& durations);

}  // namespace townkrier::bench
