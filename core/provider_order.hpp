#pragma once

/// \file provider_order.hpp
/// Which provider of a channel is tried first, and which are the fallbacks.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "townkrier/config.hpp"

namespace townkrier {

/// The order of provider indexes for each delivery. Not thread-safe.
/// - priority: always 0, 1, 2, ...
/// - round-robin: the first moves on by one each time, the rest follow in a circle.
/// - weighted: the first is chosen in proportion to the weights, evenly spread (smooth weighted
///   round-robin, as in nginx); the fallbacks follow in configured order.
class ProviderOrder {
 public:
  /// `weights` (for kWeighted) has one entry a provider; missing or negative ones count as 1 and 0.
  /// When all are 0, all count as 1.
  ProviderOrder(ProviderStrategy strategy, std::size_t providers, std::vector<int> weights = {});

  /// Every index once, in the order to try. Empty when there is no provider.
  std::vector<std::size_t> next();

 private:
  std::size_t next_weighted();

  ProviderStrategy strategy_;
  std::size_t providers_;
  std::vector<std::int64_t> weights_;
  std::vector<std::int64_t> current_;
  std::size_t turn_ = 0;
};

}  // namespace townkrier
