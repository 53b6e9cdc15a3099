#include "http/acceptor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace townkrier::http {

namespace {

constexpr int kBacklog = 1024;
// Asked for; the kernel gives at most net.core.wmem_max and doubles it. What a client leaves unread
// beyond that waits in the connection.
constexpr int kSendBufferBytes = 256 * 1024;
constexpr int kExhaustedPauseMs = 50;

std::string numeric_address(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
  } else {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &in6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  // The port stands at the same place for both families.
  return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

int listen_on(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1) return -1;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit these two.
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0)
    return fd;
  const int why = errno;
  ::close(fd);
  errno = why;
  return -1;
}

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

bool ConnectionCounter::enter(const std::string& address) {
  std::lock_guard lock(mutex_);
  if (total_ >= max_total_) return false;
  int& mine = per_address_[address];
  if (mine >= max_per_address_) return false;
  ++mine;
  ++total_;
  return true;
}

void ConnectionCounter::leave(const std::string& address) {
  std::lock_guard lock(mutex_);
  if (--total_ == 0) emptied_.notify_all();
  const auto mine = per_address_.find(address);
  if (mine != per_address_.end() && --mine->second == 0) per_address_.erase(mine);
}

int ConnectionCounter::total() const {
  std::lock_guard lock(mutex_);
  return total_;
}

void ConnectionCounter::wait_empty(Duration at_most) {
  std::unique_lock lock(mutex_);
  emptied_.wait_for(lock, at_most, [this] { return total_ == 0; });
}

Result<std::unique_ptr<Acceptor>> Acceptor::open(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string where = host + ":" + std::to_string(port);
  if (const int why = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
    return fail(Errc::kIo, "cannot listen on " + where + ": " + ::gai_strerror(why));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* address = found; address; address = address->ai_next) {
    if (const int fd = listen_on(*address); fd != -1) {
      return std::unique_ptr<Acceptor>(new Acceptor(fd, bound_port(fd)));
    }
  }
  return fail(Errc::kIo, "cannot listen on " + where + ": " + std::strerror(errno));
}

Acceptor::Acceptor(int listen_fd, std::uint16_t port) : listen_fd_(listen_fd), port_(port) {}

Acceptor::~Acceptor() {
  stop();
}

void Acceptor::start(Sink sink) {
  sink_ = std::move(sink);
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  spare_fd_ = open_spare();
  thread_ = std::thread([this] { run(); });
}

void Acceptor::stop() {
  stopping_ = true;
  if (thread_.joinable()) {
    ::eventfd_write(wake_fd_, 1);
    thread_.join();
  }
  for (int* fd : {&listen_fd_, &wake_fd_, &spare_fd_}) {
    if (*fd != -1) ::close(std::exchange(*fd, -1));
  }
}

void Acceptor::run() {
  ::pthread_setname_np(::pthread_self(), "tk-accept");
  std::array<pollfd, 2> watched = {pollfd{listen_fd_, POLLIN, 0}, pollfd{wake_fd_, POLLIN, 0}};
  while (!stopping_) {
    if (::poll(watched.data(), watched.size(), -1) > 0 && watched[0].revents != 0) accept_one();
  }
}

void Acceptor::accept_one() {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  const int fd = ::accept4(listen_fd_, reinterpret_cast<sockaddr*>(&storage), &length,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd != -1) {
    sink_({fd, numeric_address(storage)});
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    shed_one();
  }
}

// Without a free descriptor the client stays in the backlog and poll returns at once, for ever: so
// one is freed to take the client and turn it away, and then the thread rests.
void Acceptor::shed_one() {
  if (spare_fd_ != -1) {
    ::close(spare_fd_);
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd != -1) ::close(fd);
    spare_fd_ = open_spare();
  }
  pollfd wake{wake_fd_, POLLIN, 0};
  ::poll(&wake, 1, kExhaustedPauseMs);
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace townkrier::http
