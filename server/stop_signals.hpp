#pragma once

/// \file stop_signals.hpp
/// What ends the server: SIGTERM, SIGINT or a failure for good; and what makes sure that it ends.

#include <cstdint>
#include <thread>

#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::server {

/// Make it first in `main`, before any other thread: it blocks SIGTERM and SIGINT in the calling
/// thread and in all that come from it. SIGPIPE and SIGXFSZ are ignored: a closed socket and a file
/// at its limit are errors of the write that met them.
class StopSignals {
 public:
  enum class Cause : std::uint8_t { kSignal, kFatal };

  static Result<StopSignals> create();
  StopSignals(StopSignals&& other) noexcept;
  StopSignals& operator=(StopSignals&&) = delete;
  ~StopSignals();

  /// Blocks until the first of the causes.
  Cause wait();
  /// Ends `wait` with kFatal. Any thread.
  void fatal();

  int signal_fd() const { return signal_fd_; }

 private:
  StopSignals(int signal_fd, int fatal_fd) : signal_fd_(signal_fd), fatal_fd_(fatal_fd) {}

  int signal_fd_ = -1;
  int fatal_fd_ = -1;
};

/// While it lives, the ordered stop may take `within`; then, or at another signal that comes later
/// than 200 ms, the process ends at once with exit code 1. What was acknowledged is on disk, so
/// nothing is lost by that.
class StopWatchdog {
 public:
  StopWatchdog(const StopSignals& signals, Duration within);
  ~StopWatchdog();
  StopWatchdog(const StopWatchdog&) = delete;
  StopWatchdog& operator=(const StopWatchdog&) = delete;

 private:
  int stopped_fd_ = -1;
  std::thread thread_;
};

}  // namespace townkrier::server
