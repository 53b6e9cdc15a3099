// In the place of the bundled dashboard when TOWNKRIER_DASHBOARD is off.
#include "http/assets.hpp"

namespace townkrier::http {

std::span<const Asset> assets() {
  return {};
}

}  // namespace townkrier::http
