#pragma once

/// \file http/event_streams.hpp
/// Server-sent events: streams of small events on descriptors of their own, written by one thread
/// that never waits for a client. Events hold ids and numbers, so a stream gives nobody more than
/// the lists do.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "townkrier/backend.hpp"
#include "townkrier/time.hpp"

namespace townkrier::http {

/// One event. What it says is sent when it differs from the stream's last one.
struct StreamEvent {
  std::string id;    ///< What a client that comes back tells; one line.
  std::string name;  ///< One line.
  std::string data;  ///< One line of JSON.
};

/// Where a stream's events come from.
struct StreamSource {
  /// Asked again and again with the id of the last event (or the client's Last-Event-ID). The reply
  /// may come from any thread; an error ends the stream.
  std::function<void(const std::string& last_id, Reply<StreamEvent> reply)> ask;
  /// Whether the client may still see it: its session may have ended.
  std::function<bool()> allowed;
  std::string last_id = {};
};

/// Thread-safe.
class EventStreams {
 public:
  struct Options {
    std::size_t max_streams = 64;
    Duration every{1'000};       ///< Between two questions to a source.
    Duration comment{15'000};    ///< A silent stream says that it lives this often.
    Duration lifetime{240'000};  ///< Then it ends, and its client comes back.
  };
  explicit EventStreams(Options options);
  EventStreams() : EventStreams(Options{}) {}
  /// Ends all.
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  /// A seat for a stream; null when all are taken. The stream holds it.
  std::shared_ptr<const void> take_seat();
  /// Owns `fd`, a connected stream socket on which the head of the answer was sent.
  void add(int fd, StreamSource source, std::shared_ptr<const void> seat);
  void stop();
  std::size_t size() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Stream;
  struct Shared;
  using StreamPtr = std::shared_ptr<Stream>;

  void run(const std::stop_token& stop);
  std::vector<StreamPtr> streams() const;
  void turn(Time now);
  void remove_ended();

  const Options options_;
  const int wake_fd_;
  std::shared_ptr<Shared> shared_;  ///< With the seats, which may outlive this.

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<StreamPtr> streams_;
  bool stopped_ = false;

  std::jthread thread_;  ///< Last: it uses all of the above.
};

}  // namespace townkrier::http
