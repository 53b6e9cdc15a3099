#pragma once

/// \file raw_http.hpp
/// A client socket for tests that need to misbehave. Every wait is bounded.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace townkrier::testing {

struct RawResponse {
  int status = 0;  ///< 0: the connection ended (or nothing came in time).
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

class RawClient {
 public:
  static int open_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

  explicit RawClient(std::uint16_t port) : RawClient(open_socket(), port) {}
  /// Connects a socket made before.
  RawClient(int fd, std::uint16_t port) : fd_(fd) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        buffer_(std::move(other.buffer_)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  /// False when the peer has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void get(const std::string& target, const std::string& lines = {}) {
    send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n");
  }

  /// The next answer. `with_body` off: one to HEAD.
  enum class Body : std::uint8_t { kExpected, kNone };
  RawResponse receive(Body body = Body::kExpected,
                      std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    RawResponse response;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_some(deadline)) return response;
    }
    response.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    response.status = std::atoi(response.head.c_str() + 9);
    const auto length = response.head.find("Content-Length: ");
    const std::size_t wanted = body == Body::kNone || length == std::string::npos
                                   ? 0
                                   : std::strtoul(response.head.c_str() + length + 16, nullptr, 10);
    while (buffer_.size() < wanted) {
      if (!read_some(deadline)) return {};
    }
    response.body = buffer_.substr(0, wanted);
    buffer_.erase(0, wanted);
    return response;
  }

  /// Reads to the end of the stream; true when it came in time, with nothing (more) before it.
  bool ends(std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (read_some(deadline)) {
    }
    return at_end_ && buffer_.empty();
  }
  /// Whether something (or the end) can be read within that time.
  bool readable(std::chrono::milliseconds timeout) {
    pollfd wait{fd_, POLLIN, 0};
    return !buffer_.empty() || ::poll(&wait, 1, static_cast<int>(timeout.count())) > 0;
  }

  /// What was read beyond the last answer.
  std::string take_rest() { return std::exchange(buffer_, {}); }

  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ != -1) ::close(std::exchange(fd_, -1));
  }
  /// Ends with a reset.
  void abort() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd wait{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
    char bytes[65536];
    const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
    at_end_ = count <= 0;
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool at_end_ = false;
  std::string buffer_;
};

}  // namespace townkrier::testing
