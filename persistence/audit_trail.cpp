#include "persistence/audit_trail.hpp"

#include <utility>

#include "core/utf8.hpp"
#include "persistence/cursor.hpp"

namespace townkrier::persistence {
namespace {

constexpr char kAuditCursor = 'a';
constexpr std::size_t kMaxText = 200;

}  // namespace

bool matches(const AuditFilter& filter, const AuditEntry& entry) {
  return (!filter.actor || *filter.actor == entry.actor) &&
         (!filter.action || *filter.action == entry.action) &&
         (!filter.from || *filter.from <= entry.at) && (!filter.to || entry.at <= *filter.to);
}

AuditEntry stored_form(AuditEntry entry) {
  for (auto* part : {&entry.actor, &entry.role, &entry.action, &entry.target, &entry.result}) {
    part->resize(utf8_cut(*part, kMaxText).size());
  }
  return entry;
}

std::string audit_cursor(const Uuid& last) {
  return make_cursor(kAuditCursor, {TimePoint{}, last});
}

Result<std::optional<Uuid>> parse_audit_cursor(const std::optional<std::string>& cursor) {
  auto position = parse_cursor(kAuditCursor, cursor);
  if (!position) return std::unexpected(position.error());
  if (!*position) return std::nullopt;
  return (*position)->id;
}

}  // namespace townkrier::persistence
