#include "http/event_streams.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

namespace townkrier::http {

namespace {

constexpr std::string_view kComment = ": alive\n\n";

std::string text_of(const StreamEvent& event) {
  return "id: " + event.id + "\nevent: " + event.name + "\ndata: " + event.data + "\n\n";
}

// A client that does not take a few hundred bytes at once is not reading.
bool send_all(int fd, std::string_view bytes) {
  for (;;) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent) == bytes.size();
    if (errno != EINTR) return false;
  }
}

}  // namespace

/// One stream. Answers of its source may come when it has ended, from any thread.
struct EventStreams::Stream {
  Stream(int fd_, StreamSource source_, std::shared_ptr<const void> seat_, Time now)
      : source(std::move(source_)),
        seat(std::move(seat_)),
        began(now),
        fd(fd_),
        last_id(source.last_id),
        spoke(now) {}
  ~Stream() { end(); }

  void end() {
    const std::lock_guard lock(mutex);
    end_locked();
  }
  void end_locked() {
    if (fd == -1) return;
    // The owner of the other descriptor sees it too, and closes that.
    ::shutdown(fd, SHUT_RDWR);
    ::close(std::exchange(fd, -1));
  }
  void take(const Result<StreamEvent>& event, Time now) {
    const std::lock_guard lock(mutex);
    asking = false;
    if (fd == -1) return;
    if (!event) return end_locked();
    if (event->data == last_data) return;
    last_id = event->id;
    last_data = event->data;
    spoke = now;
    if (!send_all(fd, text_of(*event))) end_locked();
  }

  const StreamSource source;
  const std::shared_ptr<const void> seat;
  const Time began;
  std::mutex mutex;
  // Guarded by mutex.
  int fd;
  std::string last_id;
  std::string last_data;
  Time spoke;
  bool asking = false;
  std::optional<Time> asked;
};

struct EventStreams::Shared {
  std::atomic<std::size_t> seats{0};
};

EventStreams::EventStreams(Options options)
    : options_(options),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      shared_(std::make_shared<Shared>()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

EventStreams::~EventStreams() {
  stop();
  ::close(wake_fd_);
}

void EventStreams::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  thread_.request_stop();
  ::eventfd_write(wake_fd_, 1);
  if (thread_.joinable()) thread_.join();
  for (const StreamPtr& stream : streams()) stream->end();
  remove_ended();
}

std::shared_ptr<const void> EventStreams::take_seat() {
  if (shared_->seats.fetch_add(1) >= options_.max_streams) {
    --shared_->seats;
    return nullptr;
  }
  // The deleter runs when the stream is gone, or was never begun.
  return {shared_.get(), [shared = shared_](const void*) { --shared->seats; }};
}

void EventStreams::add(int fd, StreamSource source, std::shared_ptr<const void> seat) {
  auto stream = std::make_shared<Stream>(fd, std::move(source), std::move(seat),
                                         std::chrono::steady_clock::now());
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;  // ends as it goes
    streams_.push_back(std::move(stream));
  }
  ::eventfd_write(wake_fd_, 1);
}

std::size_t EventStreams::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

std::vector<EventStreams::StreamPtr> EventStreams::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}

void EventStreams::remove_ended() {
  std::vector<StreamPtr> ended;  // go outside the lock
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_, [&](const StreamPtr& stream) {
    const std::lock_guard stream_lock(stream->mutex);
    if (stream->fd != -1) return false;
    ended.push_back(stream);
    return true;
  });
}

// Waits for the next turn, for a new stream, or for a client that hangs up.
void EventStreams::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> watched = {{wake_fd_, POLLIN, 0}};
    const auto all = streams();
    for (const StreamPtr& stream : all) {
      const std::lock_guard lock(stream->mutex);
      watched.push_back({stream->fd, POLLRDHUP, 0});  // an fd of -1 is left out
    }
    ::poll(watched.data(), watched.size(), static_cast<int>(options_.every.count()));
    eventfd_t count = 0;
    ::eventfd_read(wake_fd_, &count);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (watched[i + 1].revents != 0) all[i]->end();
    }
    turn(std::chrono::steady_clock::now());
    remove_ended();
  }
}

void EventStreams::turn(Time now) {
  for (const StreamPtr& stream : streams()) {
    if (!stream->source.allowed() || now - stream->began >= options_.lifetime) {
      stream->end();
      continue;
    }
    std::string last_id;
    {
      const std::lock_guard lock(stream->mutex);
      const bool early = stream->asked && now - *stream->asked < options_.every;
      if (stream->fd == -1 || stream->asking || early) continue;
      stream->asked = now;
      if (now - stream->spoke >= options_.comment) {
        stream->spoke = now;
        if (!send_all(stream->fd, kComment)) stream->end_locked();
      }
      stream->asking = true;
      last_id = stream->last_id;
    }
    stream->source.ask(last_id, [stream](const Result<StreamEvent>& event) {
      stream->take(event, std::chrono::steady_clock::now());
    });
  }
}

}  // namespace townkrier::http
