#pragma once

/// \file http/reply_loop.hpp
/// Writes answers on descriptors it owns, and answers what comes too late: one thread for all.

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "http/exchange.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Thread-safe.
class ReplyLoop {
 public:
  struct Options {
    Duration request_timeout{15'000};  ///< Until a watched exchange is answered 503.
    Duration write_timeout{10'000};    ///< For the client to take an answer.
  };
  explicit ReplyLoop(Options options);
  /// Closes what is left.
  ~ReplyLoop();
  ReplyLoop(const ReplyLoop&) = delete;
  ReplyLoop& operator=(const ReplyLoop&) = delete;

  /// Owns `fd` (a stream socket) from here on: sends `bytes`, then ends the connection.
  void write(int fd, std::string bytes);
  /// Answers the exchange at its deadline, unless somebody did before.
  void watch(const ExchangePtr& exchange);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Output {
    int fd = -1;
    std::string bytes;
    std::size_t at = 0;
    Time deadline;
  };
  struct Watched {
    Time deadline;
    std::weak_ptr<Exchange> exchange;
  };

  void run(const std::stop_token& stop);
  void wait(std::vector<Output>& outputs);
  void expire(Time now);
  static bool finished(Output& output, Time now);
  void wake() const;

  const Options options_;
  const int wake_fd_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Output> incoming_;
  std::deque<Watched> watched_;  // In order of deadline.

  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace townkrier::http
