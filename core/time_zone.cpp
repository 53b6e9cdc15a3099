#include "core/time_zone.hpp"

#include <date/tz.h>

#include <exception>

namespace townkrier {

namespace {

constexpr Duration kDay = std::chrono::days{1};

/// Null: UTC, or unknown.
const date::time_zone* find_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return nullptr;
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    return nullptr;
  }
}

// A local time as if it were UTC, and back. An hour that a clock skips ends when it is skipped.
Duration to_local(const date::time_zone* zone, TimePoint time) {
  if (zone == nullptr) return time.time_since_epoch();
  return zone->to_local(date::sys_time<Duration>{time.time_since_epoch()}).time_since_epoch();
}
TimePoint from_local(const date::time_zone* zone, Duration local) {
  if (zone == nullptr) return TimePoint{local};
  const date::local_time<Duration> time{local};
  return TimePoint{zone->to_sys(time, date::choose::latest).time_since_epoch()};
}

}  // namespace

bool is_time_zone(std::string_view name) {
  return name == "UTC" || find_zone(name) != nullptr;
}

std::optional<TimePoint> quiet_until(const QuietHours& hours, const std::string& time_zone,
                                     TimePoint now) {
  const date::time_zone* zone = find_zone(time_zone);
  const Duration local = to_local(zone, now);
  const Duration midnight = std::chrono::floor<std::chrono::days>(local);
  const Duration time = local - midnight;
  const bool overnight = hours.from > hours.to;
  const bool quiet =
      overnight ? time >= hours.from || time < hours.to : time >= hours.from && time < hours.to;
  if (!quiet) return std::nullopt;
  const bool ends_tomorrow = overnight && time >= hours.from;
  const TimePoint end = from_local(zone, midnight + hours.to + (ends_tomorrow ? kDay : Duration{}));
  // A clock set back within the quiet hours may make it now or earlier.
  if (end <= now) return std::nullopt;
  return end;
}

Result<Duration> parse_time_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() == 5 && digit(0) && digit(1) && text[2] == ':' && digit(3) && digit(4)) {
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour < 24 && minute < 60) return std::chrono::hours{hour} + std::chrono::minutes{minute};
  }
  return fail(Errc::kMalformed, "must be a time of day such as \"22:00\"");
}

}  // namespace townkrier
