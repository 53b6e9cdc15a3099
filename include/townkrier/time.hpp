#pragma once

/// \file time.hpp
/// Wall-clock time points with millisecond resolution, and the port they come from.

#include <chrono>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier {

using namespace std::chrono_literals;

/// UTC wall time, milliseconds since 1970. Schedules and stored times use it.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

/// All durations of the public interface.
using Duration = std::chrono::milliseconds;

/// Where wall time comes from. Implementations are thread-safe and never throw.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

/// The operating system's clock. Stateless.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
};

/// "2026-01-01T00:00:00.000Z"; always UTC, always with milliseconds.
std::string to_iso8601(TimePoint time);

/// Reads an ISO-8601 date and time with `Z` or a numeric offset; seconds may carry a fraction
/// (digits beyond milliseconds are cut). A date without a time or a time without an offset is
/// refused with kMalformed, as is any year outside 1970..9999.
Result<TimePoint> parse_iso8601(std::string_view text);

}  // namespace townkrier
