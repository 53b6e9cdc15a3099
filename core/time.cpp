#include "townkrier/time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace townkrier {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr TimePoint kEarliest{};  // 1970-01-01T00:00:00.000Z
constexpr TimePoint kLatest =
    sys_days{std::chrono::year{9999} / std::chrono::December / 31} + 24h - 1ms;
constexpr std::size_t kLongestText = 64;

// Reads from the front of a text; every read either takes what it names or fails for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool accept(char c) {
    if (peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok_ = ok_ && accept(c); }

  // Exactly `digits` digits.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (peek() < '0' || peek() > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (peek() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  // One or more digits after a decimal sign, as milliseconds; further digits are cut.
  Duration fraction() {
    int value = 0;
    std::size_t digits = 0;
    for (; peek() >= '0' && peek() <= '9'; ++digits, rest_.remove_prefix(1)) {
      if (digits < 3) value = value * 10 + (peek() - '0');
    }
    if (digits == 0) ok_ = false;
    for (; digits < 3; ++digits) value *= 10;
    return Duration{value};
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<sys_days> read_date(Scanner& scanner) {
  const int year = scanner.number(4);
  scanner.expect('-');
  const int month = scanner.number(2);
  scanner.expect('-');
  const int day = scanner.number(2);
  const year_month_day date{std::chrono::year{year}, std::chrono::month(unsigned(month)),
                            std::chrono::day(unsigned(day))};
  if (!scanner.ok() || year < 1970 || !date.ok()) return std::nullopt;
  return sys_days{date};
}

std::optional<Duration> read_time_of_day(Scanner& scanner) {
  const int hour = scanner.number(2);
  scanner.expect(':');
  const int minute = scanner.number(2);
  int second = 0;
  Duration fraction{0};
  if (scanner.accept(':')) {
    second = scanner.number(2);
    if (scanner.accept('.') || scanner.accept(',')) fraction = scanner.fraction();
  }
  if (!scanner.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
         fraction;
}

// "Z", "+01:00", "+0100".
std::optional<Duration> read_offset(Scanner& scanner) {
  if (scanner.accept('Z') || scanner.accept('z')) return Duration{0};
  const bool west = scanner.peek() == '-';
  if (!scanner.accept('-') && !scanner.accept('+')) return std::nullopt;
  const int hour = scanner.number(2);
  scanner.accept(':');
  const int minute = scanner.number(2);
  if (!scanner.ok() || hour > 23 || minute > 59) return std::nullopt;
  const Duration offset = std::chrono::hours{hour} + std::chrono::minutes{minute};
  return west ? -offset : offset;
}

}  // namespace

TimePoint SystemClock::now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::string to_iso8601(TimePoint time) {
  const TimePoint shown = std::clamp(time, kEarliest, kLatest);
  const sys_days day = floor<days>(shown);
  const year_month_day date{day};
  const std::chrono::hh_mm_ss clock{shown - day};
  std::array<char, 32> buffer{};
  const int length = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
      unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
      int(clock.minutes().count()), int(clock.seconds().count()), int(clock.subseconds().count()));
  return std::string(buffer.data(), std::size_t(length));
}

Result<TimePoint> parse_iso8601(std::string_view text) {
  constexpr auto kWanted =
      "not an ISO-8601 date and time with offset, like 2026-01-01T00:00:00.000Z";
  if (text.size() > kLongestText) return fail(Errc::kMalformed, kWanted);
  Scanner scanner(text);
  const auto date = read_date(scanner);
  if (!date || (!scanner.accept('T') && !scanner.accept('t'))) {
    return fail(Errc::kMalformed, kWanted);
  }
  const auto time = read_time_of_day(scanner);
  if (!time) return fail(Errc::kMalformed, kWanted);
  const auto offset = read_offset(scanner);
  if (!offset || !scanner.at_end()) return fail(Errc::kMalformed, kWanted);
  const TimePoint result = TimePoint{*date} + *time - *offset;
  if (result < kEarliest || result > kLatest) {
    return fail(Errc::kMalformed, "the time is outside the years 1970 to 9999");
  }
  return result;
}

}  // namespace townkrier
