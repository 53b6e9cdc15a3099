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

struct Request {
  Method method = Method::kGet;
  std::string path;  ///< As sent, without the query; starts with '/'.
  std::vector<std::string>
      segments;  ///< Of the path, percent-decoded; a final '/' gives a last "".
  std::vector<QueryPair> query;
  std::vector<Header> headers;
  std::string body;
  bool keep_alive = true;
  std::string remote_address;  ///< Numeric; set by the server.

  /// The first header of that lower-case name, or null.
  const std::string* header(std::string_view name) const;
};

}  // namespace townkrier::http
