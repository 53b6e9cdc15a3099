#pragma once

// The whole engine on one thread and virtual time: real actors, a memory store, fake providers.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/supervisor_actor.hpp"
#include "core/log_rows.hpp"
#include "core/uuid_generator.hpp"
#include "tests/support/fake_clock.hpp"

namespace townkrier::test {

/// Answers at once as `answer` says, or keeps the request until the test answers it.
class FakeProvider final : public Provider {
 public:
  struct Call {
    TimePoint at;
    DeliveryRequest request;
    DeliveryDone done;
  };
  FakeProvider(std::string name, std::shared_ptr<const Clock> clock)
      : name_(std::move(name)), clock_(std::move(clock)) {}
  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return name_; }
  void send(DeliveryRequest request, DeliveryDone done) override {
    calls.push_back({clock_->now(), std::move(request), done});
    if (answer) done(answer(calls.size()));
  }

  /// Given the number of the call (from 1). Empty: requests are held.
  std::function<DeliveryOutcome(std::size_t)> answer = [](std::size_t) {
    return DeliveryOutcome::sent("m");
  };
  std::vector<Call> calls;

 private:
  std::string name_;
  std::shared_ptr<const Clock> clock_;
};

/// A job to enqueue.
struct Spec {
  std::vector<std::string> via = {"email"};
  JobOptions options = {};
  DeliveryPlan plan = {};
  std::string kind = std::string(kNotificationKind);
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    options_.jitter = 0;
    options_.ageing = 0ms;
  }

  void TearDown() override { shut_down(); }

  FakeProvider& provider(const std::string& channel) {
    auto& made = providers_[channel];
    if (!made) made = std::make_shared<FakeProvider>(channel, clock_);
    return *made;
  }

  /// A further provider of a channel, behind its first.
  FakeProvider& backup(const std::string& channel, const std::string& name) {
    backups_[channel].push_back(std::make_shared<FakeProvider>(name, clock_));
    return *backups_[channel].back();
  }

  ChannelConfig& channel(const std::string& name) {
    provider(name);
    configs_[name].name = name;
    return configs_[name];
  }

  /// Spawns everything and lets it settle; processing begins unless told otherwise.
  enum class Begin { kProcessing, kIdle };
  void launch(Begin begin = Begin::kProcessing) {
    config_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(config_);
    directory_ = std::make_shared<Directory>();
    SupervisorConfig made;
    made.directory = directory_;
    made.store.store = store_;
    made.store.durability = Durability::kFsync;
    made.store.clock = clock_;
    made.store.admission = std::make_shared<Admission>(100'000, 1u << 30);
    made.store.log = log_;
    made.store.fatal = [this](const Error& error) { fatal_.push_back(error); };
    made.scheduler.options = options_;
    made.scheduler.clock = clock_;
    made.scheduler.run_id = next_id_();
    made.scheduler.log = log_;
    made.scheduler.make_job = [this](const JobRequest& request) {
      return Result<NewJob>{make_job(
          {.via = {"@" + request.kind}, .options = request.options, .kind = request.kind})};
    };
    made.scheduler.ready_limits = ready_limits_;
    made.scheduler.due_limits = due_limits_;
    for (auto& [name, config] : configs_) {
      std::vector<std::shared_ptr<Provider>> all{providers_[name]};
      all.insert(all.end(), backups_[name].begin(), backups_[name].end());
      const auto other = other_providers_.find(name);
      if (other != other_providers_.end()) all = {other->second};
      made.channels.push_back({config, std::move(all), true});
    }
    made.retention = retention_;
    made.log = log_;
    made.feed = feed_;
    made.fatal = made.store.fatal;
    made.threads = SupervisorConfig::Threads::kShared;
    supervisor_ = system_->spawn(supervisor, std::move(made));
    run();
    if (begin == Begin::kProcessing) start();
  }

  void start() {
    caf::anon_send(supervisor_, start_atom::value, parcel(options_.poll_interval));
    run();
  }

  /// The ordered end. Without it (a crash), see `crash`.
  void shut_down() {
    if (!system_) return;
    bool done = false;
    if (supervisor_) {
      caf::anon_send(supervisor_, stop_atom::value,
                     parcel(StopCall{StopCall::Reason::kExit, [&done] { done = true; }}));
      for (int i = 0; i < 3000 && !done && fatal_.empty(); ++i) advance(10ms);
    }
    end_everybody();
  }

  /// Ends the actors as a crash ends a process: nothing more is written.
  void crash() {
    end_everybody();
    for (auto& [name, provider] : providers_) provider->calls.clear();
  }

  void run() { scheduler_of(*system_).run(); }

  /// Moves wall time and actor time together, in steps of at most `step`.
  void advance(Duration by, Duration step = 10ms) {
    while (by > 0ms) {
      const Duration part = std::min(by, step);
      clock_->advance(part);
      scheduler_of(*system_).advance_time(part);
      run();
      by -= part;
    }
  }

  JobId enqueue(Spec spec = {}) {
    auto result = try_enqueue(std::move(spec));
    EXPECT_TRUE(result) << result.error().message;
    return result ? result->front().job.id() : JobId{};
  }

  Result<std::vector<EnqueuedJob>> try_enqueue(Spec spec) {
    EnqueueCall call;
    call.jobs.push_back(make_job(spec));
    Result<std::vector<EnqueuedJob>> answer = fail(Errc::kTimeout, "no answer");
    call.reply =
        ReplyOnce<std::vector<EnqueuedJob>>{[&](auto result) { answer = std::move(result); }};
    caf::anon_send(directory_->store(), enqueue_atom::value, parcel(std::move(call)));
    run();
    for (int i = 0; i < 100 && !answer && answer.error().code == Errc::kTimeout; ++i) advance(10ms);
    return answer;
  }

  Result<Job> act(const JobId& id, JobAction action) {
    Result<Job> answer = fail(Errc::kTimeout, "no answer");
    ActCall call{id, action, ReplyOnce<Job>{[&](Result<Job> job) { answer = std::move(job); }}};
    caf::anon_send(directory_->scheduler(), act_atom::value, parcel(std::move(call)));
    run();
    return answer;
  }

  void flow(const std::string& queue, DashboardBackend::Flow flow) {
    caf::anon_send(directory_->scheduler(), flow_atom::value,
                   parcel(FlowCall{queue, flow, ReplyOnce<bool>{[](Result<bool>) {}}}));
    run();
  }

  Job job(const JobId& id) {
    auto found = store_->get_job(id);
    EXPECT_TRUE(found) << "no such job";
    return found ? *found : Job{std::make_shared<JobEnvelope>(), {}};
  }
  JobStatus status(const JobId& id) { return job(id).state.status; }

  ChannelInfo channel_info(std::size_t number) {
    ChannelInfo info;
    caf::anon_send(directory_->channel(number), info_atom::value,
                   parcel(ChannelInfoCall{ReplyOnce<ChannelInfo>{
                       [&](Result<ChannelInfo> answer) { info = std::move(*answer); }}}));
    run();
    return info;
  }
  std::vector<NotificationLog> rows(const JobId& id) {
    LogFilter filter;
    filter.job_id = id;
    filter.ascending = true;
    return store_->query_logs(filter).value().logs;
  }

  /// When the calls of a channel came, in ms after the first.
  std::vector<Duration::rep> call_times(const std::string& channel) {
    std::vector<Duration::rep> times;
    for (const auto& call : provider(channel).calls) {
      times.push_back((call.at - provider(channel).calls.front().at).count());
    }
    return times;
  }

  NewJob make_job(const Spec& spec) {
    auto envelope = std::make_shared<JobEnvelope>();
    envelope->id = next_id_();
    envelope->kind = spec.kind;
    envelope->queue = spec.options.queue;
    envelope->priority = spec.options.priority;
    envelope->max_retries = spec.options.max_retries.value_or(options_.max_retries);
    envelope->retry_delay = spec.options.retry_delay.value_or(options_.retry_delay);
    envelope->timeout = spec.options.timeout.value_or(options_.timeout);
    envelope->created_at = clock_->now();
    envelope->plan = spec.plan;
    envelope->unique_key = spec.options.unique_key;
    if (spec.options.delay) envelope->scheduled_for = clock_->now() + *spec.options.delay;
    const std::string content = R"({"text":"hello"})";
    std::string text = R"({"recipient":[],"notification":{)";
    std::vector<Delivery> deliveries;
    for (const std::string& channel : spec.via) {
      text += (deliveries.empty() ? "\"" : ",\"") + channel + "\":";
      envelope->parts.push_back(
          {std::uint32_t(text.size()), std::uint32_t(content.size()), 13, 2});  // the []
      text += content;
      Delivery delivery;
      delivery.channel = channel;
      delivery.log_id = next_id_();
      deliveries.push_back(std::move(delivery));
    }
    envelope->payload = JsonText::trusted(text + "}}");
    envelope->masked = JsonText::trusted("{}");
    NewJob made;
    made.job.state = initial_state(*envelope, std::move(deliveries), clock_->now());
    made.job.envelope = envelope;
    const std::vector<ShownContent> shown(made.job.state.deliveries.size());
    made.logs = first_log_rows(*envelope, made.job.state, shown, ContentPrivacy::kMasked);
    return made;
  }

  static caf::scheduler::test_coordinator& scheduler_of(caf::actor_system& system) {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  void end_everybody() {
    if (!system_) return;
    const auto end = [](const auto& handle) {
      if (handle) caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
    };
    end(supervisor_);
    run();
    directory_->with([&](Directory::Handles& h) {
      end(h.scheduler);
      for (auto& one : h.channels) end(one);
      for (auto& one : h.queries) end(one);
      end(h.janitor);
      end(h.events);
      end(h.store);
    });
    run();
    directory_->clear();
    supervisor_ = nullptr;
    system_.reset();
  }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  UuidV7Generator ids_{*clock_};
  std::function<Uuid()> next_id_ = [this] { return ids_.next(); };
  QueueOptions options_;
  RetentionOptions retention_;
  ReadyQueue::Limits ready_limits_;
  DueWheel::Limits due_limits_;
  std::shared_ptr<Store> store_ = make_memory_store();
  std::map<std::string, std::shared_ptr<FakeProvider>> providers_;
  std::map<std::string, std::vector<std::shared_ptr<FakeProvider>>> backups_;
  /// Others than fakes, by channel; they come first.
  std::map<std::string, std::shared_ptr<Provider>> other_providers_;
  std::map<std::string, ChannelConfig> configs_;
  std::shared_ptr<DeliveryFeed> feed_ = std::make_shared<DeliveryFeed>();
  std::vector<Error> fatal_;
  std::vector<std::string> log_lines_;
  LogSink log_ = [this](LogLevel, std::string_view line) { log_lines_.emplace_back(line); };

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<Directory> directory_;
  SupervisorActor supervisor_;
};

}  // namespace townkrier::test
