#include "http/connection.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace townkrier::http {

namespace {

// What a client may send ahead of the answer to its present request.
constexpr std::size_t kMaxPipelinedBytes = 64 * 1024;
// What is read and thrown away after a refusal, so that the client can read why.
constexpr std::size_t kMaxDrainBytes = 8u << 20;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr ProblemText kTimedOut{503, "timeout",
                                "no answer in time; the outcome of the request is unknown"};
constexpr ProblemText kTooSlow{408, "request_timeout", "the request did not arrive in time"};
constexpr ProblemText kBusy{503, "overloaded", "too many requests are being worked on"};
constexpr ProblemText kNoMemory{503, "overloaded", "too much unread input is being held"};
constexpr ProblemText kFailed{500, "internal",
                              "the server failed to answer this request; its log says why"};

// Sends what the socket takes at once. -1: the connection is broken.
ssize_t send_some(int fd, std::string_view head, std::string_view body) {
  std::array<iovec, 2> parts = {iovec{const_cast<char*>(head.data()), head.size()},
                                iovec{const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  for (;;) {
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  }
}

}  // namespace

std::string next_request_id(ConnectionScope& scope) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::uint64_t number = scope.requests.fetch_add(1, std::memory_order_relaxed);
  std::string id = scope.request_id_prefix;
  for (int shift = 36; shift >= 0; shift -= 4) id += kDigits[(number >> shift) & 0xF];
  return id;
}

Connection::Connection(Socket socket, std::shared_ptr<ConnectionScope> scope,
                       std::shared_ptr<ConnectionLoop> loop)
    : remote_address_(std::move(socket.remote_address)),
      seat_(std::move(socket.seat)),
      scope_(std::move(scope)),
      loop_(std::move(loop)),
      fd_(socket.fd),
      guard_(scope_->limits) {
  set_deadline(scope_->timeouts.head);
}

Connection::~Connection() {
  scope_->buffered_bytes -= accounted_bytes_;
  if (owns_fd_ && fd_ != -1) ::close(fd_);
}

void Connection::on_input(std::string_view bytes) {
  Lock lock(mutex_);
  if (fd_ == -1 || streaming_) return;
  if (draining_) {
    drained_bytes_ += bytes.size();
    if (drained_bytes_ > kMaxDrainBytes) ::shutdown(fd_, SHUT_RDWR);
    return;
  }
  const bool waiting = busy_ || !output_.empty();
  if (overrun_ || (waiting && guard_.buffered_bytes() + bytes.size() > kMaxPipelinedBytes)) {
    // The rest of it is lost, so no later request can be framed: the present answer is the last.
    overrun_ = true;
    keep_alive_ = false;
    drained_bytes_ += bytes.size();
    if (drained_bytes_ > kMaxDrainBytes) ::shutdown(fd_, SHUT_RDWR);
    return;
  }
  guard_.append(bytes);
  account();
  drive(lock);
  account();
}

void Connection::resume() {
  Lock lock(mutex_);
  if (fd_ == -1) return;
  drive(lock);
  account();
}

// Hands out complete requests, one at a time. Loop thread only.
void Connection::drive(Lock& lock) {
  if (driving_) return;
  driving_ = true;
  while (fd_ != -1 && !busy_ && !draining_ && !streaming_ && output_.empty()) {
    if (scope_->buffered_bytes > scope_->max_buffered_bytes && guard_.buffered_bytes() > 0) {
      reject(kNoMemory);
      break;
    }
    GuardEvent event = guard_.next();
    if (auto* request = std::get_if<Request>(&event)) {
      start_request(lock, std::move(*request));
    } else if (const auto* why = std::get_if<Reject>(&event)) {
      reject({why->status, why->code, why->detail});
    } else {
      if (std::get<NeedMore>(event).send_continue) write_continue();
      // A peer that has closed its side will not complete anything.
      if (owns_fd_) close_now();
      update_read_deadline();
      break;
    }
  }
  driving_ = false;
}

void Connection::start_request(Lock& lock, Request request) {
  busy_ = true;
  ++number_;
  keep_alive_ = request.keep_alive && !overrun_;
  head_only_ = request.method == Method::kHead;
  read_phase_ = RequestGuard::Phase::kIdle;
  set_deadline(scope_->timeouts.request);
  request.remote_address = remote_address_;
  request_id_ = next_request_id(*scope_);
  const std::uint64_t number = number_;
  std::string id = request_id_;
  lock.unlock();
  {
    const ExchangePtr exchange = make_exchange(std::move(request), number, std::move(id));
    if (scope_->in_flight > scope_->max_in_flight) {
      exchange->reply(problem(kBusy, exchange->request_id()));
    } else {
      try {
        scope_->handler(exchange);
      } catch (...) {
        exchange->reply(problem(kFailed, exchange->request_id()));
      }
    }
  }
  lock.lock();
}

ExchangePtr Connection::make_exchange(Request request, std::uint64_t number, std::string id) {
  ++scope_->in_flight;
  // Counts the exchange until nobody holds it, answered or not.
  std::shared_ptr<void> ticket(nullptr, [scope = scope_](void*) { --scope->in_flight; });
  auto sink = [self = shared_from_this(), number](Response response) {
    self->finish(number, std::move(response));
  };
  return std::make_shared<Exchange>(std::move(request), std::move(id), std::move(sink),
                                    std::move(ticket));
}

// Answers what is no request, or not one in time; the connection ends.
void Connection::reject(const ProblemText& text) {
  head_only_ = false;
  request_id_ = next_request_id(*scope_);
  write_answer(problem(text, request_id_), Keep::kClose);
}

void Connection::finish(std::uint64_t number, Response response) {
  Lock lock(mutex_);
  if (number != number_ || !busy_) return;
  busy_ = false;
  if (fd_ == -1) return;
  if (response.stream && !head_only_) return begin_stream(response);
  const bool keep = keep_alive_ && !overrun_ && !scope_->stopping;
  write_answer(response, keep ? Keep::kOpen : Keep::kClose);
  account();
  // The next request is read on the loop's thread, not on the engine's.
  const bool more = guard_.buffered_bytes() > 0 || owns_fd_;
  if (more && !driving_ && output_.empty()) loop_->wake(shared_from_this());
}

void Connection::write_answer(const Response& response, Keep keep) {
  using Wire = WireOptions::Connection;
  const std::string head = wire_head(response, {request_id_, scope_->clock->now(),
                                                keep == Keep::kOpen ? Wire::kKeep : Wire::kClose});
  const std::string_view body = head_only_ ? std::string_view{} : std::string_view(response.body);
  close_after_output_ = keep == Keep::kClose;
  const ssize_t sent = send_some(fd_, head, body);
  if (sent < 0) return close_now();
  const auto count = static_cast<std::size_t>(sent);
  if (count == head.size() + body.size()) return answered();
  output_.assign(std::string_view(head).substr(std::min(count, head.size())));
  output_.append(body.substr(std::max(count, head.size()) - head.size()));
  output_at_ = 0;
  set_deadline(scope_->timeouts.write);
  loop_->watch_writable(shared_from_this());
}

void Connection::begin_stream(const Response& response) {
  const std::string head =
      wire_head(response, {request_id_, scope_->clock->now(), WireOptions::Connection::kClose});
  const bool taken = send_some(fd_, head, {}) == static_cast<ssize_t>(head.size());
  const int copy = taken && !owns_fd_ ? ::fcntl(fd_, F_DUPFD_CLOEXEC, 0) : -1;
  if (copy == -1) return close_now();
  streaming_ = true;
  response.stream(copy);
}

void Connection::write_continue() {
  // A socket that takes no 25 bytes after an exchange is not worth keeping.
  if (send_some(fd_, kContinue, {}) != static_cast<ssize_t>(kContinue.size())) close_now();
}

void Connection::on_writable() {
  Lock lock(mutex_);
  if (fd_ == -1 || output_.empty()) return;
  flush_output();
  if (output_.empty()) drive(lock);
  account();
}

void Connection::flush_output() {
  while (output_at_ < output_.size()) {
    const ssize_t sent = send_some(fd_, std::string_view(output_).substr(output_at_), {});
    if (sent < 0) return close_now();
    if (sent == 0) return;
    output_at_ += static_cast<std::size_t>(sent);
    set_deadline(scope_->timeouts.write);
  }
  output_ = {};
  answered();
}

// The whole answer is with the kernel.
void Connection::answered() {
  if (close_after_output_) return begin_drain();
  set_deadline(scope_->timeouts.idle);
}

// Closing at once would reset the connection under bytes the client is still sending, and with it
// the answer. So only our side is closed; the client's end or the deadline closes the rest.
void Connection::begin_drain() {
  if (owns_fd_ || scope_->stopping) return close_now();
  draining_ = true;
  ::shutdown(fd_, SHUT_WR);
  set_deadline(scope_->timeouts.drain);
}

// The loop sees the end of the stream and closes the descriptor.
void Connection::close_now() {
  if (fd_ == -1) return;
  ::shutdown(fd_, SHUT_RDWR);
  draining_ = true;
  output_ = {};
  set_deadline(scope_->timeouts.drain);
  if (owns_fd_) loop_->wake(shared_from_this());
}

bool Connection::on_disconnect() {
  Lock lock(mutex_);
  if (fd_ == -1 || owns_fd_) return false;
  const bool owes = !draining_ && (busy_ || !output_.empty());
  const int copy = owes ? ::fcntl(fd_, F_DUPFD_CLOEXEC, 0) : -1;
  fd_ = copy;
  owns_fd_ = copy != -1;
  if (!owns_fd_) output_ = {};
  account();
  return owns_fd_;
}

bool Connection::finished() const {
  Lock lock(mutex_);
  return fd_ == -1 || (owns_fd_ && draining_);
}

void Connection::cut() {
  Lock lock(mutex_);
  if (fd_ != -1) ::shutdown(fd_, SHUT_RDWR);
  if (owns_fd_) ::close(fd_);
  fd_ = -1;
  owns_fd_ = false;
  output_ = {};
}

bool Connection::idle() const {
  Lock lock(mutex_);
  return !busy_ && output_.empty() && guard_.phase() == RequestGuard::Phase::kIdle;
}

int Connection::fd() const {
  Lock lock(mutex_);
  return fd_;
}

void Connection::on_tick(SteadyTime now) {
  Lock lock(mutex_);
  if (fd_ == -1 || streaming_) return;
  const bool reading = !busy_ && !draining_ && output_.empty();
  const bool in_body = reading && read_phase_ == RequestGuard::Phase::kBody;
  if (now < deadline_ && !(in_body && now >= body_deadline_)) return;
  if (busy_) {
    busy_ = false;
    write_answer(problem(kTimedOut, request_id_), Keep::kClose);
  } else if (reading && read_phase_ != RequestGuard::Phase::kIdle) {
    reject(kTooSlow);
  } else {
    close_now();
  }
  account();
}

void Connection::set_deadline(Duration from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
}

void Connection::update_read_deadline() {
  using Phase = RequestGuard::Phase;
  if (fd_ == -1 || draining_) return;
  const Phase phase = guard_.phase();
  // A head has one deadline from its first byte on, a body a new one with every byte.
  if (phase == Phase::kBody) {
    if (read_phase_ != Phase::kBody) {
      body_deadline_ = std::chrono::steady_clock::now() + scope_->timeouts.body;
    }
    set_deadline(scope_->timeouts.body_progress);
  } else if (phase == Phase::kHead && read_phase_ != Phase::kHead) {
    set_deadline(scope_->timeouts.head);
  }
  read_phase_ = phase;
}

void Connection::account() {
  const auto held = static_cast<std::int64_t>(guard_.buffered_bytes() + output_.size());
  scope_->buffered_bytes += held - accounted_bytes_;
  accounted_bytes_ = held;
}

}  // namespace townkrier::http
