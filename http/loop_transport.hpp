#pragma once

/// \file http/loop_transport.hpp
/// One of Pistache's event loops with our connections on it. Of Pistache only the transport is
/// used: it waits and closes; its HTTP parser and its writer are never reached.

#include <exception>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>  // Before Pistache, whose macro `unreachable` would break it.
#include <variant>
#include <vector>

#include <pistache/peer.h>
#include <pistache/reactor.h>
#include <pistache/transport.h>

#include "http/acceptor.hpp"
#include "http/connection.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// Pistache's record of a client, with ours beside it.
class ClientPeer final : public Pistache::Tcp::Peer {
 public:
  ClientPeer(int fd, std::shared_ptr<Connection> connection)
      : Pistache::Tcp::Peer(fd, Pistache::Address(), nullptr), connection_(std::move(connection)) {}
  const std::shared_ptr<Connection>& connection() const { return connection_; }

 private:
  const std::shared_ptr<Connection> connection_;
};

/// Pistache clones it for every worker thread; only the clones run.
class LoopTransport final : public Pistache::Tcp::Transport,
                            public ConnectionLoop,
                            public std::enable_shared_from_this<LoopTransport> {
 public:
  struct Shared {
    std::shared_ptr<ConnectionScope> scope;
    Duration tick{250};
    LogSink log;
  };

  explicit LoopTransport(Shared shared);
  ~LoopTransport() override;

  std::shared_ptr<Pistache::Aio::Handler> clone() const override {
    return std::make_shared<LoopTransport>(shared_);
  }
  void registerPoller(Pistache::Polling::Epoll& poller) override;
  void onReady(const Pistache::Aio::FdSet& fds) override;

  // Any thread.
  /// `seat` lives as long as the connection.
  void adopt(Accepted accepted, std::shared_ptr<const void> seat);
  void wake(std::shared_ptr<Connection> connection) override { post(Wake{std::move(connection)}); }
  void watch_writable(std::shared_ptr<Connection> connection) override {
    post(Watch{std::move(connection)});
  }
  void close_idle() { post(CloseIdle{}); }

  /// After the loop's thread has ended: closes what is left.
  void close_all();

 private:
  struct Adopt {
    std::shared_ptr<ClientPeer> peer;
  };
  struct Read {
    std::shared_ptr<Pistache::Tcp::Peer> peer;
  };
  struct Wake {
    std::shared_ptr<Connection> connection;
  };
  struct Watch {
    std::shared_ptr<Connection> connection;
  };
  struct CloseIdle {};
  using Task = std::variant<Adopt, Read, Wake, Watch, CloseIdle>;

  void post(Task task);
  void on_event(const Pistache::Aio::FdSet::Entry& entry);
  void on_client_event(const Pistache::Aio::FdSet::Entry& entry, int fd);
  void read_input(std::shared_ptr<Pistache::Tcp::Peer> peer);
  void close_peer(const std::shared_ptr<Pistache::Tcp::Peer>& peer);
  void outlive(std::shared_ptr<Connection> connection);
  void log_failure(const std::exception& error) const;
  void run_tasks();
  void run(const Adopt& task);
  void run(const Read& task);
  void run(const Wake& task);
  void run(const Watch& task);
  void run(const CloseIdle&);
  void tick();
  void drop(int fd);

  const Shared shared_;
  Pistache::Polling::Epoll* poller_ = nullptr;
  int wake_fd_ = -1;
  int timer_fd_ = -1;
  // Connections that owe an answer after their peer has gone (Connection, invariant 3), by the
  // descriptor they own. Loop thread only.
  std::unordered_map<int, std::shared_ptr<Connection>> outliving_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Task> tasks_;
  bool closed_ = false;
};

}  // namespace townkrier::http
