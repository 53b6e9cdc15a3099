#include <algorithm>
#include <bit>
#include <cmath>

#include "townkrier/activity.hpp"

namespace townkrier {

namespace {

using std::chrono::microseconds;

constexpr int kFineBits = 4;  // 16 buckets from one power of two to the next
constexpr std::uint64_t kFine = 1u << kFineBits;
constexpr std::uint64_t kMax = (std::uint64_t{1} << 40) - 1;

}  // namespace

// Below 16 us every value has its own bucket; above, the four bits after the first.
std::size_t LatencyHistogram::bucket_of(microseconds time) {
  const auto value = std::min<std::uint64_t>(
      kMax, static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count())));
  if (value < kFine) return value;
  const int shift = std::bit_width(value) - 1 - kFineBits;
  return static_cast<std::size_t>(shift + 1) * kFine + ((value >> shift) & (kFine - 1));
}

microseconds LatencyHistogram::value_of(std::size_t bucket) {
  if (bucket < kFine) return microseconds{bucket};
  const std::size_t shift = bucket / kFine - 1;
  const std::uint64_t low = (kFine + bucket % kFine) << shift;
  return microseconds{low + ((std::uint64_t{1} << shift) >> 1)};
}

void LatencyHistogram::add(std::size_t bucket, std::uint64_t count) {
  if (bucket >= kBuckets || count == 0) return;
  if (counts_.empty()) counts_.resize(kBuckets);
  counts_[bucket] += static_cast<std::uint32_t>(count);
  count_ += count;
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < other.counts_.size(); ++i) add(i, other.counts_[i]);
}

microseconds LatencyHistogram::percentile(double share) const {
  if (count_ == 0) return microseconds{0};
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return value_of(i);
  }
  return value_of(kBuckets - 1);
}

std::map<std::uint16_t, std::uint64_t> LatencyHistogram::filled() const {
  std::map<std::uint16_t, std::uint64_t> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0)
      filled.emplace_hint(filled.end(), static_cast<std::uint16_t>(i), counts_[i]);
  }
  return filled;
}

LatencySummary summary_of(const LatencyHistogram& histogram) {
  return {histogram.count(), histogram.percentile(0.50), histogram.percentile(0.95),
          histogram.percentile(0.99)};
}

}  // namespace townkrier
