#pragma once

/// \file http/connection.hpp
/// One client: its requests one after the other, its answers, its deadlines. Knows sockets, not
/// Pistache.
///
/// Threads: the event loop that owns the connection calls `on_…` and `resume`; answers come from
/// any thread through the Exchange's sink. All state is guarded by one mutex.
///
/// Invariants:
///  1. The descriptor is used only under the mutex and only while `fd_` is not -1. The loop calls
///     `on_disconnect` before it closes the descriptor, so an answer can never reach another client
///     that got the same number.
///  2. At most one request is with the handler; its answer carries its number, so an answer that
///     comes after the deadline's own 503 is dropped.
///  3. A client that closed only its sending side still gets its answer: the connection then goes
///  on
///     with a duplicate of the descriptor, which it closes itself, on the loop's thread.
///  4. A connection that became a stream (`streaming_`) reads, writes and times out no more: its
///     bytes go out on a duplicate of the descriptor, and it ends when that is shut down.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "http/guard.hpp"
#include "http/response.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

class Connection;
using SteadyTime = std::chrono::steady_clock::time_point;

struct ConnectionTimeouts {
  Duration head{10'000};           ///< From the first byte (or the connect) to a complete head.
  Duration body_progress{10'000};  ///< Without a byte of the body.
  Duration body{60'000};           ///< For a whole body.
  Duration idle{30'000};           ///< Between requests.
  Duration request{15'000};        ///< Until the handler's answer; then 503.
  Duration write{10'000};          ///< Without the client taking a byte of the answer.
  Duration drain{2'000};           ///< For the client to close after the last answer.
};

/// What all connections of a server share. Thread-safe.
struct ConnectionScope {
  GuardLimits limits;
  ConnectionTimeouts timeouts;
  ExchangeHandler handler;
  std::shared_ptr<const Clock> clock;
  std::string request_id_prefix;                ///< Random per process run.
  std::int64_t max_in_flight = 8192;            ///< Requests whose backend has not answered.
  std::int64_t max_buffered_bytes = 256 << 20;  ///< Input and unsent output of all connections.

  std::atomic<std::int64_t> in_flight{0};
  std::atomic<std::int64_t> buffered_bytes{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<bool> stopping{false};  ///< Answers end their connections.
};

/// The id of the next answer.
std::string next_request_id(ConnectionScope& scope);

/// The event loop a connection lives on; outlives it. Thread-safe.
class ConnectionLoop {
 public:
  virtual ~ConnectionLoop() = default;
  /// Calls `resume` soon, on the loop's thread.
  virtual void wake(std::shared_ptr<Connection> connection) = 0;
  /// The same, and calls `on_writable` whenever the socket takes bytes again.
  virtual void watch_writable(std::shared_ptr<Connection> connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Socket {
    int fd = -1;                       ///< Connected, non-blocking, a stream; the loop closes it.
    std::string remote_address;        ///< Numeric.
    std::shared_ptr<const void> seat;  ///< Held as long as the connection lives.
  };
  /// `loop` is shared because answers may come when the server has already gone.
  Connection(Socket socket, std::shared_ptr<ConnectionScope> scope,
             std::shared_ptr<ConnectionLoop> loop);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Loop thread only.
  void on_input(std::string_view bytes);
  void on_writable();
  void on_tick(SteadyTime now);
  /// The loop closes the descriptor after this. True: the connection still owes an answer and lives
  /// on with the descriptor `fd()`; the loop keeps it until `finished()`.
  bool on_disconnect();
  void resume();
  /// Nothing is left to do with a connection that outlived its peer.
  bool finished() const;
  /// Ends it at once; its descriptor is not used any more.
  void cut();

  /// No request is being read or answered: may be closed without harm.
  bool idle() const;
  int fd() const;
  const std::string& remote_address() const { return remote_address_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class Keep : std::uint8_t { kOpen, kClose };

  void drive(Lock& lock);
  void start_request(Lock& lock, Request request);
  ExchangePtr make_exchange(Request request, std::uint64_t number, std::string id);
  void reject(const ProblemText& text);
  void finish(std::uint64_t number, Response response);
  void write_answer(const Response& response, Keep keep);
  void begin_stream(const Response& response);
  void write_continue();
  void flush_output();
  void answered();
  void begin_drain();
  void close_now();
  void set_deadline(Duration from_now);
  void update_read_deadline();
  void account();

  const std::string remote_address_;
  const std::shared_ptr<const void> seat_;
  const std::shared_ptr<ConnectionScope> scope_;
  const std::shared_ptr<ConnectionLoop> loop_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  int fd_;
  bool owns_fd_ = false;  ///< Invariant 3.
  RequestGuard guard_;
  std::uint64_t number_ = 0;  ///< Of the latest request.
  std::string request_id_;
  bool busy_ = false;     ///< Request `number_` waits for its answer.
  bool driving_ = false;  ///< `drive` is on the stack and will look for the next request.
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool overrun_ = false;    ///< The client sent more than is kept for it.
  bool streaming_ = false;  ///< Invariant 4.
  bool draining_ = false;   ///< Our side is closed; what comes is thrown away.
  std::size_t drained_bytes_ = 0;
  std::string output_;  ///< What the socket has not taken yet.
  std::size_t output_at_ = 0;
  bool close_after_output_ = false;
  RequestGuard::Phase read_phase_ = RequestGuard::Phase::kIdle;
  SteadyTime deadline_;
  SteadyTime body_deadline_;
  std::int64_t accounted_bytes_ = 0;
};

}  // namespace townkrier::http
