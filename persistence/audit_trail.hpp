#pragma once

/// \file audit_trail.hpp
/// The audit rows of a store, the same rules for every store.

#include <string>

#include "townkrier/audit.hpp"
#include "townkrier/result.hpp"

namespace townkrier::persistence {

/// Deleting one by one would leave a tombstone a row in front of the oldest: they go in groups.
inline constexpr std::size_t kAuditSlack = 1'000;

bool matches(const AuditFilter& filter, const AuditEntry& entry);
/// With texts cut to what is stored, at the border of a character.
AuditEntry stored_form(AuditEntry entry);

/// Pages are cut at a row: the cursor names the last one that was looked at.
std::string audit_cursor(const Uuid& last);
Result<std::optional<Uuid>> parse_audit_cursor(const std::optional<std::string>& cursor);

}  // namespace townkrier::persistence
