#pragma once

/// \file http_peer.hpp
/// A real HTTP server on 127.0.0.1 that behaves as a test says: answers, is slow, hangs, resets,
/// talks nonsense. It speaks just enough HTTP/1.1, keeps connections alive, and keeps every
/// request. One thread a connection; thread-safe.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace townkrier::testing {

struct PeerRequest {
  std::string line;                            ///< "POST /path HTTP/1.1"
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
  int connection = 0;  ///< Counts from 1.
};

struct PeerReply {
  enum class Then { kKeepAlive, kClose, kReset, kHang };
  std::string bytes = {};
  std::chrono::milliseconds delay{0};  ///< How slow this peer is.
  Then then = Then::kKeepAlive;
  std::chrono::milliseconds drip{0};  ///< Not 0: one byte at a time, each after this pause.

  static PeerReply answer(int status, std::string body = "{}", const std::string& headers = {}) {
    return {.bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body};
  }
  static PeerReply hang() { return {.then = Then::kHang}; }
  static PeerReply dripping(std::chrono::milliseconds pause) {
    auto reply = answer(200);
    reply.drip = pause;
    return reply;
  }
  static PeerReply reset() { return {.then = Then::kReset}; }
  static PeerReply raw(std::string bytes) {
    return {.bytes = std::move(bytes), .then = Then::kClose};
  }
};

class HttpPeer {
 public:
  /// Called for each request, from several threads; `number` counts requests from 0.
  using Behaviour = std::function<PeerReply(const PeerRequest&, std::size_t number)>;

  explicit HttpPeer(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, length) != 0 || ::listen(listener_, 1024) != 0 ||
        ::getsockname(listener_, plain, &length) != 0) {
      ADD_FAILURE() << "the peer cannot listen";
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  explicit HttpPeer(PeerReply always)
      : HttpPeer([always](const PeerRequest&, std::size_t) { return always; }) {}

  /// Ends every connection and waits for its threads.
  ~HttpPeer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    ::shutdown(listener_, SHUT_RDWR);
    changed_.notify_all();
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<PeerRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(connections_);
  }
  /// Waits until that many requests have come; false when they did not in ten seconds.
  bool wait_requests(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return requests_.size() >= count; });
  }

 private:
  void accept_all() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(socket);
        return;
      }
      open_.insert(socket);
      const int number = ++connections_;
      threads_.emplace_back([this, socket, number] { serve(socket, number); });
    }
  }

  void serve(int socket, int number) {
    std::string buffer;
    PeerRequest request;
    request.connection = number;
    while (read_request(socket, buffer, request)) {
      std::size_t index = 0;
      {
        const std::lock_guard lock(mutex_);
        index = requests_.size();
        requests_.push_back(request);
      }
      changed_.notify_all();
      if (!reply(socket, behaviour_(request, index))) break;
    }
    const std::lock_guard lock(mutex_);
    open_.erase(socket);
    ::close(socket);
  }

  /// Ends early when the peer stops.
  void pause(std::chrono::milliseconds time) {
    if (time.count() == 0) return;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return stopping_; });
  }

  /// False when the connection is not to be used again.
  bool reply(int socket, const PeerReply& reply) {
    pause(reply.delay);
    std::size_t sent = 0;
    while (sent < reply.bytes.size()) {
      pause(reply.drip);
      const std::size_t length = reply.drip.count() > 0 ? 1 : reply.bytes.size() - sent;
      const auto count = ::send(socket, reply.bytes.data() + sent, length, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    if (reply.then == PeerReply::Then::kHang) {
      char byte = 0;
      while (::recv(socket, &byte, 1, 0) > 0) {
      }
      return false;
    }
    if (reply.then == PeerReply::Then::kReset) {
      const linger now{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    return reply.then == PeerReply::Then::kKeepAlive;
  }

  static bool more(int socket, std::string& buffer) {
    char chunk[16384];
    const auto count = ::recv(socket, chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(count));
    return true;
  }

  static bool read_request(int socket, std::string& buffer, PeerRequest& request) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!more(socket, buffer)) return false;
    }
    request.headers.clear();
    std::size_t at = buffer.find("\r\n");
    request.line = buffer.substr(0, at);
    while (at < end) {
      const std::size_t begin = at + 2;
      at = buffer.find("\r\n", begin);
      const std::string line = buffer.substr(begin, at - begin);
      const std::size_t colon = line.find(':');
      if (colon == std::string::npos) continue;
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = line.substr(line.find_first_not_of(' ', colon + 1));
    }
    const auto length = std::strtoul(request.headers["content-length"].c_str(), nullptr, 10);
    while (buffer.size() < end + 4 + length) {
      if (!more(socket, buffer)) return false;
    }
    request.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    return true;
  }

  const Behaviour behaviour_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_.
  bool stopping_ = false;
  int connections_ = 0;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::vector<PeerRequest> requests_;
};

}  // namespace townkrier::testing
