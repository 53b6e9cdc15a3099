#pragma once

/// \file delivery_plan.hpp
/// What a notification says about its channels together and about its recipient: strategy,
/// fallbacks, policy. Plain values, kept with the job.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// How the channels of a notification hang together. Stored: DO NOT CHANGE THE NUMBERS.
enum class ChannelStrategy : std::uint8_t {
  /// All at once, each for itself; the job fails when one of them does. The default.
  kEach = 0,
  /// One after the other in the order of `via`; the first that fails for good ends the job, and the
  /// ones after it are not sent.
  kAllOrNothing = 1,
  /// All at once; the job completes when at least one was sent.
  kBestEffort = 2,
};
std::string_view to_string(ChannelStrategy strategy);
Result<ChannelStrategy> parse_channel_strategy(std::string_view text);

/// `channel` is only used when `instead_of` failed for good (or was skipped), or, when `after` is
/// given, was not sent within that time from when the job was due. The one that is sent first ends
/// the other.
struct ChannelFallback {
  std::string channel;
  std::string instead_of;
  std::optional<Duration> after = std::nullopt;  ///< 1 s..30 days; absent: on failure alone.
  bool operator==(const ChannelFallback&) const = default;
};

/// Several notifications of one key within a window are one: the first is sent when its window
/// ends, the others are not kept (their enqueue is answered with the first job).
struct DigestOptions {
  std::string key;     ///< 1..120 bytes, names recipient and subject: "42/new-comments".
  Duration window{0};  ///< 1 s..31 days. Windows are counted from 1970-01-01T00:00Z.
  bool operator==(const DigestOptions&) const = default;
};

/// What decides whether and when a recipient gets a notification.
struct MessagePolicy {
  std::string category = {};   ///< 1..64 bytes; what recipients can opt out of. Empty: nothing.
  std::string time_zone = {};  ///< The recipient's, "Africa/Lagos". Empty: the configured one.
  /// Sent at once whatever the category, the hour and the digest; only suppressed addresses
  /// (bounces, complaints) still get nothing.
  bool critical = false;
  std::optional<DigestOptions> digest = std::nullopt;
  bool operator==(const MessagePolicy&) const = default;
};

/// All of it. The default says nothing, and costs nothing.
struct DeliveryPlan {
  ChannelStrategy strategy = ChannelStrategy::kEach;
  std::vector<ChannelFallback> fallbacks =
      {};  ///< Each channel at most once as `channel`; acyclic.
  MessagePolicy policy = {};
  bool operator==(const DeliveryPlan&) const = default;
};

}  // namespace townkrier
