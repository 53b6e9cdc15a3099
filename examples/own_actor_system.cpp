// The engine inside a service's own CAF actor system: the service's actors enqueue jobs and hear of
// their progress by message.

#include <chrono>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <townkrier/caf.hpp>
#include <townkrier/townkrier.hpp>

using namespace std::chrono_literals;

namespace {

// A service's actor: places an order, wants to know when its confirmation went out.
caf::behavior shop(caf::event_based_actor* self, townkrier::EngineActor engine) {
  townkrier::JobRequest confirmation;
  confirmation.kind = "confirm-order";
  confirmation.payload = nlohmann::json{{"order", 42}};
  self->request(engine, 10s, townkrier::enqueue_jobs::value, townkrier::JobRequests{{confirmation}})
      .then(
          [](const townkrier::AcceptedJobs& accepted) {
            std::printf("accepted %s\n", accepted.jobs.front().job.id().to_string().c_str());
          },
          [self](const caf::error& error) {
            std::printf("refused: %s\n", townkrier::error_from(error).message.c_str());
            self->quit();
          });
  return {
      [self](townkrier::job_events, const townkrier::JobEvents& news) {
        for (const auto& event : news.events) {
          std::printf("%s is %s\n", event.kind.c_str(),
                      std::string(townkrier::to_string(event.status)).c_str());
          if (townkrier::is_terminal(event.status)) self->quit();
        }
      },
  };
}

}  // namespace

int main() {
  caf::actor_system_config config;
  caf::actor_system system{config};

  townkrier::EngineSetup setup;
  setup.adapter = townkrier::InMemoryQueueAdapter();
  setup.handlers.push_back(
      {"confirm-order", [](townkrier::JobContext& job) -> townkrier::Result<townkrier::JsonText> {
         return nlohmann::json{{"confirmed", job.payload().at("order")}};
       }});
  auto engine = townkrier::spawn_engine(system, std::move(setup));
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().message.c_str());
    return 1;
  }

  caf::scoped_actor self{system};
  const auto customer = self->spawn(shop, engine->actor());
  self->send(engine->actor(), townkrier::subscribe_events::value,
             caf::actor_cast<townkrier::EventSubscriber>(customer));
  self->send(engine->actor(), townkrier::process_jobs::value, true);
  self->wait_for(customer);
  engine->shut_down();
}
