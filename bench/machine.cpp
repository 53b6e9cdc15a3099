#include "bench/machine.hpp"

#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace townkrier::bench {

namespace {

// The value of a line "key : value" of a file under /proc.
std::string proc_value(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    const auto value = line.find_first_not_of(" \t", colon + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return {};
}

double kilobytes(const char* file, const std::string& key) {
  return std::strtod(proc_value(file, key).c_str(), nullptr);
}

std::string file_system_of(const std::string& path) {
  struct statfs found {};
  if (::statfs(path.c_str(), &found) != 0) return "unknown";
  switch (static_cast<std::uint32_t>(found.f_type)) {
    case 0xEF53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683E:
      return "btrfs";
    case 0x01021994:
      return "tmpfs";
    case 0x794C7630:
      return "overlayfs";
    default:
      break;
  }
  std::ostringstream hex;
  hex << "0x" << std::hex << static_cast<std::uint32_t>(found.f_type);
  return hex.str();
}

double seconds(const timeval& time) {
  return double(time.tv_sec) + double(time.tv_usec) / 1e6;
}

}  // namespace

Machine machine(const std::string& data_dir) {
  Machine found;
  found.cpu = proc_value("/proc/cpuinfo", "model name");
  found.cores = std::thread::hardware_concurrency();
  found.memory_mb = std::size_t(kilobytes("/proc/meminfo", "MemTotal") * 1.024 / 1000);
  utsname kernel{};
  if (::uname(&kernel) == 0) found.kernel = std::string(kernel.sysname) + " " + kernel.release;
  found.file_system = file_system_of(data_dir);
#ifdef __clang__
  found.compiler = "clang " __clang_version__;
#else
  found.compiler = "gcc " __VERSION__;
#endif
  found.build = TOWNKRIER_BUILD_TYPE;
  return found;
}

double resident_mb() {
  return kilobytes("/proc/self/status", "VmRSS") * 1.024 / 1000;
}

double peak_resident_mb() {
  return kilobytes("/proc/self/status", "VmHWM") * 1.024 / 1000;
}

CpuTime cpu_time() {
  CpuTime time;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage own{};
    ::getrusage(who, &own);
    time.own += seconds(own.ru_utime) + seconds(own.ru_stime);
  }
  std::ifstream stat("/proc/stat");
  std::string label;
  stat >> label;
  // user nice system idle iowait irq softirq steal: all but idle and iowait.
  for (int field = 0; field < 8; ++field) {
    double ticks = 0;
    stat >> ticks;
    if (field != 3 && field != 4) time.all += ticks / double(::sysconf(_SC_CLK_TCK));
  }
  return time;
}

}  // namespace townkrier::bench
