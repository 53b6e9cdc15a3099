#include "server/process_limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <string>

namespace townkrier::server {

void ensure_descriptors(std::uint64_t wanted, Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur < wanted) {
    log.warning("event=descriptor_limit_low limit=" + std::to_string(limit.rlim_cur) +
                " wanted=" + std::to_string(wanted) +
                " hint=\"raise ulimit -n or lower server.max_connections\"");
  }
}

}  // namespace townkrier::server
