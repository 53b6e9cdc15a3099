#include "core/provider_order.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace townkrier {

ProviderOrder::ProviderOrder(ProviderStrategy strategy, std::size_t providers,
                             std::vector<int> weights)
    : strategy_(strategy), providers_(providers), weights_(providers, 1), current_(providers, 0) {
  for (std::size_t i = 0; i < providers && i < weights.size(); ++i) {
    weights_[i] = std::max(0, weights[i]);
  }
  if (std::ranges::all_of(weights_, [](std::int64_t weight) { return weight == 0; })) {
    std::ranges::fill(weights_, 1);
  }
}

// Each provider gains its weight; the richest is chosen and pays for all.
std::size_t ProviderOrder::next_weighted() {
  for (std::size_t i = 0; i < providers_; ++i) current_[i] += weights_[i];
  const auto richest = std::ranges::max_element(current_);
  *richest -= std::accumulate(weights_.begin(), weights_.end(), std::int64_t{0});
  return static_cast<std::size_t>(richest - current_.begin());
}

std::vector<std::size_t> ProviderOrder::next() {
  std::vector<std::size_t> order(providers_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (providers_ < 2 || strategy_ == ProviderStrategy::kPriority) return order;
  if (strategy_ == ProviderStrategy::kRoundRobin) {
    std::ranges::rotate(order, order.begin() + static_cast<std::ptrdiff_t>(turn_));
    turn_ = (turn_ + 1) % providers_;
    return order;
  }
  const auto first = static_cast<std::ptrdiff_t>(next_weighted());
  std::rotate(order.begin(), order.begin() + first, order.begin() + first + 1);
  return order;
}

}  // namespace townkrier
