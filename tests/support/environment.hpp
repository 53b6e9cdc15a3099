#pragma once

/// \file environment.hpp
/// Numbers by which scripts/torture makes the long form of a test out of its short one.

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace townkrier::testing {

inline std::uint64_t number_of_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  const std::string_view digits(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() ? value : otherwise;
}

}  // namespace townkrier::testing
