#pragma once

/// \file bench/http_connection.hpp
/// One keep-alive HTTP/1.1 connection, non-blocking. For one thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "townkrier/result.hpp"

namespace townkrier::bench {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

class HttpConnection {
 public:
  static Result<HttpConnection> connect(const std::string& host, std::uint16_t port);
  HttpConnection(HttpConnection&& other) noexcept;
  HttpConnection& operator=(HttpConnection&&) = delete;
  ~HttpConnection();

  int socket() const { return socket_; }

  /// Takes the next request; sends what the socket takes now.
  Result<void> send(std::string request);
  /// To be called when the socket is writable. True: all is sent.
  Result<bool> flush();
  /// To be called when the socket is readable; the whole answer once it is there.
  Result<std::optional<HttpAnswer>> receive();

 private:
  explicit HttpConnection(int socket) : socket_(socket) {}
  std::optional<HttpAnswer> take_answer();

  int socket_ = -1;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;
};

/// The value of a header in a head, found without regard to case; empty when absent.
std::string_view header_value(std::string_view head, std::string_view lower_name);

}  // namespace townkrier::bench
