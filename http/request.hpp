#pragma once

/// \file http/request.hpp
/// One complete, checked HTTP request as the guard hands it out. Plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace townkrier::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

std::string_view to_string(Method method);

/// A header line; names of received headers are in lower case.
struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

/// One `name=value` of the query, both percent-decoded.
struct QueryPair {
  std::string name;
  std::string value;
  bool operator==(const QueryPair&) const = default;
};

/// Where a request comes from, as far as it can be believed; see forwarding.hpp.
struct RequestOrigin {
  enum class Scheme : std::uint8_t { kHttp, kHttps };
  std::string address;  ///< The client's, numeric.
  std::string host;     ///< As the client addressed the server; empty when it did not say.
  Scheme scheme = Scheme::kHttp;
  std::string prefix = {};  ///< What a proxy puts before our paths: "/ops", or empty.
  bool operator==(const RequestOrigin&) const = default;
};

struct Request {
  Method method = Method::kGet;
  std::string path;  ///< As sent, without the query; starts with '/'.
  std::vector<std::string>
      segments;  ///< Of the path, percent-decoded; a final '/' gives a last "".
  std::vector<QueryPair> query;
  std::vector<Header> headers;
  std::string body;
  bool keep_alive = true;
  std::string remote_address;  ///< Of the peer, numeric; set by the server.
  RequestOrigin origin = {};   ///< Set by the App.

  /// The first header of that lower-case name, or null.
  const std::string* header(std::string_view name) const;
};

}  // namespace townkrier::http
