// The shortest complete program: one notification, durable, delivered in the background.
// Its marked region is the README's example.

#include <atomic>
#include <cstdio>
#include <optional>
#include <string>

#include <townkrier/townkrier.hpp>

using namespace townkrier;

struct Welcome : Notification {
  std::optional<EmailContent> to_email() const override {
    return EmailContent{.subject = "Welcome!", .text = "Good to have you."};
  }
};

namespace {

std::atomic_flag delivered;

DeliveryOutcome print_mail(const DeliveryRequest& request) {
  std::printf("to %s: %s\n", request.recipient.text().c_str(), request.content.text().c_str());
  delivered.test_and_set();
  delivered.notify_all();
  return DeliveryOutcome::sent();
}

// [readme]
Result<Job> welcome(const std::string& address) {
  NotificationManager notifications;
  notifications.register_channel("email", print_mail);  // a function, or a bundled provider (SMTP)

  auto store = open_rocksdb_store("./townkrier-data");
  if (!store) return std::unexpected(store.error());
  QueueManager queue({.store = *store}, notifications);
  if (auto started = queue.start_processing(); !started) return std::unexpected(started.error());

  auto job = queue.enqueue(Welcome{}, Recipient{}.email(address));  // on disk when it returns
  if (job) delivered.wait(false);
  return job;
}
// [/readme]

}  // namespace

int main() {
  const auto job = welcome("user@example.com");
  if (!job) {
    std::fprintf(stderr, "%s\n", job.error().message.c_str());
    return 1;
  }
  std::printf("job %s\n", job->id().to_string().c_str());
  return 0;
}
