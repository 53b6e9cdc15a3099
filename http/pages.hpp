#pragma once

/// \file http/pages.hpp
/// The dashboard's page and its files.

#include <string>
#include <vector>

#include "http/router.hpp"

namespace townkrier::http {

/// GET <path>, its style sheet and script, and the redirects of "/" and "<path>/". Patterns are
/// whole paths. All links are relative, so the page also works below a proxy's own prefix.
std::vector<Route> page_routes(const std::string& path);

}  // namespace townkrier::http
