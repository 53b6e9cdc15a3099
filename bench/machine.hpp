#pragma once

/// \file bench/machine.hpp
/// What the figures were measured on, and what this process uses. Linux only.

#include <cstddef>
#include <string>

namespace townkrier::bench {

struct Machine {
  std::string cpu;
  unsigned cores = 0;
  std::size_t memory_mb = 0;
  std::string kernel;
  std::string file_system;  ///< Of the data directory.
  std::string compiler;
  std::string build;  ///< CMake's build type.
};
Machine machine(const std::string& data_dir);

/// Resident memory now, and its highest value since the process began. Megabytes (10^6).
double resident_mb();
double peak_resident_mb();

/// CPU seconds of this process (with ended children) and of the whole machine so far: the rest is
/// others' load.
struct CpuTime {
  double own = 0;
  double all = 0;
};
CpuTime cpu_time();

}  // namespace townkrier::bench
