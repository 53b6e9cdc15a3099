#pragma once

// The limit an engine on RocksDB can reach: a loop that does nothing but write the same bytes, in
// the same groups, to the same file system.

#include <cstddef>
#include <string>

namespace townkrier::bench {

struct BareLoop {
  std::size_t jobs = 0;
  std::size_t group = 64;           ///< Jobs in one batch and one sync.
  std::size_t bytes_per_job = 0;    ///< What the engine wrote to its log for a job.
  std::size_t records_per_job = 5;  ///< Envelope, state, index entry, log row, its index entry.
  bool sync = true;
};

/// Jobs a second, or a negative number when the database could not be opened.
double bare_enqueue_rate(const std::string& path, const BareLoop& loop);

/// Syncs a second of a small append: what the disk gives at most.
double sync_rate(const std::string& path, std::size_t count);

}  // namespace townkrier::bench
