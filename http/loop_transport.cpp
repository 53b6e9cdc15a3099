#include "http/loop_transport.hpp"

#include <pistache/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <utility>

namespace townkrier::http {

namespace Aio = Pistache::Aio;
namespace Polling = Pistache::Polling;
namespace Tcp = Pistache::Tcp;

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
// A request and the "nothing more" after it.
constexpr int kReadsPerTurn = 2;

const std::shared_ptr<Connection>& connection_of(const std::shared_ptr<Tcp::Peer>& peer) {
  return static_cast<ClientPeer&>(*peer).connection();
}

// Pistache's transport wants one; it is never called, because the loop reads by itself.
class NoHandler final : public Tcp::Handler {
 public:
  std::shared_ptr<Tcp::Handler> clone() const override { return std::make_shared<NoHandler>(); }
  void onInput(const char*, std::size_t, const std::shared_ptr<Tcp::Peer>&) override {}
};

}  // namespace

LoopTransport::LoopTransport(Shared shared)
    : Tcp::Transport(std::make_shared<NoHandler>()), shared_(std::move(shared)) {}

LoopTransport::~LoopTransport() {
  if (wake_fd_ != -1) ::close(wake_fd_);
  if (timer_fd_ != -1) ::close(timer_fd_);
}

void LoopTransport::registerPoller(Polling::Epoll& poller) {
  Tcp::Transport::registerPoller(poller);
  poller_ = &poller;
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  timer_fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const auto ms = shared_.tick.count();
  const timespec every{ms / 1000, (ms % 1000) * 1'000'000};
  const itimerspec spec{every, every};
  ::timerfd_settime(timer_fd_, 0, &spec, nullptr);
  using Interest = Pistache::Flags<Polling::NotifyOn>;
  poller.addFd(wake_fd_, Interest(Polling::NotifyOn::Read), Polling::Tag(wake_fd_));
  poller.addFd(timer_fd_, Interest(Polling::NotifyOn::Read), Polling::Tag(timer_fd_));
}

// One event at a time: an exception (no memory, or out of Pistache) must neither end the process
// nor lose the other, edge-triggered, events of the set.
void LoopTransport::onReady(const Aio::FdSet& fds) {
  for (const auto& entry : fds) {
    try {
      on_event(entry);
    } catch (const std::exception& error) {
      log_failure(error);
      drop(static_cast<int>(entry.getTag().value()));
    }
  }
}

void LoopTransport::log_failure(const std::exception& error) const {
  if (!shared_.log) return;
  shared_.log(LogLevel::kError, std::string("event=http_loop_error what=\"") + error.what() + '"');
}

void LoopTransport::on_event(const Aio::FdSet::Entry& entry) {
  const int fd = static_cast<int>(entry.getTag().value());
  std::uint64_t count = 0;
  if (fd == wake_fd_) {
    if (::read(wake_fd_, &count, sizeof count) > 0) run_tasks();
  } else if (fd == timer_fd_) {
    if (::read(timer_fd_, &count, sizeof count) > 0) tick();
  } else {
    on_client_event(entry, fd);
  }
}

void LoopTransport::on_client_event(const Aio::FdSet::Entry& entry, int fd) {
  if (const auto outliving = outliving_.find(fd); outliving != outliving_.end()) {
    const auto connection = outliving->second;
    connection->on_writable();
    return;
  }
  const auto found = peers.find(fd);
  if (found == peers.end()) return;
  const auto peer = found->second;
  if (entry.isWritable()) connection_of(peer)->on_writable();
  if (entry.isReadable()) read_input(peer);
}

// Pistache's own reading goes on while there is input, so a client that asks again as soon as it is
// answered would keep the loop to itself. Here it waits for its next turn.
void LoopTransport::read_input(std::shared_ptr<Tcp::Peer> peer) {
  std::array<char, kReadBytes> buffer;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t count = ::recv(peer->fd(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      connection_of(peer)->on_input({buffer.data(), static_cast<std::size_t>(count)});
    } else if (count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return;
    } else if (count == 0 || errno != EINTR) {
      return close_peer(peer);
    }
  }
  post(Read{std::move(peer)});
}

void LoopTransport::close_peer(const std::shared_ptr<Tcp::Peer>& peer) {
  const auto& connection = connection_of(peer);
  if (connection->on_disconnect()) outlive(connection);
  try {
    removePeer(peer);
  } catch (const std::exception&) {
    ::close(peer->fd());  // It stops before its own close.
  }
}

void LoopTransport::adopt(Accepted accepted, std::shared_ptr<const void> seat) {
  auto connection = std::make_shared<Connection>(
      Connection::Socket{accepted.fd, std::move(accepted.address), std::move(seat)}, shared_.scope,
      shared_from_this());
  post(Adopt{std::make_shared<ClientPeer>(accepted.fd, std::move(connection))});
}

void LoopTransport::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;  // The wake-up for the first one is still to be read.
  }
  ::eventfd_write(wake_fd_, 1);
}

void LoopTransport::run_tasks() {
  std::vector<Task> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const Task& task : tasks) {
    try {
      std::visit([this](const auto& what) { run(what); }, task);
    } catch (const std::exception& error) {
      log_failure(error);
    }
  }
}

void LoopTransport::run(const Adopt& task) {
  const int fd = task.peer->fd();
  try {
    handleNewPeer(task.peer);
  } catch (const std::exception&) {
    // Not in the poller (no memory, or its limit is reached): nobody else would close it.
    peers.erase(fd);
    task.peer->connection()->cut();
    ::close(fd);
  }
}

void LoopTransport::run(const Read& task) {
  const auto found = peers.find(task.peer->fd());
  if (found != peers.end() && found->second == task.peer) read_input(task.peer);
}

void LoopTransport::run(const Wake& task) {
  task.connection->resume();
  const auto outliving = outliving_.find(task.connection->fd());
  if (outliving == outliving_.end() || outliving->second != task.connection) return;
  if (!task.connection->finished()) return;
  outliving_.erase(outliving);
  task.connection->cut();
}

void LoopTransport::run(const Watch& task) {
  const int fd = task.connection->fd();
  const auto found = peers.find(fd);
  if (found == peers.end() || connection_of(found->second) != task.connection) return;
  // Asking again also reports a socket that became writable in the meantime.
  reactor()->modifyFd(key(), fd, Polling::NotifyOn::Read | Polling::NotifyOn::Write,
                      Polling::Mode::Edge);
}

void LoopTransport::run(const CloseIdle&) {
  for (const auto& [fd, peer] : peers) {
    const auto& connection = connection_of(peer);
    if (connection->idle()) connection->cut();
  }
}

void LoopTransport::outlive(std::shared_ptr<Connection> connection) {
  const int fd = connection->fd();
  try {
    poller_->addFd(fd, Pistache::Flags<Polling::NotifyOn>(Polling::NotifyOn::Write),
                   Polling::Tag(fd), Polling::Mode::Edge);
  } catch (const std::exception&) {
    return connection->cut();
  }
  outliving_.emplace(fd, std::move(connection));
}

void LoopTransport::tick() {
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [fd, peer] : peers) connection_of(peer)->on_tick(now);
  for (const auto& [fd, connection] : outliving_) connection->on_tick(now);
}

void LoopTransport::drop(int fd) {
  if (const auto found = peers.find(fd); found != peers.end()) connection_of(found->second)->cut();
}

void LoopTransport::close_all() {
  std::vector<Task> unrun;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    unrun.swap(tasks_);
  }
  const auto close_peer = [](Tcp::Peer& peer) {
    static_cast<ClientPeer&>(peer).connection()->cut();
    ::close(peer.fd());
  };
  for (const Task& task : unrun) {
    if (const auto* adopt = std::get_if<Adopt>(&task)) close_peer(*adopt->peer);
  }
  for (const auto& [fd, peer] : peers) close_peer(*peer);
  for (const auto& [fd, connection] : outliving_) connection->cut();
  peers.clear();
  outliving_.clear();
}

}  // namespace townkrier::http
