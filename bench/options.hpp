#pragma once

/// \file bench/options.hpp
/// What the command line says. Plain values, read-only once parsed.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "townkrier/config.hpp"

namespace townkrier::bench {

enum class Kind : std::uint8_t { kNotification, kJob };
/// kNonBlocking answers inside the engine's call; kBlocking runs on worker threads.
enum class Handler : std::uint8_t { kNonBlocking, kBlocking };

struct Options {
  std::vector<std::string> scenarios;  ///< In the order given.
  std::optional<std::size_t> jobs;     ///< Absent: the scenario's own number.
  std::optional<double> seconds;       ///< Absent: the scenario's own limit.
  std::size_t outstanding = 64;        ///< Single requests (or connections) in flight.
  std::size_t bulk_outstanding = 2;    ///< Calls of 1000 in flight.
  std::size_t payload_bytes = 250;     ///< JSON of one job's payload, recipient included.
  double rate = 500;                   ///< Enqueues a second where there is a schedule.
  Durability durability = Durability::kFsync;
  Kind kind = Kind::kNotification;
  Handler handler = Handler::kNonBlocking;
  int workers = 8;         ///< Threads of a blocking handler.
  int concurrency = 4096;  ///< Deliveries in flight, of the queue and of each channel.
  std::vector<std::size_t> depths = {10'000, 100'000};
  std::string parent = ".";        ///< Where the temporary directory is made.
  std::string server;              ///< Base URL of a running server; empty: in this process.
  std::string channel = "in_app";  ///< With a server: the channel to address.
  std::string json;                ///< File, "-" or empty.
  std::string jsonl;               ///< File to append to, or empty.
  std::string peer = "townkrier";  ///< Who we are in `jsonl`.
  std::string probe;               ///< Internal: open this store, say how long it took.
  bool list = false;
};

/// What a program exits with; nullopt: go on.
std::optional<int> parse_options(int argc, char** argv, Options& options);

}  // namespace townkrier::bench
