#pragma once

/// \file bench/slow_server.hpp
/// An HTTP server on loopback that answers every request 200 after the same delay, or never. One
/// thread of its own; keep-alive; knows as much HTTP as our own requests need.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "townkrier/result.hpp"

namespace townkrier::bench {

class SlowServer {
 public:
  /// `delay` absent: it never answers.
  static Result<std::unique_ptr<SlowServer>> start(std::optional<std::chrono::milliseconds> delay);
  ~SlowServer();
  SlowServer(const SlowServer&) = delete;
  SlowServer& operator=(const SlowServer&) = delete;

  std::string url() const;
  std::size_t requests() const { return requests_; }
  std::size_t in_flight() const { return in_flight_; }
  /// The most requests that waited for their answer at one time since the last call.
  std::size_t take_peak() { return peak_.exchange(0); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Due {
    Clock::time_point at{};
    int socket = -1;
    std::uint64_t connection = 0;
  };
  struct Connection {
    std::uint64_t number = 0;
    std::string in;
  };

  explicit SlowServer(std::optional<std::chrono::milliseconds> delay) : delay_(delay) {}
  Result<void> listen();
  void run();
  int wait_milliseconds() const;
  void accept_all();
  void receive(int socket);
  void take_requests(int socket, Connection& connection);
  void answer_due();
  void close(int socket);

  const std::optional<std::chrono::milliseconds> delay_;
  int listener_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> requests_{0};
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> peak_{0};
  // The thread's.
  std::unordered_map<int, Connection> connections_;
  std::uint64_t accepted_ = 0;
  std::deque<Due> due_;
  std::thread thread_;
};

}  // namespace townkrier::bench
