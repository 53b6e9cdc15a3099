#include "http/reply_loop.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace townkrier::http {

namespace {

constexpr ProblemText kTimedOut{503, "timeout",
                                "no answer in time; the outcome of the request is unknown"};
// How late a deadline may be noticed.
constexpr int kTickMs = 100;

enum class Sent : std::uint8_t { kAll, kSome, kBroken };

Sent send_rest(int fd, const std::string& bytes, std::size_t& at) {
  while (at < bytes.size()) {
    const ssize_t sent =
        ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::kSome : Sent::kBroken;
    at += static_cast<std::size_t>(sent);
  }
  return Sent::kAll;
}

void end_connection(int fd) {
  ::shutdown(fd, SHUT_RDWR);
  ::close(fd);
}

}  // namespace

ReplyLoop::ReplyLoop(Options options)
    : options_(options),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

ReplyLoop::~ReplyLoop() {
  thread_.request_stop();
  wake();
  thread_.join();
  for (const Output& output : incoming_) end_connection(output.fd);
  ::close(wake_fd_);
}

void ReplyLoop::write(int fd, std::string bytes) {
  Output output{fd, std::move(bytes), 0, std::chrono::steady_clock::now() + options_.write_timeout};
  if (send_rest(fd, output.bytes, output.at) != Sent::kSome) return end_connection(fd);
  {
    std::lock_guard lock(mutex_);
    incoming_.push_back(std::move(output));
  }
  wake();
}

void ReplyLoop::watch(const ExchangePtr& exchange) {
  std::lock_guard lock(mutex_);
  watched_.push_back({std::chrono::steady_clock::now() + options_.request_timeout, exchange});
}

void ReplyLoop::run(const std::stop_token& stop) {
  std::vector<Output> outputs;
  while (!stop.stop_requested()) {
    wait(outputs);
    {
      std::lock_guard lock(mutex_);
      std::ranges::move(incoming_, std::back_inserter(outputs));
      incoming_.clear();
    }
    const Time now = std::chrono::steady_clock::now();
    expire(now);
    std::erase_if(outputs, [now](Output& output) { return finished(output, now); });
  }
  for (const Output& output : outputs) end_connection(output.fd);
}

void ReplyLoop::wait(std::vector<Output>& outputs) {
  std::vector<pollfd> watched = {{wake_fd_, POLLIN, 0}};
  for (const Output& output : outputs) watched.push_back({output.fd, POLLOUT, 0});
  ::poll(watched.data(), watched.size(), kTickMs);
  eventfd_t count = 0;
  ::eventfd_read(wake_fd_, &count);
}

void ReplyLoop::expire(Time now) {
  std::vector<ExchangePtr> late;
  {
    std::lock_guard lock(mutex_);
    for (; !watched_.empty() && watched_.front().deadline <= now; watched_.pop_front()) {
      if (auto exchange = watched_.front().exchange.lock()) late.push_back(std::move(exchange));
    }
  }
  for (const ExchangePtr& exchange : late) {
    exchange->reply(problem(kTimedOut, exchange->request_id()));
  }
}

bool ReplyLoop::finished(Output& output, Time now) {
  const Sent sent = send_rest(output.fd, output.bytes, output.at);
  if (sent == Sent::kSome && now < output.deadline) return false;
  end_connection(output.fd);
  return true;
}

void ReplyLoop::wake() const {
  ::eventfd_write(wake_fd_, 1);
}

}  // namespace townkrier::http
