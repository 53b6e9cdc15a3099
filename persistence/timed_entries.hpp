#pragma once

/// \file timed_entries.hpp
/// How a TimedEntry is stored: its record, and the key of its end. Pure.

#include <span>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier::persistence {

/// `until` and `value`; the ids of its jobs are part of the value already.
void encode(const TimedEntry& entry, std::string& out);
/// kCorruption.
Result<TimedEntry> decode_timed(std::string key, std::string_view bytes);

/// `end, key`: in order of time.
std::string timed_end_key(const TimedEntry& entry);

/// The entry with the ids that its jobs got.
TimedEntry with_job_ids(TimedEntry entry, std::span<const EnqueueOutcome> outcomes);

}  // namespace townkrier::persistence
