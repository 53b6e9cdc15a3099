#include "channels/curl_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace townkrier {
namespace {

std::uint32_t epoll_events(int what) {
  std::uint32_t events = 0;
  if (what & CURL_POLL_IN) events |= EPOLLIN;
  if (what & CURL_POLL_OUT) events |= EPOLLOUT;
  return events;
}

int curl_events(std::uint32_t events) {
  int out = 0;
  if (events & EPOLLIN) out |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) out |= CURL_CSELECT_OUT;
  if (events & (EPOLLERR | EPOLLHUP)) out |= CURL_CSELECT_ERR;
  return out;
}

}  // namespace

Result<std::unique_ptr<CurlLoop>> CurlLoop::create(long max_connections) {
  Multi multi(curl_multi_init(), &curl_multi_cleanup);
  if (!multi) return fail(Errc::kInternal, "no memory for the HTTP and SMTP transport");
  curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, max_connections);
  // Every connection may stay for reuse: evicting an idle one can block (mail servers get a QUIT).
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, max_connections);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int wakeup = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll < 0 || wakeup < 0) {
    if (epoll >= 0) ::close(epoll);
    if (wakeup >= 0) ::close(wakeup);
    return fail(Errc::kIo, "no file descriptor is left for the HTTP and SMTP transport");
  }
  return std::unique_ptr<CurlLoop>(new CurlLoop(std::move(multi), epoll, wakeup));
}

CurlLoop::CurlLoop(Multi multi, int epoll, int wakeup)
    : epoll_(epoll), wakeup_(wakeup), multi_(std::move(multi)) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = wakeup_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop() {
  // Cleaning up may close sockets, not report them.
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
  ::close(wakeup_);
  ::close(epoll_);
}

void CurlLoop::wake() {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the loop is woken anyhow.
  [[maybe_unused]] const auto written = ::write(wakeup_, &one, sizeof one);
}

void CurlLoop::step(Duration max_wait) {
  std::array<epoll_event, 256> events{};
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 wait_milliseconds(max_wait));
  int running = 0;
  for (int i = 0; i < count; ++i) {
    const int socket = events[i].data.fd;
    if (socket == wakeup_) {
      std::uint64_t drained = 0;
      [[maybe_unused]] const auto read = ::read(wakeup_, &drained, sizeof drained);
    } else {
      curl_multi_socket_action(multi_.get(), socket, curl_events(events[i].events), &running);
    }
  }
  const bool due = deadline_ && SteadyClock::now() >= *deadline_;
  if (!due && count > 0) return;
  // Also after an idle wait, as a safety net: it costs only what is overdue.
  if (due) deadline_.reset();
  curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
}

int CurlLoop::wait_milliseconds(Duration max_wait) const {
  auto wait = std::clamp<Duration>(max_wait, Duration{0}, Duration{60'000});
  if (deadline_) {
    // Rounded up: curl does not set a timer again that was acted on too early.
    const auto left = std::chrono::ceil<Duration>(*deadline_ - SteadyClock::now());
    wait = std::clamp(left, Duration{0}, wait);
  }
  return static_cast<int>(wait.count());
}

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& loop = *static_cast<CurlLoop*>(self);
  epoll_event event{.events = epoll_events(what), .data = {.fd = socket}};
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, socket, nullptr);
  } else if (known != nullptr) {
    ::epoll_ctl(loop.epoll_, EPOLL_CTL_MOD, socket, &event);
  } else {
    ::epoll_ctl(loop.epoll_, EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(loop.multi_.get(), socket, self);  // known from now on
  }
  return 0;
}

int CurlLoop::on_timer(CURLM*, long milliseconds, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  loop.deadline_.reset();
  if (milliseconds >= 0) loop.deadline_ = SteadyClock::now() + Duration{milliseconds};
  return 0;
}

}  // namespace townkrier
