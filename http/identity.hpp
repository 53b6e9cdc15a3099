#pragma once

/// \file http/identity.hpp
/// Who sent a request, and what that lets them do. Plain values and pure functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/config.hpp"

namespace townkrier::http {

/// Who may call a route. Nobody, unless the route says otherwise.
enum class Access : std::uint8_t {
  kNobody,   ///< The default: a route without a rule is denied.
  kPublic,   ///< Anybody, without a login: liveness, signing in, the page's files.
  kKnown,    ///< Whoever is logged in.
  kRead,     ///< Who may look around: viewer, operator, admin.
  kLookUp,   ///< The same and producers: one thing whose id or name the caller knows.
  kProduce,  ///< Who may enqueue and send: producer, operator, admin.
  kOperate,  ///< Who may change jobs and queues: operator, admin.
  kAdmin,    ///< Only admin.
};

bool allows(Access access, Role role);

/// What a role may do, in words for a user interface: "read", "produce", "operate", "admin".
std::vector<std::string_view> permissions_of(Role role);

struct Identity {
  enum class Kind : std::uint8_t {
    kLocal,  ///< No login is needed on this server.
    kUser,
    kToken,
  };
  Kind kind = Kind::kLocal;
  std::string name;
  Role role = Role::kAdmin;
  bool operator==(const Identity&) const = default;

  /// As the audit log names it: "local", "user:ann", "token:shop".
  std::string label() const;
};

std::string_view to_string(Identity::Kind kind);

}  // namespace townkrier::http
