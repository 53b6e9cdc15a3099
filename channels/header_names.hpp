#pragma once

/// \file header_names.hpp
/// Which HTTP headers a configuration may set. Pure.

#include <string_view>

namespace townkrier {

/// A token of RFC 9110 §5.6.2.
bool is_header_name(std::string_view name);

/// True for headers that belong to the transport: host, content-length, connection, ...
bool is_framing_header(std::string_view name);

/// Equal but for the case of ASCII letters.
bool equal_names(std::string_view a, std::string_view b);

}  // namespace townkrier
