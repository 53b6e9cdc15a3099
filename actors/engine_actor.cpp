// townkrier/caf.hpp: the engine behind one typed actor in a caller's system.

#include "townkrier/caf.hpp"

#include <utility>

#include "actors/guarded.hpp"
#include "actors/runtime.hpp"

namespace townkrier {

namespace {

constexpr auto kCategory = caf::atom("townkrier");

caf::error to_caf(const Error& error) {
  return {std::uint8_t(error.code), kCategory, caf::make_message(error.message)};
}

// Answers a request from whatever thread the engine replies on.
template <class T, class Promise>
Reply<T> deliver_to(Promise promise) {
  return [promise](Result<T> result) mutable {
    if (result)
      promise.deliver(std::move(*result));
    else
      promise.deliver(to_caf(result.error()));
  };
}

struct EngineActorState {
  static inline const char* name = "engine";
};

EngineActor::behavior_type engine_actor(EngineActor::stateful_pointer<EngineActorState> self,
                                        std::weak_ptr<Runtime> weak, Duration poll_interval,
                                        LogSink log) {
  guard(self, EngineActorState::name, log);
  const auto gone = [] { return to_caf({Errc::kUnavailable, "the engine has stopped", {}}); };
  return {
      [=](enqueue_jobs, JobRequests& wanted) -> caf::result<AcceptedJobs> {
        auto promise = self->make_response_promise<AcceptedJobs>();
        const auto runtime = weak.lock();
        if (!runtime) return promise.deliver(gone());
        runtime->enqueue(std::move(wanted.requests),
                         [promise](Result<std::vector<EnqueuedJob>> jobs) mutable {
                           if (jobs)
                             promise.deliver(AcceptedJobs{std::move(*jobs)});
                           else
                             promise.deliver(to_caf(jobs.error()));
                         });
        return promise;
      },
      [=](get_job, const JobId& id) -> caf::result<Job> {
        auto promise = self->make_response_promise<Job>();
        const auto runtime = weak.lock();
        if (!runtime) return promise.deliver(gone());
        runtime->get_job(id, deliver_to<Job>(promise));
        return promise;
      },
      [=](list_jobs, const JobFilter& filter) -> caf::result<JobPage> {
        auto promise = self->make_response_promise<JobPage>();
        const auto runtime = weak.lock();
        if (!runtime) return promise.deliver(gone());
        runtime->list_jobs(filter, deliver_to<JobPage>(promise));
        return promise;
      },
      [=](act_on_job, const JobId& id, JobAction action) -> caf::result<Job> {
        auto promise = self->make_response_promise<Job>();
        const auto runtime = weak.lock();
        if (!runtime) return promise.deliver(gone());
        runtime->act(id, action, deliver_to<Job>(promise));
        return promise;
      },
      [=](job_stats) -> caf::result<QueueStats> {
        auto promise = self->make_response_promise<QueueStats>();
        const auto runtime = weak.lock();
        if (!runtime) return promise.deliver(gone());
        runtime->job_stats(deliver_to<QueueStats>(promise));
        return promise;
      },
      [=](process_jobs, bool run) -> caf::result<bool> {
        auto promise = self->make_response_promise<bool>();
        const auto runtime = weak.lock();
        if (!runtime) return promise.deliver(gone());
        if (run) {
          runtime->start_processing(poll_interval);
          return promise.deliver(true);
        }
        runtime->stop_processing([promise]() mutable { promise.deliver(false); });
        return promise;
      },
      [=](subscribe_events, const EventSubscriber& subscriber) {
        const auto runtime = weak.lock();
        if (!runtime) return;
        runtime->subscribe(EventSink{[address = caf::actor_cast<caf::actor_addr>(subscriber)](
                                         const std::vector<JobEvent>& events) {
          const auto alive = caf::actor_cast<EventSubscriber>(address);
          if (alive) caf::anon_send(alive, job_events::value, JobEvents{events});
          return bool(alive);
        }});
      },
      [=](subscribe_events, const DeliverySubscriber& subscriber) {
        const auto runtime = weak.lock();
        if (!runtime) return;
        runtime->subscribe(
            DeliveryEventSink{[address = caf::actor_cast<caf::actor_addr>(subscriber)](
                                  const std::vector<DeliveryEvent>& events) {
              const auto alive = caf::actor_cast<DeliverySubscriber>(address);
              if (alive) caf::anon_send(alive, delivery_events::value, DeliveryEvents{events});
              return bool(alive);
            }});
      },
  };
}

}  // namespace

Error error_from(const caf::error& error) {
  if (error.category() == kCategory) {
    std::string message;
    if (error.context().match_elements<std::string>()) {
      message = error.context().get_as<std::string>(0);
    }
    return {Errc(error.code()), std::move(message), {}};
  }
  const bool late = error == caf::sec::request_timeout;
  return {late ? Errc::kTimeout : Errc::kUnavailable, caf::to_string(error), {}};
}

struct Engine::Impl {
  std::shared_ptr<Runtime> runtime;
  EngineActor actor;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;

Engine& Engine::operator=(Engine&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

Engine::~Engine() {
  shut_down();
}

const EngineActor& Engine::actor() const {
  return impl_->actor;
}

std::shared_ptr<DashboardBackend> Engine::backend() const {
  return impl_->runtime;
}

void Engine::shut_down() {
  if (!impl_ || !impl_->actor) return;
  impl_->runtime->shut_down();
  caf::anon_send_exit(impl_->actor, caf::exit_reason::user_shutdown);
  impl_->actor = nullptr;
}

Result<Engine> spawn_engine(caf::actor_system& system, EngineSetup setup) {
  RuntimeConfig config;
  config.adapter = std::move(setup.adapter);
  config.notifications = setup.notifications;
  for (HandlerSetup& one : setup.handlers) {
    config.kinds.push_back({std::move(one.kind), std::move(one.handler), one.options});
  }
  const QueueManagerConfig parts = with_defaults(std::move(setup.config));
  config.clock = parts.clock;
  config.log = parts.log;
  config.on_fatal = parts.on_fatal;
  const Duration poll_interval = config.adapter.options.poll_interval;
  auto runtime = Runtime::launch(std::move(config), &system);
  if (!runtime) return std::unexpected(runtime.error());
  auto impl = std::make_unique<Engine::Impl>();
  impl->actor =
      system.spawn(engine_actor, std::weak_ptr<Runtime>(*runtime), poll_interval, parts.log);
  impl->runtime = std::move(*runtime);
  return Engine{std::move(impl)};
}

}  // namespace townkrier
