#pragma once

/// \file ledger.hpp
/// The counters of a store. A batch collects its differences in a LedgerDelta; `resolve` turns them
/// into absolute rows, which are written with the batch and then adopted. Plain classes without
/// locks.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/job.hpp"
#include "townkrier/log.hpp"
#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

template <std::size_t N>
using Counts = std::array<std::uint64_t, N>;
template <std::size_t N>
using Differences = std::array<std::int64_t, N>;

using JobCounts = Counts<kJobStatusCount>;
using LogCounts = Counts<kLogStatusCount>;
template <class T>
using ByName = std::map<std::string, T, std::less<>>;

/// Values by name, where most look-ups are for the name of the look-up before.
template <class T>
class NamedRows {
 public:
  T& operator[](std::string_view name) {
    if (last_ != by_name_.end() && last_->first == name) return last_->second;
    last_ = by_name_.find(name);
    if (last_ == by_name_.end()) last_ = by_name_.emplace(name, T{}).first;
    return last_->second;
  }
  void clear() {
    by_name_.clear();
    last_ = by_name_.end();
  }
  const ByName<T>& by_name() const { return by_name_; }

 private:
  ByName<T> by_name_;
  typename ByName<T>::iterator last_ = by_name_.end();
};

/// What one batch adds and takes away.
class LedgerDelta {
 public:
  void clear();

  void add_job(std::string_view queue, JobStatus status, std::int64_t count);
  /// `lane` is the lane's key prefix (key_schema.hpp).
  void add_ready(std::string_view lane, std::int64_t count);
  void add_log(std::string_view channel, LogStatus status, std::int64_t count);
  void add_unread(std::string_view user, std::int64_t count);
  /// Stored things of a class (stored_size.hpp).
  void add_size(std::string_view name, std::int64_t count, std::int64_t bytes);

 private:
  friend class Ledger;
  NamedRows<Differences<kJobStatusCount>> queues_;
  NamedRows<Differences<1>> lanes_;
  NamedRows<Differences<kLogStatusCount>> channels_;
  NamedRows<Differences<1>> unread_;
  NamedRows<Differences<2>> sizes_;
};

/// Absolute values of the rows a batch touched; a row of zeros is to be removed.
struct LedgerRows {
  std::vector<std::pair<std::string, JobCounts>> queues;
  std::vector<std::pair<std::string, Counts<1>>> lanes;
  std::vector<std::pair<std::string, LogCounts>> channels;
  std::vector<std::pair<std::string, Counts<1>>> unread;
  std::vector<std::pair<std::string, Counts<2>>> sizes;  // how many, bytes
};

template <std::size_t N>
bool all_zero(const Counts<N>& counts) {
  return counts == Counts<N>{};
}

class Ledger {
 public:
  /// kInternal when a counter would go below zero: the caller was wrong about what is stored.
  Result<LedgerRows> resolve(const LedgerDelta& delta) const;
  void adopt(const LedgerRows& rows);

  QueueStats job_stats() const;
  std::map<std::string, QueueStats> job_stats_by_queue() const;
  /// Jobs that pass a filter on status and queue, or on one of them, or on none.
  std::uint64_t jobs(const std::optional<std::string>& queue, JobStatusSet status) const;
  std::vector<LaneSize> lanes() const;
  /// Sizes of lanes by key prefix.
  std::uint64_t ready_in(std::string_view lane) const;
  std::vector<std::string> lane_prefixes_of(std::string_view queue) const;
  StorageStats log_stats(const std::optional<std::string>& channel) const;
  std::uint64_t logs(const std::optional<std::string>& channel,
                     std::optional<LogStatus> status) const;
  std::uint64_t unread(std::string_view user) const;
  StoredSize size(std::string_view name) const;

  bool operator==(const Ledger&) const = default;
  /// Lines that say where this ledger, the stored one, differs from what was counted.
  std::vector<std::string> differences(const Ledger& counted) const;

 private:
  ByName<JobCounts> queues_;
  ByName<Counts<1>> lanes_;
  ByName<LogCounts> channels_;
  ByName<Counts<1>> unread_;
  ByName<Counts<2>> sizes_;
};

/// Adds a log row to a summary.
void count_log(StorageStats& stats, const std::string& channel, LogStatus status,
               std::uint64_t count);

}  // namespace townkrier::persistence
