// Enqueues one job of an own kind with the in-memory adapter and waits until it has run.

#include <chrono>
#include <cstdio>
#include <future>

#include <nlohmann/json.hpp>
#include <townkrier/townkrier.hpp>

int main() {
  std::promise<int> ran;
  townkrier::QueueManager queue(townkrier::InMemoryQueueAdapter());
  auto registered = queue.register_handler(
      "add", [&](townkrier::JobContext& job) -> townkrier::Result<townkrier::JsonText> {
        const int sum = job.payload().at("a").get<int>() + job.payload().at("b").get<int>();
        ran.set_value(sum);
        return townkrier::JsonText(nlohmann::json{{"sum", sum}});
      });
  if (registered) registered = queue.start_processing();
  if (!registered) {
    std::fprintf(stderr, "consumer: %s\n", registered.error().message.c_str());
    return 1;
  }

  const auto job = queue.enqueue("add", nlohmann::json{{"a", 2}, {"b", 40}});
  if (!job) {
    std::fprintf(stderr, "consumer: %s\n", job.error().message.c_str());
    return 1;
  }
  auto sum = ran.get_future();
  if (sum.wait_for(std::chrono::seconds(20)) != std::future_status::ready || sum.get() != 42) {
    std::fprintf(stderr, "consumer: job %s did not run\n", job->id().to_string().c_str());
    return 1;
  }
  std::printf("consumer: job %s ran\n", job->id().to_string().c_str());
  return 0;
}
