#pragma once

/// \file remembered.hpp
/// What the engine keeps as entries with an end (store.hpp): which jobs an idempotency key made,
/// and which delivery a provider's message is. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "townkrier/backend.hpp"
#include "townkrier/job.hpp"
#include "townkrier/result.hpp"
#include "townkrier/store.hpp"

namespace townkrier {

/// How long receipts of a message find its delivery.
inline constexpr Duration kReceiptPeriod{std::chrono::days{30}};

std::string once_key(const IdempotencyKey& key);
/// To be committed with the `jobs` elements of a batch from `first_job` on.
TimedEntry once_entry(const IdempotencyKey& key, std::size_t first_job, std::size_t jobs,
                      TimePoint now);
struct OnceRecord {
  std::string fingerprint;
  std::vector<JobId> jobs;
};
Result<OnceRecord> read_once(const TimedEntry& entry);  ///< kCorruption.

/// A message that a provider has taken.
struct SentMessage {
  JobId job;
  LogId log;
  std::string channel;
  bool operator==(const SentMessage&) const = default;
};
/// Ids are hashed: a provider may give any text as one.
std::string message_key(std::string_view provider, std::string_view message_id);
TimedEntry message_entry(const JobId& job, const Delivery& delivery, TimePoint now);
Result<SentMessage> read_message(const TimedEntry& entry);  ///< kCorruption.

}  // namespace townkrier
