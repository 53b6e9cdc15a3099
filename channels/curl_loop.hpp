#pragma once

/// \file curl_loop.hpp
/// A curl multi handle driven by epoll, so that a step costs what is active, not what is in flight:
/// thousands of hanging transfers slow no other one down.
///
/// `wake` may be called from any thread; everything else by one thread at a time.

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier {

class CurlLoop {
 public:
  /// kIo when the process has no descriptor left, kInternal when curl has no memory.
  static Result<std::unique_ptr<CurlLoop>> create(long max_connections);
  /// Closes every connection.
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// For adding and removing easy handles and reading messages.
  CURLM* multi() const { return multi_.get(); }

  /// Waits up to `max_wait` for sockets, timers or `wake`, and lets curl act on them. Returns after
  /// one round; what has ended is in curl_multi_info_read.
  void step(Duration max_wait);
  /// Makes a `step` that waits, or else the next one, return at once.
  void wake();

 private:
  using SteadyClock = std::chrono::steady_clock;
  using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;

  CurlLoop(Multi multi, int epoll, int wakeup);

  int wait_milliseconds(Duration max_wait) const;
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long milliseconds, void* self);

  const int epoll_;
  const int wakeup_;
  std::optional<SteadyClock::time_point> deadline_;  // curl's next timer
  const Multi multi_;                                // closed first: closing still reports sockets
};

}  // namespace townkrier
