#pragma once

/// \file audit.hpp
/// The audit log: who asked the HTTP interface to change what, and what came of it. Plain values.
/// Rows carry names of users and tokens, ids and codes; never recipients, contents or addresses.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "townkrier/id.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// Stores keep that many of the newest rows; older ones are deleted.
inline constexpr std::size_t kMaxAuditEntries = 100'000;

/// One row. Texts are cut to 200 bytes when they are stored.
struct AuditEntry {
  Uuid id;  ///< UUIDv7: rows sort by it.
  TimePoint at{};
  std::string actor;   ///< "user:ann", "token:shop", "local" (no login needed) or "unknown".
  std::string role;    ///< Empty for "unknown".
  std::string action;  ///< "job.retry", "queue.pause", "session.open", ...
  std::string target;  ///< An id or a name; may be empty.
  std::string result;  ///< "ok", or the code of the error: "conflict", "forbidden", ...
  /// Requests alike in a short time are one row: what programs enqueue, and wrong passwords.
  std::uint64_t count = 1;
  bool operator==(const AuditEntry&) const = default;
};

/// Which rows; newest first. Absent members do not restrict.
struct AuditFilter {
  std::optional<std::string> actor;
  std::optional<std::string> action;
  std::optional<TimePoint> from;      ///< Inclusive.
  std::optional<TimePoint> to;        ///< Inclusive.
  std::size_t limit = 50;             ///< 1..500.
  std::optional<std::string> cursor;  ///< `next` of an earlier page.
};

struct AuditPage {
  std::vector<AuditEntry> entries;
  /// Set when there may be more. A page of a narrow filter may hold fewer rows than `limit` all the
  /// same: a scan is bounded.
  std::optional<std::string> next;
};

}  // namespace townkrier
