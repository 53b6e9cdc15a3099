#pragma once

/// \file http/acceptor.hpp
/// The listening socket and the thread that accepts. Not Pistache's own listener: that one spins
/// when descriptors run out, and its hand-over to the workers can lose a wake-up.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Counts connections, in total and per address. Thread-safe.
class ConnectionCounter {
 public:
  ConnectionCounter(int max_total, int max_per_address)
      : max_total_(max_total), max_per_address_(max_per_address) {}

  /// False: over a limit, nothing was counted.
  bool enter(const std::string& address);
  void leave(const std::string& address);
  int total() const;
  /// Waits until nobody is counted, at most that long.
  void wait_empty(Duration at_most);

 private:
  const int max_total_;
  const int max_per_address_;
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  // Guarded by mutex_.
  int total_ = 0;
  std::map<std::string, int, std::less<>> per_address_;
};

/// An accepted connection: non-blocking, close-on-exec, with room for large answers.
struct Accepted {
  int fd = -1;
  std::string address;  ///< Numeric.
};

class Acceptor {
 public:
  /// Called on the acceptor's thread; takes the descriptor over.
  using Sink = std::function<void(Accepted)>;

  /// Binds and listens; accepts nothing yet. kIo with the reason when the address cannot be had.
  static Result<std::unique_ptr<Acceptor>> open(const std::string& host, std::uint16_t port);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::uint16_t port() const { return port_; }
  void start(Sink sink);
  /// Joins the thread and closes the socket. Also called by the destructor.
  void stop();

 private:
  Acceptor(int listen_fd, std::uint16_t port);
  void run();
  void accept_one();
  void shed_one();

  int listen_fd_;
  int wake_fd_ = -1;
  int spare_fd_ = -1;  ///< Given up for a moment to refuse a client when descriptors run out.
  const std::uint16_t port_;
  std::atomic<bool> stopping_{false};
  Sink sink_;
  std::thread thread_;
};

/// True for 127.0.0.0/8, ::1 and the name localhost.
bool is_loopback(const std::string& host);

}  // namespace townkrier::http
