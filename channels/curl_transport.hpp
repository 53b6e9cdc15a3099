#pragma once

/// \file curl_transport.hpp
/// All outgoing HTTP and SMTP transfers on one curl multi handle: thousands in flight, one thread.
///
/// `submit`, `wake` and `stop` may be called from any thread. Whoever calls `run_once` works for
/// everybody ("pumps"); only one thread does at a time, the others wait until it is done or their
/// time is over. Replies are called back on the pumping thread, without any lock held.

#include <curl/curl.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "channels/curl_exchange.hpp"
#include "channels/curl_loop.hpp"
#include "channels/transfer.hpp"

namespace townkrier {

/// Invariants:
/// 1. An exchange is in `inbox_.exchanges` or in `running_`, never in both; its callback is called
/// once.
/// 2. `loop_` (save for waking it), `running_` and `sockets_` are touched by the pumping thread
/// alone.
/// 3. No lock is held while a callback or a stop callback's destructor runs.
class CurlTransport final : public Transport {
 public:
  struct Options {
    /// Connections open at once; more transfers wait, inside their own timeout. 0: half of what
    /// the process may open (RLIMIT_NOFILE), at most 8192.
    long max_connections = 0;
  };

  /// kInternal or kIo when curl cannot start (no memory, no descriptor).
  static Result<std::shared_ptr<CurlTransport>> create(Options options);
  static Result<std::shared_ptr<CurlTransport>> create() { return create(Options{}); }
  ~CurlTransport() override;

  void submit(Transfer transfer) override;
  void run_once(Duration max_wait) override;
  void wake() override;
  void stop() override;

 private:
  using ExchangeId = std::uint64_t;
  using Running = std::unordered_map<ExchangeId, std::unique_ptr<CurlExchange>>;

  /// What other threads leave for the pumping one.
  struct Inbox {
    std::vector<std::pair<ExchangeId, std::unique_ptr<CurlExchange>>> exchanges;
    std::vector<ExchangeId> cancelled;
  };

  explicit CurlTransport(std::unique_ptr<CurlLoop> loop) : loop_(std::move(loop)) {}

  bool begin_pumping(Duration max_wait);
  void end_pumping();
  void take_inbox();
  void start(ExchangeId id, std::unique_ptr<CurlExchange> exchange);
  void cancel(ExchangeId id);
  /// Calls back what has ended.
  void deliver();
  void finish(ExchangeId id, TransferReply reply);
  void end_all();

  SocketLedger sockets_;
  const std::unique_ptr<CurlLoop> loop_;  // closed before the ledger it reports to
  Running running_;
  std::unordered_map<CURL*, ExchangeId> ids_;

  std::mutex inbox_mutex_;
  Inbox inbox_;             // guarded by inbox_mutex_
  ExchangeId next_id_ = 1;  // guarded by inbox_mutex_
  bool stopped_ = false;    // guarded by inbox_mutex_

  std::mutex pump_mutex_;
  std::condition_variable pump_free_;
  std::thread::id pumping_;  // guarded by pump_mutex_; default: nobody
};

}  // namespace townkrier
