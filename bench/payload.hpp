#pragma once

/// \file bench/payload.hpp
/// The jobs that are made: an order notice of a given size with a number in it.

#include <cstddef>
#include <string>
#include <string_view>

#include "bench/options.hpp"
#include "townkrier/backend.hpp"

namespace townkrier::bench {

/// The channel of notifications that does nothing, the one that never answers, the kind of jobs.
inline constexpr std::string_view kChannel = "noop";
inline constexpr std::string_view kHangingChannel = "hang";
inline constexpr std::string_view kJobKind = "bench";

/// Makes requests. Thread-safe.
class Payload {
 public:
  explicit Payload(const Options& options);

  JobRequest request(std::size_t number, const JobOptions& job = {}) const;
  JobRequest hanging(std::size_t number) const;
  /// The body of POST /api/notifications for the channel of that name.
  std::string body(std::size_t number, std::string_view channel) const;

 private:
  std::string filler_;
  Kind kind_;
};

/// The number in a delivery's content.
std::size_t number_in(std::string_view content);

}  // namespace townkrier::bench
