#pragma once

/// \file http/assets.hpp
/// The built dashboard, compiled into the library (cmake/Dashboard.cmake).

#include <span>
#include <string_view>

namespace townkrier::http {

struct Asset {
  std::string_view name;  ///< "index.html", "dashboard-2F3A91C0.js"
  std::string_view content_type;
  std::string_view encoding;  ///< "gzip", or empty for bytes as they are.
  std::string_view content;
};

/// Empty when the dashboard was not built in. Lives as long as the program.
std::span<const Asset> assets();

}  // namespace townkrier::http
