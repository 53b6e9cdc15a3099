#pragma once

/// \file http/guard.hpp
/// Frames and bounds the requests of one connection before anything else sees them. No socket, no
/// thread, no clock: bytes in, requests out. Not thread-safe; its owner is the connection.
///
/// http-parser reads the head; because Debian builds it without its strict mode, everything it lets
/// through that two parsers could read differently (bare LF, folded lines, blanks around names,
/// twofold lengths, bytes after a chunk) is refused here before and after it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/chunked.hpp"
#include "http/request.hpp"

namespace townkrier::http {

struct GuardLimits {
  std::size_t max_request_line_bytes = 4096;
  std::size_t max_header_bytes = 16'384;  ///< All header lines together.
  std::size_t max_headers = 100;
  std::size_t max_body_bytes = 1u << 20;
};

/// The request is refused and the connection has to end after this answer.
struct Reject {
  int status = 400;
  std::string_view code;
  std::string_view detail;
  bool operator==(const Reject&) const = default;
};

/// No complete request yet.
struct NeedMore {
  /// The client waits for "100 Continue" before it sends the body. Reported once a request.
  bool send_continue = false;
};

using GuardEvent = std::variant<NeedMore, Request, Reject>;

class RequestGuard {
 public:
  enum class Phase : std::uint8_t { kIdle, kHead, kBody, kRejected };

  explicit RequestGuard(GuardLimits limits);

  /// Takes what the socket gave. The caller bounds what it appends before `next` has run.
  void append(std::string_view bytes);
  /// The next request, if it is complete. After a Reject nothing else ever comes.
  GuardEvent next();

  /// kIdle: nothing of a request has arrived.
  Phase phase() const;
  /// Bytes held: unread input and the body so far.
  std::size_t buffered_bytes() const { return input_.size() + request_.body.size(); }

 private:
  std::optional<Reject> scan_head();
  std::optional<Reject> end_line();
  std::optional<Reject> accept_head();
  std::optional<Reject> read_body();
  void consume(std::size_t count);
  GuardEvent reject(const Reject& why);

  const GuardLimits limits_;
  Phase phase_ = Phase::kIdle;
  std::string input_;

  // Of the head being scanned.
  std::size_t scan_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  std::size_t headers_start_ = 0;
  bool after_cr_ = false;
  bool head_complete_ = false;
  bool skipped_blank_ = false;

  // Of the body being read.
  Request request_;
  std::size_t content_length_ = 0;
  std::optional<ChunkDecoder> chunks_;
  bool body_complete_ = false;
  bool expects_continue_ = false;
};

}  // namespace townkrier::http
