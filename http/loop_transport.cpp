#include "http/loop_transport.hpp"

#include <pistache/tcp.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <exception>
#include <utility>

namespace townkrier::http {

namespace Aio = Pistache::Aio;
namespace Polling = Pistache::Polling;
namespace Tcp = Pistache::Tcp;

namespace {

const std::shared_ptr<Connection>& connection_of(const std::shared_ptr<Tcp::Peer>& peer) {
  return static_cast<ClientPeer&>(*peer).connection();
}

// Bytes from Pistache's transport to the connection; never its HTTP parser.
class InputHandler final : public Tcp::Handler {
 public:
  std::shared_ptr<Tcp::Handler> clone() const override { return std::make_shared<InputHandler>(); }
  void onInput(const char* buffer, std::size_t length,
               const std::shared_ptr<Tcp::Peer>& peer) override {
    connection_of(peer)->on_input({buffer, length});
  }
  void onDisconnection(const std::shared_ptr<Tcp::Peer>& peer) override;
};

}  // namespace

LoopTransport::LoopTransport(Shared shared)
    : Tcp::Transport(std::make_shared<InputHandler>()), shared_(std::move(shared)) {}

void InputHandler::onDisconnection(const std::shared_ptr<Tcp::Peer>& peer) {
  const auto& connection = connection_of(peer);
  if (connection->on_disconnect()) {
    static_cast<LoopTransport*>(transport())->outlive(connection);
  }
}

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

// One event at a time: an exception out of Pistache must neither end the process nor lose the other
// (edge-triggered) events of the set.
void LoopTransport::onReady(const Aio::FdSet& fds) {
  for (const auto& entry : fds) {
    try {
      on_event(entry);
    } catch (const std::exception& error) {
      if (shared_.log) {
        shared_.log(LogLevel::kError,
                    std::string("event=http_loop_error what=\"") + error.what() + '"');
      }
      drop(static_cast<int>(entry.getTag().value()));
    }
  }
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
  if (entry.isWritable()) {
    const auto peer = found->second;
    connection_of(peer)->on_writable();
  }
  if (!entry.isReadable()) return;
  std::vector<Polling::Event> events(1, Polling::Event(entry.getTag()));
  events.front().flags.setFlag(Polling::NotifyOn::Read);
  Tcp::Transport::onReady(Aio::FdSet(std::move(events)));
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
    std::visit([this](const auto& what) { run(what); }, task);
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
    return connection->cut();  // Its peer must still be closed by the caller.
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
