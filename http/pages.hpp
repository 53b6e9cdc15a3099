#pragma once

/// \file http/pages.hpp
/// The dashboard: its pages, which are one file that reads its own URL, and the files that it
/// loads.

#include <string>
#include <vector>

#include "http/router.hpp"

namespace townkrier::http {

/// The pages at and below `path`, the files below `<path>/assets`, and the redirects of "/" and
/// "<path>/". Patterns are whole paths. All links are relative, so the dashboard also works below a
/// proxy's own prefix. Public: a page holds no data, and what it shows it asks from the API.
std::vector<Route> page_routes(const std::string& path);

}  // namespace townkrier::http
