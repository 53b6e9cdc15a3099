#pragma once

/// \file bench/limits.hpp
/// What this disk and RocksDB allow: loops that do nothing but write the same bytes in the same
/// groups with the same options. Each is measured once a run, when a scenario first asks for it.

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "bench/bare_loop.hpp"
#include "bench/options.hpp"
#include "bench/report.hpp"
#include "townkrier/result.hpp"

namespace townkrier::bench {

/// What the engine writes to its log for one job; measured by a short run of the engine itself.
struct JobBytes {
  std::size_t enqueue = 0;
  std::size_t finish = 0;  ///< Begin of the attempt and its end together.
};

class Limits {
 public:
  /// `dir` is for temporary data. `options` must outlive this.
  Limits(std::string dir, const Options& options) : dir_(std::move(dir)), options_(options) {}

  /// 4 KiB appended and synced, again and again: a second, and how long one takes (ms).
  Result<Limit> syncs_per_second();
  Result<Limit> sync_p50();
  Result<Limit> sync_p99();
  /// Jobs a second of a bare RocksDB loop: enqueue in groups of `group`.
  Result<Limit> bare_enqueue(std::size_t group);
  /// The same for finishing jobs: get, delete and two puts each, groups of 1000.
  Result<Limit> bare_finish();
  /// Both after each other for every job.
  Result<Limit> bare_both();

  Result<JobBytes> job_bytes();

 private:
  using Loop = Result<double> (*)(const BareLoop&);
  Result<void> measure_syncs();
  Result<Limit> measured(const std::string& name, Loop loop, BareLoop plan);

  const std::string dir_;
  const Options& options_;
  std::optional<Summary> sync_;
  double sync_rate_ = 0;
  std::optional<JobBytes> bytes_;
  std::map<std::string, double> rates_;
};

}  // namespace townkrier::bench
