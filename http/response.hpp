#pragma once

/// \file http/response.hpp
/// What goes back to a client: a plain value, and its bytes on the wire. Pure functions.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProblemType = "application/problem+json";

/// One answer. Content-Length, Connection, Date, X-Request-Id and the security headers are added
/// when it is written.
struct Response {
  int status = 200;
  std::string content_type{kJsonType};
  std::string body;
  std::vector<Header> headers;
  std::string code = {};  ///< Of a problem, as in its body; empty: none.
  /// Goes on after the head, without a body of this answer: called with a descriptor of the
  /// connection, which it owns from then on. The connection serves nothing else afterwards.
  std::function<void(int fd)> stream = {};

  /// Control characters in `value` become blanks, so no value can start another header.
  Response& with_header(std::string name, std::string_view value);
};

/// The reason phrase of RFC 9110, e.g. "Not Found".
std::string_view reason_phrase(int status);

/// An error as RFC 9457 problem+json: status and code from the Errc, the message as detail,
/// `fields` as `errors`. What the server itself is to blame for gets a fixed detail. 429 and 503
/// carry Retry-After.
Response problem(const Error& error, std::string_view request_id);

/// The same for errors of HTTP itself.
struct ProblemText {
  int status = 400;
  std::string_view code;
  std::string_view detail;
};
Response problem(const ProblemText& text, std::string_view request_id,
                 const std::vector<FieldError>& fields = {});

int status_of(Errc code);

/// How one answer is written.
struct WireOptions {
  std::string_view request_id;
  TimePoint now{};
  enum class Connection : std::uint8_t { kKeep, kClose };
  Connection connection = Connection::kKeep;
};
/// Status line and headers with the empty line; the body follows as it is (not for HEAD).
std::string wire_head(const Response& response, const WireOptions& options);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(TimePoint time);

}  // namespace townkrier::http
