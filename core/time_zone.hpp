#pragma once

/// \file time_zone.hpp
/// Hours of the day where somebody lives. Thread-safe; the first use reads the machine's time zone
/// database (Debian: tzdata).

#include <optional>
#include <string>
#include <string_view>

#include "townkrier/config.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// An IANA name that this machine knows; "UTC" always.
bool is_time_zone(std::string_view name);

/// When the quiet hours end that `now` falls into; nullopt: it is not quiet. A zone that is unknown
/// counts as UTC.
std::optional<TimePoint> quiet_until(const QuietHours& hours, const std::string& time_zone,
                                     TimePoint now);

}  // namespace townkrier
