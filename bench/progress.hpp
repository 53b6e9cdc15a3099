#pragma once

/// \file bench/progress.hpp
/// A progress bar on standard error, drawn only when that is a terminal.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace townkrier::bench {

/// Draws from a thread of its own until it goes; then its line is cleared.
class Progress {
 public:
  /// `done` is called from that thread five times a second. `total` 0: unknown.
  Progress(std::string label, std::size_t total, std::function<std::size_t()> done);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void draw(std::size_t done) const;

  const std::string label_;
  const std::size_t total_;
  const std::function<std::size_t()> done_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

}  // namespace townkrier::bench
