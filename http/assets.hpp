#pragma once

/// \file http/assets.hpp
/// The files of http/dashboard/, compiled into the library (cmake/EmbedAssets.cmake).

#include <optional>
#include <string_view>

namespace townkrier::http {

/// The content of "overview.html"; nullopt for a name that is not there.
std::optional<std::string_view> asset(std::string_view name);

}  // namespace townkrier::http
