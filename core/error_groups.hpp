#pragma once

/// \file error_groups.hpp
/// Failed jobs grouped by what went wrong. A plain class.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "townkrier/activity.hpp"
#include "townkrier/job.hpp"

namespace townkrier {

/// An error text without what differs from job to job: each number of four and more digits, id or
/// hexadecimal word becomes '#'; at most 200 bytes.
std::string error_pattern(std::string_view error);

/// Bounded: at most 1,000 patterns are told apart, the rest is one group "(other)".
class ErrorGroups {
 public:
  /// Jobs come newest first.
  void add(const Job& job);
  ErrorSummary summary() const;

 private:
  std::map<std::pair<std::string, std::string>, ErrorGroup> groups_;
  std::uint64_t scanned_ = 0;
};

}  // namespace townkrier
