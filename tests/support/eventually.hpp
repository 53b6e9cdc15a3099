#pragma once

/// \file eventually.hpp
/// Waiting for what another process does, where it can only be asked.

#include <poll.h>

#include <chrono>

namespace townkrier::testing {

/// Asks `done` about every 5 ms until it is true or `within` has passed; returns what it last said.
template <class Done>
bool eventually(Done done, std::chrono::milliseconds within = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace townkrier::testing
