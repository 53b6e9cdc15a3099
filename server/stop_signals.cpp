#include "server/stop_signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

namespace townkrier::server {
namespace {

using Clock = std::chrono::steady_clock;

/// Signals this soon after the first are the same wish to stop: a terminal or a wrapper such as
/// timeout(1) signals the process and its group.
constexpr auto kEcho = std::chrono::milliseconds(200);

void raise_event(int fd) {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then it is raised already.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

/// Takes a pending signal off the descriptor.
void take_signal(int fd) {
  signalfd_siginfo info{};
  [[maybe_unused]] const ssize_t taken = ::read(fd, &info, sizeof info);
}

[[noreturn]] void end_now(std::string_view why) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, why.data(), why.size());
  ::_exit(1);
}

/// Milliseconds from now on, for poll; never negative.
int until(Clock::time_point time) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

void watch(int signal_fd, int stopped_fd, Clock::time_point deadline) {
  const auto echo_end = Clock::now() + kEcho;
  for (;;) {
    pollfd waiting[] = {{signal_fd, POLLIN, 0}, {stopped_fd, POLLIN, 0}};
    const int ready = ::poll(waiting, 2, until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (waiting[1].revents != 0) return;
    if (ready == 0) end_now("townkrierd: the ordered stop took too long: ended\n");
    if (Clock::now() >= echo_end) end_now("townkrierd: second signal: ended without waiting\n");
    take_signal(signal_fd);
  }
}

}  // namespace

Result<StopSignals> StopSignals::create() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  const int fatal_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  StopSignals result(signal_fd, fatal_fd);
  if (signal_fd < 0 || fatal_fd < 0) {
    return fail(Errc::kIo, std::string("cannot wait for signals: ") + std::strerror(errno));
  }
  return result;
}

StopSignals::StopSignals(StopSignals&& other) noexcept
    : signal_fd_(std::exchange(other.signal_fd_, -1)),
      fatal_fd_(std::exchange(other.fatal_fd_, -1)) {}

StopSignals::~StopSignals() {
  if (signal_fd_ >= 0) ::close(signal_fd_);
  if (fatal_fd_ >= 0) ::close(fatal_fd_);
}

StopSignals::Cause StopSignals::wait() {
  for (;;) {
    pollfd waiting[] = {{signal_fd_, POLLIN, 0}, {fatal_fd_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) return Cause::kFatal;
    if (waiting[0].revents != 0) {
      take_signal(signal_fd_);
      return Cause::kSignal;
    }
  }
}

void StopSignals::fatal() {
  raise_event(fatal_fd_);
}

StopWatchdog::StopWatchdog(const StopSignals& signals, Duration within)
    : stopped_fd_(::eventfd(0, EFD_CLOEXEC)),
      thread_(watch, signals.signal_fd(), stopped_fd_, Clock::now() + within) {}

StopWatchdog::~StopWatchdog() {
  raise_event(stopped_fd_);
  thread_.join();
  ::close(stopped_fd_);
}

}  // namespace townkrier::server
