#include "http/version.hpp"

namespace townkrier::http {

const std::string_view kVersion = TOWNKRIER_VERSION;

}  // namespace townkrier::http
