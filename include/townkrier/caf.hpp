#pragma once

/// \file caf.hpp
/// The engine inside a caller's own `caf::actor_system`: a service's actors enqueue, ask and
/// subscribe by message. Opt-in (not part of townkrier.hpp) and tied to CAF 0.17.
///
///     auto engine = townkrier::spawn_engine(system, std::move(setup)).value();
///     self->request(engine.actor(), 10s, townkrier::enqueue_jobs::value,
///     townkrier::JobRequests{...})
///         .then([](const townkrier::AcceptedJobs& jobs) { ... },
///               [](const caf::error& error) { auto e = townkrier::error_from(error); ... });

#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "townkrier/backend.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/events.hpp"
#include "townkrier/job.hpp"
#include "townkrier/queue_manager.hpp"
#include "townkrier/result.hpp"

namespace townkrier {

// Verbs of the engine's interface.
using enqueue_jobs = caf::atom_constant<caf::atom("enqueue")>;
using get_job = caf::atom_constant<caf::atom("getjob")>;
using list_jobs = caf::atom_constant<caf::atom("listjobs")>;
using act_on_job = caf::atom_constant<caf::atom("act")>;
using job_stats = caf::atom_constant<caf::atom("stats")>;
using process_jobs = caf::atom_constant<caf::atom("process")>;
using subscribe_events = caf::atom_constant<caf::atom("subscribe")>;
using job_events = caf::atom_constant<caf::atom("events")>;
using delivery_events = caf::atom_constant<caf::atom("deliveries")>;

struct JobRequests {
  std::vector<JobRequest> requests;
};
struct AcceptedJobs {
  std::vector<EnqueuedJob> jobs;
};
struct JobEvents {
  std::vector<JobEvent> events;
};
struct DeliveryEvents {
  std::vector<DeliveryEvent> events;
};

}  // namespace townkrier

// These messages stay inside the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::JobRequests)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::AcceptedJobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::JobEvents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::DeliveryEvents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::Uuid)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::Job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::JobFilter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::JobPage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::JobAction)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(townkrier::QueueStats)

namespace townkrier {

/// An actor that wants to hear of job events, in batches, after they are durable.
using EventSubscriber = caf::typed_actor<caf::reacts_to<job_events, JobEvents>>;
/// The same for what happens to deliveries (events.hpp).
using DeliverySubscriber = caf::typed_actor<caf::reacts_to<delivery_events, DeliveryEvents>>;

/// The engine as an actor. An answer that is an error carries an Errc, see `error_from`.
using EngineActor = caf::typed_actor<
    /// All or none; answered when durable.
    caf::replies_to<enqueue_jobs, JobRequests>::with<AcceptedJobs>,
    caf::replies_to<get_job, JobId>::with<Job>,
    caf::replies_to<list_jobs, JobFilter>::with<JobPage>,
    caf::replies_to<act_on_job, JobId, JobAction>::with<Job>,
    caf::replies_to<job_stats>::with<QueueStats>,
    /// True: begin to run jobs. False: stop, drain, hand back; answered when that is over.
    caf::replies_to<process_jobs, bool>::with<bool>,
    /// Until the subscriber ends.
    caf::reacts_to<subscribe_events, EventSubscriber>,
    caf::reacts_to<subscribe_events, DeliverySubscriber>>;

/// The library's error in a CAF error that came from an EngineActor; kTimeout or kUnavailable for
/// CAF's own.
Error error_from(const caf::error& error);

/// One job kind and what runs it.
struct HandlerSetup {
  std::string kind;
  JobHandler handler;
  HandlerOptions options = {};
};

struct EngineSetup {
  QueueAdapter adapter;
  NotificationManager* notifications = nullptr;  ///< Borrowed; must outlive the engine.
  std::vector<HandlerSetup> handlers;
  QueueManagerConfig config = {};
};

/// Owns the engine's actors in the caller's system, which must outlive it. Movable; ends the engine
/// (draining as configured) when it goes. Thread-safe.
class Engine {
 public:
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  const EngineActor& actor() const;
  /// For a DashboardServer.
  std::shared_ptr<DashboardBackend> backend() const;
  /// Ends everything; blocks. Call it before the actor system's destructor when this object lives
  /// longer. A second call has no effect.
  void shut_down();

 private:
  friend Result<Engine> spawn_engine(caf::actor_system& system, EngineSetup setup);
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Spawns the engine in `system`. Errors: kInvalidConfig for options, channels or handlers.
Result<Engine> spawn_engine(caf::actor_system& system, EngineSetup setup);

}  // namespace townkrier
