#pragma once

/// \file testing.hpp
/// For the tests of services that use the library: a channel that records instead of sending, a
/// clock moved by hand, and the real engine run step by step on a store in memory. Header-only,
/// opt-in, and tied to no test framework: checks give a `Result<void>` whose error says what was
/// expected and what was there.
///
///     testing::TestEngine engine({"email"});
///     my_service::sign_up(engine.queue(), "user@example.com");
///     engine.settle();
///     const auto ok = engine.channel("email").expect_sent_to("user@example.com");
///     ASSERT_TRUE(ok) << ok.error().message;

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "townkrier/channel.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/notification_manager.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/result.hpp"
#include "townkrier/time.hpp"

namespace townkrier::testing {

/// Wall time that moves only by hand. Thread-safe.
class VirtualClock final : public Clock {
 public:
  /// Starts at 2026-01-01T00:00:00Z.
  VirtualClock() = default;
  explicit VirtualClock(TimePoint start) : now_(start.time_since_epoch().count()) {}
  TimePoint now() const override { return TimePoint{Duration{now_.load()}}; }
  void advance(Duration by) { now_ += by.count(); }
  void set(TimePoint to) { now_ = to.time_since_epoch().count(); }

 private:
  std::atomic<Duration::rep> now_{1'767'225'600'000};
};

/// What a FakeChannel was asked to send, and what it answered.
struct SentMessage {
  std::string idempotency_key;
  std::uint32_t attempt = 1;
  JsonText content;    ///< E.g. {"subject":"Welcome!","text":"..."}.
  JsonText recipient;  ///< E.g. [{"email":"user@example.com"}].
  DeliveryOutcome::Kind answer = DeliveryOutcome::Kind::kSent;

  /// True when one of the recipients has this address, exactly.
  bool is_to(std::string_view address) const {
    return recipient.text().find('"' + std::string(address) + '"') != std::string::npos;
  }
  /// True when the content's JSON text holds `text`.
  bool holds(std::string_view text) const { return content.text().find(text) != std::string::npos; }
};

/// A provider that sends nothing, keeps everything and answers as told. Thread-safe.
class FakeChannel final : public Provider {
 public:
  /// `type`: whose content it takes, "email"; default the name.
  explicit FakeChannel(std::string name, std::string type = {})
      : name_(std::move(name)), type_(type.empty() ? name_ : std::move(type)) {}

  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return type_; }
  bool needs_recipient() const override { return false; }

  void send(DeliveryRequest request, DeliveryDone done) override {
    DeliveryOutcome outcome;
    {
      const std::lock_guard lock(mutex_);
      outcome = next_outcome();
      tries_.push_back({.idempotency_key = std::move(request.idempotency_key),
                        .attempt = request.attempt,
                        .content = std::move(request.content),
                        .recipient = std::move(request.recipient),
                        .answer = outcome.kind});
    }
    changed_.notify_all();
    done(std::move(outcome));
  }

  /// The next `times` deliveries end with `outcome`; what follows is sent.
  void answer_next(const DeliveryOutcome& outcome, std::size_t times = 1) {
    const std::lock_guard lock(mutex_);
    answers_.insert(answers_.end(), times, outcome);
  }

  /// Every try, sent or not, in order.
  std::vector<SentMessage> tries() const {
    const std::lock_guard lock(mutex_);
    return tries_;
  }
  /// What was sent, in order.
  std::vector<SentMessage> sent() const {
    auto out = tries();
    std::erase_if(out, [](const auto& one) { return one.answer != DeliveryOutcome::Kind::kSent; });
    return out;
  }
  /// Waits until `count` messages were sent; false when they were not in time.
  bool wait_sent(std::size_t count, Duration timeout = Duration{10'000}) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return sent_count() >= count; });
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    tries_.clear();
  }

  /// Exactly `times` messages were sent to this address.
  Result<void> expect_sent_to(std::string_view address, std::size_t times = 1) const {
    const auto all = sent();
    const auto found = static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const auto& one) { return one.is_to(address); }));
    if (found == times) return {};
    return fail(Errc::kNotFound, name_ + ": expected " + std::to_string(times) + " sent to " +
                                     std::string(address) + ", found " + std::to_string(found) +
                                     describe(all));
  }
  /// At least one message was sent whose content holds `text`.
  Result<void> expect_sent_holding(std::string_view text) const {
    const auto all = sent();
    if (std::ranges::any_of(all, [&](const auto& one) { return one.holds(text); })) return {};
    return fail(Errc::kNotFound,
                name_ + ": nothing sent holds \"" + std::string(text) + "\"" + describe(all));
  }
  Result<void> expect_nothing_sent() const {
    const auto all = sent();
    if (all.empty()) return {};
    return fail(Errc::kConflict, name_ + ": expected nothing to be sent" + describe(all));
  }

 private:
  DeliveryOutcome next_outcome() {
    if (answers_.empty()) {
      return DeliveryOutcome::sent("fake-" + std::to_string(tries_.size() + 1));
    }
    DeliveryOutcome outcome = std::move(answers_.front());
    answers_.pop_front();
    return outcome;
  }
  std::size_t sent_count() const {
    return static_cast<std::size_t>(
        std::ranges::count(tries_, DeliveryOutcome::Kind::kSent, &SentMessage::answer));
  }
  static std::string describe(const std::vector<SentMessage>& messages) {
    std::string out = "; sent:";
    for (const auto& one : messages)
      out += "\n  to " + one.recipient.text() + " " + one.content.text();
    return messages.empty() ? "; nothing was sent" : out;
  }

  const std::string name_;
  const std::string type_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<SentMessage> tries_;       // guarded by mutex_
  std::deque<DeliveryOutcome> answers_;  // guarded by mutex_
};

/// The engine with a fake channel for each name, a store in memory and virtual time. For one
/// thread; what it hands out may be used by others.
class TestEngine {
 public:
  /// `policy`: quiet hours by virtual time.
  explicit TestEngine(const std::vector<std::string>& channels, QueueOptions options = quick(),
                      PolicyOptions policy = {})
      : notifications_({.default_channel = {},
                        .channels = {},
                        .policy = std::move(policy),
                        .clock = clock_}) {
    for (const std::string& name : channels) {
      ChannelConfig config;
      config.name = name;
      config.breaker.failures = 1000;  // a test's own failures shall not open it
      const auto fake = std::make_shared<FakeChannel>(name);
      fakes_.emplace(name, fake);
      notifications_.register_channel(std::move(config), {fake});
    }
    QueueManagerConfig config;
    config.clock = clock_;
    queue_ = std::make_unique<QueueManager>(InMemoryQueueAdapter(std::move(options)),
                                            notifications_, std::move(config));
  }

  /// Retries after a second of virtual time, doubled each time and without jitter; looks for due
  /// jobs every 10 ms of real time.
  static QueueOptions quick() {
    QueueOptions options;
    options.jitter = 0;
    options.poll_interval = Duration{10};
    return options;
  }

  /// For `register_handler` before the first `start`, and for the code under test.
  QueueManager& queue() { return *queue_; }
  NotificationManager& notifications() { return notifications_; }
  VirtualClock& clock() { return *clock_; }
  /// One of the names given at the beginning.
  FakeChannel& channel(const std::string& name) {
    const auto found = fakes_.find(name);
    assert(found != fakes_.end());
    return *found->second;
  }

  /// Runs every job that is due, and returns when none is left: the rest has ended or waits for a
  /// later time. kTimeout when that takes longer than `timeout` of real time.
  Result<void> settle(Duration timeout = Duration{10'000}) {
    if (auto started = queue_->start_processing(); !started) return started;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
      const auto busy = is_busy();
      if (!busy) return std::unexpected(busy.error());
      if (!*busy) return {};
      if (std::chrono::steady_clock::now() >= deadline) {
        return fail(Errc::kTimeout, "jobs are still running");
      }
      pause();
    }
  }

  /// Moves the clock on, then settles.
  Result<void> advance(Duration by) {
    clock_->advance(by);
    return settle();
  }

  /// Inline mode: enqueues, settles, and gives the job as it is then.
  Result<Job> run(const Notification& notification, const Recipient& recipient,
                  JobOptions options = {}) {
    const auto job = queue_->enqueue(notification, recipient, std::move(options));
    if (!job) return job;
    if (auto settled = settle(); !settled) return std::unexpected(settled.error());
    return queue_->get_job(job->id());
  }

 private:
  // Each job is looked at once, with its status and its time together: a count of the running and
  // a list of the waiting, read one after the other, would both miss a job that starts in between.
  // Oldest first, so that the children which a job leaves behind come after it.
  Result<bool> is_busy() {
    JobFilter filter;
    filter.status = {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kScheduled,
                     JobStatus::kRetrying};
    filter.ascending = true;
    filter.limit = 500;
    while (true) {
      const auto page = queue_->get_jobs(filter);
      if (!page) return std::unexpected(page.error());
      if (std::ranges::any_of(page->jobs, [&](const Job& job) { return has_work(job); })) {
        return true;
      }
      if (!page->next) return false;
      filter.cursor = page->next;
    }
  }

  bool has_work(const Job& job) const {
    const JobStatus status = job.status();
    return status == JobStatus::kPending || status == JobStatus::kProcessing ||
           job.state.due_at <= clock_->now();
  }

  static void pause() {
    std::mutex mutex;
    std::condition_variable nobody;
    std::unique_lock lock(mutex);
    nobody.wait_for(lock, std::chrono::milliseconds(2));
  }

  const std::shared_ptr<VirtualClock> clock_ = std::make_shared<VirtualClock>();
  std::map<std::string, std::shared_ptr<FakeChannel>> fakes_;
  NotificationManager notifications_;
  std::unique_ptr<QueueManager> queue_;  // after what it uses
};

}  // namespace townkrier::testing
