#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace townkrier::bench {

// Values below 64 have a bucket each. Above, the six bits after the leading one choose it.
std::size_t Histogram::bucket_of(std::uint64_t nanoseconds) {
  if (nanoseconds < kLinear) return nanoseconds;
  const auto power = std::size_t(std::bit_width(nanoseconds)) - 7;  // 0 for 64..127
  const std::size_t within = (nanoseconds >> power) - kLinear;
  return std::min((power + 1) * kLinear + within, kLinear * kPowers - 1);
}

std::uint64_t Histogram::upper_end(std::size_t bucket) {
  if (bucket < kLinear) return bucket;
  const std::size_t power = bucket / kLinear - 1;
  const std::uint64_t lower = std::uint64_t{kLinear + bucket % kLinear} << power;
  return lower + (std::uint64_t{1} << power) - 1;
}

void Histogram::record(std::chrono::nanoseconds duration) {
  const auto value = std::uint64_t(std::max<std::int64_t>(0, duration.count()));
  buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
  std::uint64_t seen = max_.load(std::memory_order_relaxed);
  while (value > seen && !max_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
  count_.fetch_add(1);
}

std::chrono::nanoseconds Histogram::percentile(double share) const {
  const std::uint64_t all = count_.load();
  if (all == 0) return {};
  const auto wanted = std::max<std::uint64_t>(1, std::uint64_t(std::ceil(share * double(all))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket].load(std::memory_order_relaxed);
    if (seen >= wanted) {
      return std::chrono::nanoseconds(std::min(upper_end(bucket), max_.load()));
    }
  }
  return std::chrono::nanoseconds(max_.load());
}

Summary Histogram::summary() const {
  const auto ms = [&](double share) { return double(percentile(share).count()) / 1e6; };
  return {count(), ms(0.5), ms(0.9), ms(0.99), ms(0.999), double(max_.load()) / 1e6};
}

}  // namespace townkrier::bench
