// A complete service: an e-mail channel over Resend, a queue with retries, a log, a dashboard; one
// notification sent at once, one in the background, one in a minute.
//
//   RESEND_API_KEY=re_... complete [--seconds N] [--port P]
//
// It ends when all three are handled, at Enter, or after N seconds. RESEND_BASE_URL sends to
// another server than Resend's, e.g. http://127.0.0.1:8080 for a trial without an account.

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <townkrier/providers.hpp>
#include <townkrier/townkrier.hpp>

using namespace townkrier;
using nlohmann::json;

namespace {

struct Arguments {
  std::uint16_t port = 3000;
  std::chrono::seconds at_most{120};
};

Arguments read_arguments(int argc, char** argv) {
  Arguments result;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--port") result.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    if (name == "--seconds") result.at_most = std::chrono::seconds(std::atoi(argv[i + 1]));
  }
  return result;
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

json resend_settings() {
  json settings = {{"api_key", from_environment("RESEND_API_KEY")},
                   {"from", "notifications@example.com"}};
  if (const std::string url = from_environment("RESEND_BASE_URL"); !url.empty()) {
    settings["base_url"] = url;
    settings["allow_private"] = true;
  }
  return settings;
}

// 6. Create Notification
class WelcomeEmail : public Notification {
 public:
  std::vector<std::string> via() const override {
    return {std::string(NotificationChannel::kEmail)};
  }
  std::optional<EmailContent> to_email() const override {
    return EmailContent{
        .subject = "Welcome!",
        .text = "Welcome!",
        .html = "<h1>Welcome!</h1>",
        .message = "Welcome!",
    };
  }
};

template <class T>
bool succeeded(const char* what, const Result<T>& result) {
  if (!result) std::fprintf(stderr, "%s: %s\n", what, result.error().message.c_str());
  return result.has_value();
}

// 7. Send Notifications
bool send_notifications(QueueManager& queue_manager) {
  const WelcomeEmail notification;
  const auto recipient = Recipient{}.email("user@example.com");

  // Send immediately
  const auto report = queue_manager.send_now(notification, recipient);
  if (!succeeded("send now", report)) return false;
  for (const auto& [channel, result] : report->results) {
    std::printf("sent now over %s: %s\n", channel.c_str(),
                result.sent ? result.message_id.c_str() : result.error.c_str());
  }

  // Queue for background
  if (!succeeded("enqueue", queue_manager.enqueue(notification, recipient))) return false;

  // Schedule for later
  return succeeded("schedule",
                   queue_manager.enqueue(notification, recipient,
                                         {.priority = JobPriority::kHigh,
                                          .scheduled_for = SystemClock{}.now() + 1min}));
}

class Keyboard {
 public:
  /// Waits up to `time`. The end of the input is not Enter.
  bool enter_within(std::chrono::milliseconds time) {
    pollfd input{.fd = open_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, static_cast<int>(time.count())) <= 0) return false;
    char c = 0;
    open_ = ::read(STDIN_FILENO, &c, 1) == 1;
    return open_;
  }

 private:
  bool open_ = true;
};

void wait_until_handled(QueueManager& queue_manager, std::chrono::seconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  Keyboard keyboard;
  while (std::chrono::steady_clock::now() < end) {
    const auto stats = queue_manager.get_stats();
    if (!stats || stats->completed + stats->failed == 2) return;
    if (keyboard.enter_within(200ms)) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);

  // 1. Setup Notification Manager
  NotificationManager notification_manager({
      .default_channel = "email-resend",
      .channels = {{
          .name = "email-resend",
          .enabled = true,
          .providers = {{.driver = "email-resend", .name = "", .settings = resend_settings()}},
      }},
  });

  notification_manager.register_factory("email-resend", create_resend_channel);

  // 2. Setup Queue
  auto queue_adapter = InMemoryQueueAdapter({
      .max_retries = 3,
      .retry_delay = 1000ms,
  });

  QueueManager queue_manager(queue_adapter, notification_manager);

  // 3. Setup Storage
  StorageManager storage_manager(InMemoryStorageAdapter());

  // 4. Setup Dashboard
  DashboardServer dashboard({
      .queue_manager = &queue_manager,
      .storage_manager = &storage_manager,
      .port = arguments.port,
      .path = "/dashboard",
  });

  // 5. Start Everything
  if (!succeeded("queue", queue_manager.start_processing())) return 1;
  if (!succeeded("dashboard", dashboard.start())) return 1;
  std::printf("Visit %s to monitor!\n", dashboard.url().c_str());
  std::fflush(stdout);

  if (!send_notifications(queue_manager)) return 1;
  wait_until_handled(queue_manager, arguments.at_most);

  const auto stats = queue_manager.get_stats();
  if (!succeeded("stats", stats)) return 1;
  std::printf("completed %llu, failed %llu, retrying %llu, scheduled %llu\n",
              static_cast<unsigned long long>(stats->completed),
              static_cast<unsigned long long>(stats->failed),
              static_cast<unsigned long long>(stats->retrying),
              static_cast<unsigned long long>(stats->scheduled));
  return 0;
}
