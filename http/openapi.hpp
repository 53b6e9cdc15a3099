#pragma once

/// \file http/openapi.hpp
/// The description of the API: http/openapi/openapi.json, compiled in.

#include <string_view>

namespace townkrier::http {

/// An OpenAPI 3.1 document.
std::string_view openapi_document();

}  // namespace townkrier::http
