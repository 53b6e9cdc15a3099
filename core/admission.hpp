#pragma once

/// \file admission.hpp
/// Bounds what is accepted but not yet durable. Mailboxes have no limit of their own, so every
/// enqueue passes here before it is sent. Thread-safe, lock-free.

#include <atomic>
#include <cstdint>

namespace townkrier {

class Admission {
 public:
  Admission(std::uint64_t max_jobs, std::uint64_t max_bytes)
      : max_jobs_(max_jobs), max_bytes_(max_bytes) {}

  /// Takes room for a request, or takes nothing and returns false. A single request larger than
  /// the whole limit is let in when nothing else is in flight.
  bool enter(std::uint64_t jobs, std::uint64_t bytes) {
    const auto j = jobs_.fetch_add(jobs) + jobs;
    const auto b = bytes_.fetch_add(bytes) + bytes;
    if ((j <= max_jobs_ && b <= max_bytes_) || j == jobs) return true;
    leave(jobs, bytes);
    return false;
  }

  void leave(std::uint64_t jobs, std::uint64_t bytes) {
    jobs_.fetch_sub(jobs);
    bytes_.fetch_sub(bytes);
  }

  std::uint64_t jobs() const { return jobs_.load(); }
  std::uint64_t bytes() const { return bytes_.load(); }

 private:
  const std::uint64_t max_jobs_;
  const std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> jobs_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace townkrier
