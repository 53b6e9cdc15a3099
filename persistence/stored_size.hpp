#pragma once

/// \file stored_size.hpp
/// How large stored things are, near enough for limits. Pure.

#include <cstdint>
#include <string_view>

#include "townkrier/job.hpp"
#include "townkrier/log.hpp"

namespace townkrier::persistence {

/// Bytes of a job's records.
std::uint64_t stored_bytes(const Job& job);
std::uint64_t stored_bytes(const InboxMessage& message);

/// Under what name the ledger counts the size of messages; ended jobs have that of their status.
inline constexpr std::string_view kInboxSize = "inbox";

}  // namespace townkrier::persistence
