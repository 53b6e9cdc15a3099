#pragma once

/// \file uuid_generator.hpp
/// Makes the identifiers of jobs, log rows and runs.

#include <cstdint>
#include <mutex>

#include "townkrier/id.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

/// UUIDs of version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then a counter of 26 bits
/// (§6.2, method 1: rand_a and the first 14 bits of rand_b, started at random below half its range
/// each millisecond), then 48 random bits.
///
/// Invariants: (1) each id is greater than every earlier id of the same generator, also when the
/// clock steps back; (2) the time in an id runs ahead of the clock only when it stepped back or
/// when more than 2^25 ids were made in one millisecond. Thread-safe; does not block on I/O.
/// `clock` must outlive the generator.
class UuidV7Generator {
 public:
  explicit UuidV7Generator(const Clock& clock) : clock_(clock) {}
  UuidV7Generator(const UuidV7Generator&) = delete;
  UuidV7Generator& operator=(const UuidV7Generator&) = delete;

  Uuid next();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::uint64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;
};

/// The time in a version 7 id, or 1970 for any other id.
TimePoint time_of(const Uuid& id);

/// A UUID of version 4: 122 random bits from the operating system. Thread-safe.
Uuid random_uuid();

}  // namespace townkrier
