#include "http/identity.hpp"

namespace townkrier::http {

bool allows(Access access, Role role) {
  const bool admin = role == Role::kAdmin;
  const bool operates = admin || role == Role::kOperator;
  switch (access) {
    case Access::kPublic:
    case Access::kKnown:
    case Access::kLookUp:
      return true;
    case Access::kRead:
      return operates || role == Role::kViewer;
    case Access::kProduce:
      return operates || role == Role::kProducer;
    case Access::kOperate:
      return operates;
    case Access::kAdmin:
      return admin;
    case Access::kNobody:
      break;
  }
  return false;
}

std::vector<std::string_view> permissions_of(Role role) {
  std::vector<std::string_view> words;
  if (allows(Access::kRead, role)) words.emplace_back("read");
  if (allows(Access::kProduce, role)) words.emplace_back("produce");
  if (allows(Access::kOperate, role)) words.emplace_back("operate");
  if (allows(Access::kAdmin, role)) words.emplace_back("admin");
  return words;
}

std::string Identity::label() const {
  return kind == Kind::kLocal ? "local" : std::string(to_string(kind)) + ":" + name;
}

std::string_view to_string(Identity::Kind kind) {
  switch (kind) {
    case Identity::Kind::kUser:
      return "user";
    case Identity::Kind::kToken:
      return "token";
    case Identity::Kind::kLocal:
      break;
  }
  return "local";
}

}  // namespace townkrier::http
