#include "actors/runtime.hpp"

#include <unistd.h>

#include <cstdio>
#include <future>
#include <limits>
#include <random>
#include <thread>
#include <utility>

#include "actors/guarded.hpp"
#include "actors/handler_provider.hpp"

namespace townkrier {

namespace {

// Longest wait for the ordered end beyond the drain itself: the second that cancelled attempts get,
// and the last writes.
constexpr Duration kEndGrace{5'000};

bool is_kind_name(std::string_view kind) {
  if (kind.empty() || kind.size() > 64 || kind == kNotificationKind) return false;
  return kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-") == kind.npos;
}

LogSink default_log() {
  return [](LogLevel level, std::string_view line) {
    if (level < LogLevel::kWarning) return;
    std::fprintf(stderr, "townkrier level=%s %.*s\n",
                 level == LogLevel::kError ? "error" : "warning", int(line.size()), line.data());
  };
}

std::function<void(const Error&)> default_fatal() {
  return [](const Error& error) {
    std::fprintf(stderr, "townkrier: the store has failed: %s\n", error.message.c_str());
    ::_exit(1);  // nothing may be acknowledged any more; the next start recovers
  };
}

void configure(caf::actor_system_config& config) {
  config.set("scheduler.max-throughput", std::size_t{100});
  config.set("logger.verbosity", caf::atom("quiet"));
}

}  // namespace

QueueManagerConfig with_defaults(QueueManagerConfig config) {
  if (!config.clock) config.clock = std::make_shared<SystemClock>();
  if (!config.log) config.log = default_log();
  if (!config.on_fatal) config.on_fatal = default_fatal();
  return config;
}

Result<void> check_handler(const KindHandler& handler) {
  if (!is_kind_name(handler.kind)) {
    return fail_field(Errc::kInvalidArgument, "/kind",
                      "must be 1..64 characters of [a-z0-9_.-] and not \"notification\"");
  }
  if (!handler.handler) return fail(Errc::kInvalidArgument, "the handler is empty");
  if (handler.options.concurrency < 1 || handler.options.concurrency > 1024) {
    return fail(Errc::kInvalidArgument, "concurrency: must be 1..1024");
  }
  if (handler.options.stop_grace < Duration{0} || handler.options.stop_grace > 1h) {
    return fail(Errc::kInvalidArgument, "stop_grace: must be 0..1 h");
  }
  if (handler.options.max_replaced < 0 || handler.options.max_replaced > 1024) {
    return fail(Errc::kInvalidArgument, "max_replaced: must be 0..1024");
  }
  return {};
}

Result<std::shared_ptr<Runtime>> Runtime::launch(RuntimeConfig config, caf::actor_system* system) {
  if (config.adapter.store == nullptr) {
    return fail(Errc::kInvalidConfig, "the queue adapter has no store");
  }
  if (auto valid = config.adapter.options.validate(); !valid) return std::unexpected(valid.error());
  if (auto valid = config.adapter.logs.validate(); !valid) return std::unexpected(valid.error());
  if (auto valid = config.adapter.retention.validate(); !valid) {
    return std::unexpected(valid.error());
  }
  std::vector<ConfiguredChannel> channels;
  if (config.notifications != nullptr) {
    if (auto ready = config.notifications->ready(); !ready) return std::unexpected(ready.error());
    channels = config.notifications->channels();
  }
  for (const KindHandler& kind : config.kinds) {
    if (auto valid = check_handler(kind); !valid) return std::unexpected(valid.error());
    ConfiguredChannel channel;
    channel.config.name = "@" + kind.kind;
    channel.config.concurrency = kind.options.concurrency;
    channel.needs_recipient = false;
    channel.stop_grace = kind.options.stop_grace;
    channel.max_replaced = kind.options.max_replaced;
    channel.providers.push_back(std::make_shared<HandlerProvider>(kind.kind, kind.handler));
    // A handler's failures are its jobs', not an outage: nothing trips a breaker.
    channel.config.breaker.failures = std::numeric_limits<int>::max();
    channels.push_back(std::move(channel));
  }
  std::shared_ptr<Runtime> runtime{new Runtime(std::move(config), system, channels)};
  runtime->restore_activity();
  runtime->spawn_supervisor(std::move(channels));
  return runtime;
}

Runtime::Runtime(RuntimeConfig config, caf::actor_system* system, std::vector<ConfiguredChannel>)
    : config_(std::move(config)), system_(system) {
  const QueueOptions& options = config_.adapter.options;
  admission_ = std::make_shared<Admission>(options.max_inflight_jobs, options.max_inflight_bytes);
  operations_ = std::make_unique<BulkOperations>(config_.clock);
  questions_ = std::make_shared<Admission>(options.max_inflight_jobs, 1);
  std::set<std::string> kinds;
  for (const KindHandler& kind : config_.kinds) kinds.insert(kind.kind);
  factory_ = std::make_shared<JobFactory>(options, config_.adapter.logs.content_privacy,
                                          config_.clock, config_.notifications, std::move(kinds));
  if (system_ == nullptr) {
    own_ = std::make_unique<OwnSystem>();
    configure(own_->config);
    own_->system = std::make_unique<caf::actor_system>(own_->config);
    system_ = own_->system.get();
  }
}

// The minute and the hour that are open may have begun in an earlier run.
void Runtime::restore_activity() {
  const TimePoint now = config_.clock->now();
  activity_ = std::make_shared<Activity>(now);
  for (const SeriesStep step : {SeriesStep::kMinute, SeriesStep::kHour}) {
    const TimePoint start = bucket_start(step, now);
    auto stored = config_.adapter.store->series({step, start, start + length_of(step)});
    if (!stored) continue;
    for (SeriesBucket& bucket : *stored) activity_->restore(std::move(bucket), now);
  }
}

void Runtime::spawn_supervisor(std::vector<ConfiguredChannel> channels) {
  const auto fatal = [weak = weak_from_this(), on_fatal = config_.on_fatal](const Error& error) {
    if (auto self = weak.lock()) {
      if (self->failed_.exchange(true)) return;  // told once
    }
    if (on_fatal) on_fatal(error);
  };
  SupervisorConfig supervisor_config;
  supervisor_config.directory = directory_;
  supervisor_config.store = {config_.adapter.store,
                             config_.adapter.durability,
                             privacy(),
                             config_.clock,
                             admission_,
                             {},
                             config_.log,
                             activity_,
                             fatal,
                             config_.log_sink,
                             feed_};
  SchedulerConfig& scheduler_config = supervisor_config.scheduler;
  scheduler_config.options = config_.adapter.options;
  scheduler_config.privacy = privacy();
  scheduler_config.clock = config_.clock;
  scheduler_config.run_id = random_uuid();
  scheduler_config.seed = std::random_device{}();
  scheduler_config.make_job = [factory = factory_](const JobRequest& request) {
    return factory->make(request);
  };
  scheduler_config.log = config_.log;
  supervisor_config.channels = std::move(channels);
  if (config_.notifications != nullptr) {
    supervisor_config.transport = config_.notifications->transport();
    supervisor_config.store.receipt_providers = config_.notifications->receipt_providers();
  }
  supervisor_config.logs = config_.adapter.logs;
  supervisor_config.retention = config_.adapter.retention;
  supervisor_config.log = config_.log;
  supervisor_config.feed = feed_;
  supervisor_config.calls = calls_;
  supervisor_config.fatal = fatal;
  auto ready = std::make_shared<std::promise<void>>();
  supervisor_config.ready = [ready] { ready->set_value(); };
  supervisor_ = system_->spawn(supervisor, std::move(supervisor_config));
  ready->get_future().wait();  // an actor's first step runs on a thread of the system
}

Runtime::~Runtime() {
  shut_down();
}

void Runtime::start_processing(Duration poll_interval) {
  caf::anon_send(supervisor_, start_atom::value, parcel(Duration{poll_interval}));
}

void Runtime::stop_processing(std::function<void()> done) {
  if (gone()) return done();
  caf::anon_send(supervisor_, stop_atom::value,
                 parcel(StopCall{StopCall::Reason::kPause, std::move(done)}));
}

void Runtime::stop_processing() {
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  stop_processing([done] { done->set_value(); });
  finished.wait_for(config_.adapter.options.drain_timeout + kEndGrace);
}

void Runtime::shut_down() {
  if (ended_.exchange(true)) return;
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  if (!failed_) {
    caf::anon_send(supervisor_, stop_atom::value,
                   parcel(StopCall{StopCall::Reason::kExit, [done] { done->set_value(); }}));
    finished.wait_for(config_.adapter.options.drain_timeout + kEndGrace);
  }
  await_end();
}

std::vector<caf::strong_actor_ptr> Runtime::everybody() {
  std::vector<caf::strong_actor_ptr> all;
  const auto add = [&all](const auto& handle) {
    if (handle) all.push_back(caf::actor_cast<caf::strong_actor_ptr>(handle));
  };
  add(supervisor_);
  directory_->with([&](Directory::Handles& h) {
    add(h.scheduler);
    add(h.janitor);
    add(h.transport);
    add(h.events);
    for (auto& one : h.queries) add(one);
    for (auto& one : h.channels) add(one);
    add(h.store);
  });
  return all;
}

// Whatever the ordered end has not ended is told to exit; handles are dropped, or an own system
// would wait for ever. In a caller's system, the end is awaited here.
void Runtime::await_end() {
  {
    caf::scoped_actor self{*system_};
    std::size_t alive = 0;
    for (const auto& one : everybody()) {
      self->monitor(caf::actor_cast<caf::actor>(one));
      self->send_exit(caf::actor_cast<caf::actor>(one), caf::exit_reason::user_shutdown);
      ++alive;
    }
    while (alive > 0) {
      bool late = false;
      self->receive(
          [&](const caf::down_msg&) { --alive; },
          caf::after(std::chrono::milliseconds(kEndGrace.count())) >> [&] { late = true; });
      if (late) break;
    }
  }
  directory_->clear();
  supervisor_ = nullptr;
  if (own_) end_own_system();
}

// A system waits for its threads, and a call that never returns never gives its thread back. The
// system is left behind then, rather than keeping the caller.
void Runtime::end_own_system() {
  if (calls_->wait_for_none(kEndGrace)) {
    own_.reset();
    return;
  }
  own_.release();  // in use for as long as the call runs
  config_.log(LogLevel::kError, "event=left_behind detail=\"a handler does not return\"");
}

void Runtime::subscribe(EventSink sink) {
  caf::anon_send(directory_->events(), attach_atom::value, parcel(std::move(sink)));
}

}  // namespace townkrier
