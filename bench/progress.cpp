#include "bench/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace townkrier::bench {

Progress::Progress(std::string label, std::size_t total, std::function<std::size_t()> done)
    : label_(std::move(label)), total_(total), done_(std::move(done)) {
  if (::isatty(STDERR_FILENO) == 0) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, stop, std::chrono::milliseconds{200},
                            [&] { return stop.stop_requested(); })) {
      if (stop.stop_requested()) return;
      draw(done_());
    }
  });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  std::fputs("\r\033[K", stderr);
}

void Progress::draw(std::size_t done) const {
  constexpr std::size_t kWidth = 30;
  if (total_ == 0) {
    std::fprintf(stderr, "\r\033[K%s %zu", label_.c_str(), done);
    return;
  }
  const std::size_t filled = std::min(kWidth, kWidth * done / total_);
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %zu/%zu", label_.c_str(), bar.c_str(), done, total_);
}

}  // namespace townkrier::bench
