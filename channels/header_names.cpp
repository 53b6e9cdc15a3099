#include "channels/header_names.hpp"

#include <algorithm>
#include <array>

namespace townkrier {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_framing_header(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kFraming{
      "host", "content-length", "transfer-encoding", "connection", "expect", "content-type"};
  return std::ranges::any_of(kFraming, [&](auto known) { return equal_names(known, name); });
}

}  // namespace townkrier
