#include "bench/http_connection.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace townkrier::bench {

namespace {

std::unexpected<Error> socket_error(const std::string& what) {
  return fail(Errc::kIo, what + ": " + std::strerror(errno));
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

bool equal_without_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view header_value(std::string_view head, std::string_view lower_name) {
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (!equal_without_case(line.substr(0, colon), lower_name)) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    return value == std::string_view::npos ? std::string_view{} : line.substr(value);
  }
  return {};
}

Result<HttpConnection> HttpConnection::connect(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    return fail(Errc::kInvalidArgument, "\"" + host + "\" is not an IPv4 address");
  }
  HttpConnection made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (made.socket_ < 0) return socket_error("cannot make a socket");
  if (::connect(made.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return socket_error("cannot connect to " + host + ":" + std::to_string(port));
  }
  const int on = 1;
  ::setsockopt(made.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(made.socket_, F_SETFL, O_NONBLOCK);
  return made;
}

HttpConnection::HttpConnection(HttpConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      out_(std::move(other.out_)),
      sent_(other.sent_),
      in_(std::move(other.in_)) {}

HttpConnection::~HttpConnection() {
  if (socket_ >= 0) ::close(socket_);
}

Result<void> HttpConnection::send(std::string request) {
  out_ = std::move(request);
  sent_ = 0;
  auto flushed = flush();
  return flushed ? Result<void>{} : std::unexpected(flushed.error());
}

Result<bool> HttpConnection::flush() {
  while (sent_ < out_.size()) {
    const auto count = ::send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && would_block()) return false;
    if (count < 0) return socket_error("cannot send");
    sent_ += std::size_t(count);
  }
  return true;
}

Result<std::optional<HttpAnswer>> HttpConnection::receive() {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const auto count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count < 0 && would_block()) return take_answer();
    if (count < 0) return socket_error("cannot receive");
    if (count == 0) return fail(Errc::kIo, "the server closed the connection");
    in_.append(buffer.data(), std::size_t(count));
  }
}

// The server gives every answer a length.
std::optional<HttpAnswer> HttpConnection::take_answer() {
  const auto head_end = in_.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::nullopt;
  const std::string_view head(in_.data(), head_end);
  std::size_t length = 0;
  const std::string_view text = header_value(head, "content-length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  const std::size_t whole = head_end + 4 + length;
  if (in_.size() < whole) return std::nullopt;
  HttpAnswer answer;
  if (head.size() >= 12) std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  answer.body = in_.substr(head_end + 4, length);
  in_.erase(0, whole);
  return answer;
}

}  // namespace townkrier::bench
