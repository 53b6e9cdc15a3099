// The engine inside a caller's own actor system: requests, errors, events, the end.

#include <townkrier/caf.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace townkrier {
namespace {

constexpr auto kLimit = std::chrono::seconds{10};

struct CafEngine : testing::Test {
  caf::actor_system_config config;
  caf::actor_system system{config};

  Result<Engine> spawn(JobHandler handler) {
    EngineSetup setup;
    setup.adapter = InMemoryQueueAdapter();
    setup.handlers.push_back({"work", std::move(handler)});
    return spawn_engine(system, std::move(setup));
  }
  static JobRequests one(std::string kind) {
    JobRequest request;
    request.kind = std::move(kind);
    request.payload = nlohmann::json::object();
    return {{request}};
  }
};

Result<JsonText> succeed(JobContext&) {
  return nlohmann::json{{"done", true}};
}

TEST_F(CafEngine, EnqueuesAsksAndReportsByMessage) {
  auto engine = spawn(succeed);
  ASSERT_TRUE(engine);
  caf::scoped_actor self{system};
  self->send(engine->actor(), subscribe_events::value, caf::actor_cast<EventSubscriber>(self));
  JobId id;
  self->request(engine->actor(), kLimit, enqueue_jobs::value, one("work"))
      .receive([&](const AcceptedJobs& accepted) { id = accepted.jobs.at(0).job.id(); },
               [](const caf::error& error) { FAIL() << error_from(error).message; });
  self->request(engine->actor(), kLimit, process_jobs::value, true)
      .receive([](bool processing) { EXPECT_TRUE(processing); },
               [](const caf::error& error) { FAIL() << error_from(error).message; });
  bool completed = false;
  while (!completed) {
    self->receive(
        [&](job_events, const JobEvents& news) {
          for (const JobEvent& event : news.events) {
            completed = completed || (event.job == id && event.status == JobStatus::kCompleted);
          }
        },
        caf::after(kLimit) >>
            [&] {
              ADD_FAILURE() << "no completion";
              completed = true;
            });
  }
  self->request(engine->actor(), kLimit, get_job::value, id)
      .receive([](const Job& job) { EXPECT_EQ(job.state.result.value()["done"], true); },
               [](const caf::error& error) { FAIL() << error_from(error).message; });
  self->request(engine->actor(), kLimit, job_stats::value)
      .receive([](const QueueStats& stats) { EXPECT_EQ(stats.completed, 1u); },
               [](const caf::error& error) { FAIL() << error_from(error).message; });
}

TEST_F(CafEngine, TellsByMessageWhatHappensToDeliveries) {
  NotificationManager notifications;
  notifications.register_channel("sms",
                                 [](const DeliveryRequest&) { return DeliveryOutcome::sent("m"); });
  EngineSetup setup;
  setup.adapter = InMemoryQueueAdapter();
  setup.notifications = &notifications;
  auto engine = spawn_engine(system, std::move(setup));
  ASSERT_TRUE(engine);
  caf::scoped_actor self{system};
  self->send(engine->actor(), subscribe_events::value, caf::actor_cast<DeliverySubscriber>(self));
  JobRequest request;
  request.payload = nlohmann::json{{"notification", {{"sms", {{"text", "hello"}}}}},
                                   {"recipient", {{"sms", {{"phone", "+2348012345678"}}}}}};
  self->request(engine->actor(), kLimit, process_jobs::value, true)
      .receive([](bool) {}, [](const caf::error&) {});
  self->request(engine->actor(), kLimit, enqueue_jobs::value, JobRequests{{request}})
      .receive([](const AcceptedJobs&) {},
               [](const caf::error& error) { FAIL() << error_from(error).message; });
  std::vector<std::string> told;
  bool complete = false;
  while (!complete) {
    self->receive(
        [&](delivery_events, const DeliveryEvents& news) {
          for (const DeliveryEvent& event : news.events) {
            told.emplace_back(to_string(event.kind));
            complete = complete || event.kind == DeliveryEvent::Kind::kSendComplete;
          }
        },
        caf::after(kLimit) >>
            [&] {
              ADD_FAILURE() << "no completion";
              complete = true;
            });
  }
  for (const char* kind : {"send.start", "delivery.sending", "provider.attempt", "delivery.sent"}) {
    EXPECT_TRUE(std::ranges::find(told, kind) != told.end()) << kind;
  }
}

TEST_F(CafEngine, ErrorsCarryTheLibrarysCode) {
  auto engine = spawn(succeed);
  ASSERT_TRUE(engine);
  caf::scoped_actor self{system};
  self->request(engine->actor(), kLimit, enqueue_jobs::value, one("nobody"))
      .receive([](const AcceptedJobs&) { FAIL() << "accepted"; },
               [](const caf::error& error) {
                 EXPECT_EQ(error_from(error).code, Errc::kUnknownKind);
                 EXPECT_FALSE(error_from(error).message.empty());
               });
  self->request(engine->actor(), kLimit, act_on_job::value, JobId{{1}}, JobAction::kCancel)
      .receive([](const Job&) { FAIL() << "found"; },
               [](const caf::error& error) { EXPECT_EQ(error_from(error).code, Errc::kNotFound); });
}

TEST_F(CafEngine, EndsWithoutTheCallersSystem) {
  auto engine = spawn(succeed);
  ASSERT_TRUE(engine);
  const EngineActor actor = engine->actor();
  engine->shut_down();
  engine->shut_down();
  caf::scoped_actor self{system};
  self->request(actor, kLimit, job_stats::value)
      .receive(
          [](const QueueStats&) { FAIL() << "answered"; },
          [](const caf::error& error) { EXPECT_EQ(error_from(error).code, Errc::kUnavailable); });
}

TEST_F(CafEngine, RefusesABadKindByName) {
  EngineSetup setup;
  setup.adapter = InMemoryQueueAdapter();
  setup.handlers.push_back({"Not A Kind", succeed});
  const auto engine = spawn_engine(system, std::move(setup));
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace townkrier
