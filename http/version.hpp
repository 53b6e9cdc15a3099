#pragma once

/// \file http/version.hpp

#include <string_view>

namespace townkrier::http {

/// The project's version, from CMakeLists.txt (http/version.cpp).
extern const std::string_view kVersion;

}  // namespace townkrier::http
