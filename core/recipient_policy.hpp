#pragma once

/// \file recipient_policy.hpp
/// Whether a recipient is to be left in peace now. Pure; time is passed in.

#include <optional>
#include <string>
#include <string_view>

#include "townkrier/config.hpp"
#include "townkrier/delivery_plan.hpp"
#include "townkrier/job.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Why and until when a delivery waits.
struct Deferral {
  TimePoint until{};
  std::string why;
};

/// Quiet hours of `[policy]` for one channel type and message; nullopt: it may go.
std::optional<Deferral> deferral(const PolicyOptions& options, std::string_view channel_type,
                                 const MessagePolicy& policy, TimePoint now);

/// The window of a digest: its end, when the one notification of it is sent, and the unique key
/// that makes it one.
struct DigestWindow {
  TimePoint end{};
  std::string unique_key;
};
DigestWindow digest_window(const DigestOptions& digest, TimePoint now);

/// Records in the history of a digest's job that `count` more notifications became part of it.
void note_joined(JobState& state, std::size_t count, TimePoint now);

}  // namespace townkrier
