#pragma once

/// \file strace.hpp
/// System calls that fail or kill, by strace(1).

#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/eventually.hpp"

namespace townkrier::testing {

/// Why strace cannot be used here; empty when it can.
inline std::string strace_missing() {
  Child trial({.command = {"strace", "-f", "-o", "/dev/null", "true"}});
  if (trial.wait() == 0) return {};
  return "strace is not installed, or tracing is not permitted";
}

/// Strace on a running process, with all its threads; `inject` as in "fdatasync:error=EIO".
class Strace {
 public:
  Strace(pid_t pid, const std::string& inject)
      : child_(
            {.command = {"strace", "-q", "-f", "-o", "/dev/null", "-p", std::to_string(pid), "-e",
                         "trace=" + inject.substr(0, inject.find(':')), "-e", "inject=" + inject}}),
        pid_(pid) {}

  /// Whether every thread is traced by now.
  bool attached() const {
    return eventually([&] { return traced(); }, std::chrono::seconds(10));
  }

 private:
  bool traced() const {
    std::error_code error;
    std::size_t threads = 0;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task", error)) {
      std::ifstream status(task.path() / "status");
      for (std::string line; std::getline(status, line);) {
        if (line == "TracerPid:\t0") return false;
      }
      ++threads;
    }
    return threads > 0;
  }

  Child child_;
  const pid_t pid_;
};

}  // namespace townkrier::testing
