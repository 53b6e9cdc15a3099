#include "actors/attempt_mailbox.hpp"

#include "core/utf8.hpp"

namespace townkrier {

namespace {

constexpr std::size_t kMaxChildBytes = 8u << 20;  // payloads of one attempt's children
// Masking may shorten a line, so a longer one is taken in than is kept.
constexpr std::size_t kMaxRawLine = 4 * kMaxJobLogLine;
constexpr std::size_t kMaxRawBytes = 4 * kMaxJobLogBytes;

std::unexpected<Error> over() {
  return fail(Errc::kConflict, "the attempt is over");
}

}  // namespace

// Under the mutex. The scheduler hears of the first thing it has not taken.
void AttemptMailbox::notify() {
  if (auto alive = caf::actor_cast<SchedulerActor>(scheduler_)) {
    caf::anon_send(alive, report_atom::value, parcel(DeliveryKey{key_}));
  }
}

void AttemptMailbox::tell(const SchedulerActor& scheduler) {
  const std::lock_guard lock{mutex_};
  scheduler_ = caf::actor_cast<caf::actor_addr>(scheduler);
  if (!report_.empty()) notify();
}

Result<void> AttemptMailbox::report(JobProgress progress) {
  const std::lock_guard lock{mutex_};
  if (closed_) return over();
  const bool first = report_.empty();
  progress.updated_at = clock_->now();
  report_.progress = std::move(progress);
  if (first) notify();
  return {};
}

Result<void> AttemptMailbox::log(std::string_view line) {
  const std::lock_guard lock{mutex_};
  if (closed_) return over();
  const bool first = report_.empty();
  line = utf8_cut(line, kMaxRawLine);
  report_bytes_ += line.size();
  report_.lines.push_back({clock_->now(), attempt_, std::string(line)});
  while (report_.lines.size() > kMaxJobLogLines || report_bytes_ > kMaxRawBytes) {
    report_bytes_ -= report_.lines.front().text.size();
    report_.lines.erase(report_.lines.begin());
    ++report_.dropped;
  }
  if (first) notify();
  return {};
}

void AttemptMailbox::extend(Duration from_now, std::function<void(Result<void>)> done) {
  SchedulerActor scheduler;
  {
    const std::lock_guard lock{mutex_};
    if (!closed_) scheduler = caf::actor_cast<SchedulerActor>(scheduler_);
  }
  if (!scheduler) return done(over());
  ReplyOnce<void> reply{std::move(done)};
  caf::anon_send(scheduler, extend_atom::value,
                 parcel(ExtendCall{key_, from_now, std::move(reply)}));
}

Result<JobId> AttemptMailbox::enqueue(const JobRequest& request) {
  const std::lock_guard lock{mutex_};
  if (closed_) return over();
  if (children_.size() >= JobContext::kMaxChildren) {
    return fail(Errc::kTooLarge, "an attempt may enqueue at most " +
                                     std::to_string(JobContext::kMaxChildren) + " jobs");
  }
  if (child_bytes_ + request.payload.text().size() > kMaxChildBytes) {
    return fail(Errc::kTooLarge, "the payloads of an attempt's jobs may have at most 8 MiB");
  }
  auto made = make_(request);
  if (!made) return std::unexpected(std::move(made.error()));
  child_bytes_ += request.payload.text().size();
  const JobId id = made->job.id();
  children_.push_back(std::move(*made));
  return id;
}

AttemptReport AttemptMailbox::take() {
  const std::lock_guard lock{mutex_};
  report_bytes_ = 0;
  return std::exchange(report_, {});
}

AttemptMailbox::Rest AttemptMailbox::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  return {std::exchange(report_, {}), std::exchange(children_, {})};
}

std::optional<AttemptMailbox::Steady> AttemptMailbox::deadline() const {
  const std::lock_guard lock{mutex_};
  return deadline_;
}

void AttemptMailbox::set_deadline(Steady deadline) {
  const std::lock_guard lock{mutex_};
  deadline_ = deadline;
}

}  // namespace townkrier
