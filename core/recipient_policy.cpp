#include "core/recipient_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/time_zone.hpp"
#include "core/transitions.hpp"

namespace townkrier {

namespace {

bool keeps_quiet(const QuietHours& hours, std::string_view channel_type) {
  static constexpr std::array<std::string_view, 3> kUsual = {"sms", "push", "whatsapp"};
  if (hours.channels.empty()) return std::ranges::find(kUsual, channel_type) != kUsual.end();
  return std::ranges::find(hours.channels, channel_type) != hours.channels.end();
}

}  // namespace

std::optional<Deferral> deferral(const PolicyOptions& options, std::string_view channel_type,
                                 const MessagePolicy& policy, TimePoint now) {
  if (!options.quiet_hours || policy.critical) return std::nullopt;
  if (!keeps_quiet(*options.quiet_hours, channel_type)) return std::nullopt;
  const std::string& zone = policy.time_zone.empty() ? options.time_zone : policy.time_zone;
  const auto until = quiet_until(*options.quiet_hours, zone, now);
  if (!until) return std::nullopt;
  return Deferral{*until, "not sent yet: quiet hours in " + zone + " until " + to_iso8601(*until)};
}

void note_joined(JobState& state, std::size_t count, TimePoint now) {
  constexpr std::string_view kBegin = "Joined by ";
  if (!state.history.empty() && state.history.back().message.starts_with(kBegin)) {
    std::size_t before = 0;
    const std::string_view rest =
        std::string_view(state.history.back().message).substr(kBegin.size());
    std::from_chars(rest.data(), rest.data() + rest.size(), before);
    count += before;
    state.history.pop_back();
  }
  const std::string message =
      std::string(kBegin) + std::to_string(count) + " more of its digest, which are not sent alone";
  add_history(state, {now, state.attempts, state.status, message, {}, {}});
  state.updated_at = now;
}

DigestWindow digest_window(const DigestOptions& digest, TimePoint now) {
  const auto number = now.time_since_epoch() / digest.window;
  return {TimePoint{digest.window * (number + 1)},
          "digest:" + digest.key + "#" + std::to_string(number)};
}

}  // namespace townkrier
