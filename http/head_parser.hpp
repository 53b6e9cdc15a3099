#pragma once

/// \file http/head_parser.hpp
/// Reads one complete request head with http-parser and checks what that lets through.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/guard.hpp"
#include "http/request.hpp"

namespace townkrier::http {

struct Head {
  Request request;  ///< Method, headers and keep_alive are set.
  std::string target;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
};

/// `head` is everything up to and including the empty line, its lines known to end with CR LF.
std::variant<Head, Reject> parse_head(std::string_view head);

}  // namespace townkrier::http
