#include "bench/slow_server.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "bench/http_connection.hpp"

namespace townkrier::bench {

namespace {

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
constexpr int kLookEveryMs = 100;  // for the end

}  // namespace

Result<std::unique_ptr<SlowServer>> SlowServer::start(
    std::optional<std::chrono::milliseconds> delay) {
  std::unique_ptr<SlowServer> server(new SlowServer(delay));
  if (auto ok = server->listen(); !ok) return std::unexpected(ok.error());
  server->thread_ = std::thread([raw = server.get()] { raw->run(); });
  return server;
}

SlowServer::~SlowServer() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& [socket, connection] : connections_) ::close(socket);
  if (listener_ >= 0) ::close(listener_);
  if (epoll_ >= 0) ::close(epoll_);
}

Result<void> SlowServer::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || epoll_ < 0 || ::bind(listener_, plain, length) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0 || ::getsockname(listener_, plain, &length) != 0) {
    return fail(Errc::kIo, "cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  return {};
}

std::string SlowServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/hook";
}

void SlowServer::run() {
  std::array<epoll_event, 512> events{};
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), int(events.size()), wait_milliseconds());
    for (int i = 0; i < count; ++i) {
      const int socket = events[std::size_t(i)].data.fd;
      socket == listener_ ? accept_all() : receive(socket);
    }
    answer_due();
  }
}

int SlowServer::wait_milliseconds() const {
  if (due_.empty()) return kLookEveryMs;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.front().at - Clock::now());
  return std::clamp(int(left.count()), 0, kLookEveryMs);
}

void SlowServer::accept_all() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    connections_[socket].number = ++accepted_;
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }
}

void SlowServer::receive(int socket) {
  const auto found = connections_.find(socket);
  if (found == connections_.end()) return;
  std::array<char, 16384> chunk{};
  while (true) {
    const auto count = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (count < 0) break;
    if (count == 0) return close(socket);
    found->second.in.append(chunk.data(), std::size_t(count));
    if (std::size_t(count) < chunk.size()) break;
  }
  take_requests(socket, found->second);
}

void SlowServer::take_requests(int socket, Connection& connection) {
  while (true) {
    const auto end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const auto text =
        header_value(std::string_view(connection.in).substr(0, end), "content-length");
    std::size_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (connection.in.size() < end + 4 + length) return;
    connection.in.erase(0, end + 4 + length);
    ++requests_;
    const std::size_t waiting = ++in_flight_;
    if (waiting > peak_) peak_ = waiting;
    if (delay_) due_.push_back({Clock::now() + *delay_, socket, connection.number});
  }
}

void SlowServer::answer_due() {
  const auto now = Clock::now();
  while (!due_.empty() && due_.front().at <= now) {
    const Due one = due_.front();
    due_.pop_front();
    --in_flight_;
    const auto found = connections_.find(one.socket);
    if (found == connections_.end() || found->second.number != one.connection) continue;
    // A few bytes always fit into an empty socket.
    [[maybe_unused]] const auto sent =
        ::send(one.socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
  }
}

void SlowServer::close(int socket) {
  connections_.erase(socket);
  ::close(socket);
}

}  // namespace townkrier::bench
