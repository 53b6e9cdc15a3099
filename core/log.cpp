#include "townkrier/log.hpp"

#include <array>

#include "core/enum_names.hpp"

namespace townkrier {

namespace {

constexpr std::array<std::string_view, kLogStatusCount> kStatusNames = {
    "scheduled", "sending",   "sent",    "delivered",  "failed",
    "retrying",  "cancelled", "bounced", "complained", "skipped"};

constexpr std::array<std::string_view, 3> kPrivacyNames = {"public", "private", "masked"};

}  // namespace

std::string_view to_string(LogStatus status) {
  const auto index = static_cast<std::size_t>(status);
  return index < kStatusNames.size() ? kStatusNames[index] : "unknown";
}

Result<LogStatus> parse_log_status(std::string_view text) {
  return enum_from_name<LogStatus>(text, kStatusNames);
}

std::string_view to_string(ContentPrivacy level) {
  const auto index = static_cast<std::size_t>(level);
  return index < kPrivacyNames.size() ? kPrivacyNames[index] : "unknown";
}

Result<ContentPrivacy> parse_content_privacy(std::string_view text) {
  return enum_from_name<ContentPrivacy>(text, kPrivacyNames);
}

}  // namespace townkrier
