#include "townkrier/notification_manager.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <utility>

#include "channels/channel_registry.hpp"
#include "channels/curl_transport.hpp"
#include "channels/immediate_send.hpp"
#include "channels/local_providers.hpp"
#include "channels/message_sources.hpp"
#include "channels/prepare.hpp"
#include "channels/timer.hpp"
#include "channels/worker_pool.hpp"
#include "core/uuid_generator.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

constexpr std::size_t kMaxSendThreads = 64;

Result<std::shared_ptr<CurlTransport>> make_transport() {
  return CurlTransport::create();
}

/// Null when it has nothing to say.
std::shared_ptr<const PolicyOptions> policy_rules(const PolicyOptions& policy) {
  return policy.quiet_hours ? std::make_shared<PolicyOptions>(policy) : nullptr;
}

/// A reader's error with its pointers ("/secret") made configuration keys.
Error receipts_error(const std::string& provider, Error error) {
  const std::string base = "receipts." + provider;
  for (FieldError& field : error.fields) {
    std::ranges::replace(field.pointer, '/', '.');
    field.pointer.insert(0, base);
  }
  if (error.fields.empty()) error.fields.push_back({base, error.message});
  return {Errc::kInvalidConfig, base + ": " + error.message, std::move(error.fields)};
}

void add_bundled_drivers(ChannelRegistry& registry) {
  registry.add_factory("console", create_console_channel);
  registry.add_factory("in_app", create_in_app_channel);
  registry.add_factory("smtp", create_smtp_channel);
  registry.add_factory("webhook", create_webhook_channel);
  registry.add_factory("resend", create_resend_channel);
  registry.add_factory("postmark", create_postmark_channel);
  registry.add_factory("mailtrap", create_mailtrap_channel);
  registry.add_factory("termii", create_termii_channel);
  registry.add_factory("twilio", create_twilio_channel);
  registry.add_factory("wasender", create_wasender_channel);
  registry.add_factory("whapi", create_whapi_channel);
  registry.add_factory("fcm", create_fcm_channel);
  registry.add_factory("expo", create_expo_channel);
  registry.add_factory("slack", create_slack_channel);
  registry.add_factory("discord", create_discord_channel);
  registry.add_factory("file", create_file_channel);
  registry.add_factory("http", create_http_channel);
}

}  // namespace

/// `registry`, `readers` and `sources` change in `ready()` alone, under `mutex`; once made, channels stay as
/// they are.
struct NotificationManager::Impl {
  explicit Impl(NotificationManagerConfig given)
      : default_channel(std::move(given.default_channel)),
        templates(std::move(given.templates)),
        attachments(std::move(given.attachments)),
        made_transport(make_transport()),
        transport(made_transport.value_or(nullptr)),
        policy(std::move(given.policy)),
        clock(given.clock ? std::move(given.clock) : std::make_shared<SystemClock>()),
        suppressions(std::move(given.suppressions)),
        receipt_settings(std::move(given.receipts)),
        registry({transport, timer, suppressions, policy_rules(policy), clock}) {
    add_bundled_drivers(registry);
    for (ChannelConfig& channel : given.channels) registry.add(std::move(channel));
  }

  Result<void> ready() {
    if (!made_transport) return std::unexpected(made_transport.error());
    if (auto valid = policy.validate(); !valid) return valid;
    const std::lock_guard lock(mutex);
    if (auto made = make_readers(); !made) return made;
    if (!sources) {
      auto opened = open_message_sources(templates, attachments);
      if (!opened) return std::unexpected(std::move(opened.error()));
      sources.emplace(*std::move(opened));
    }
    return registry.ready();
  }

  Result<void> make_readers() {
    for (const auto& [provider, settings] : receipt_settings) {
      if (readers.contains(provider)) continue;
      auto reader = create_receipt_reader(settings.value());
      if (!reader) return std::unexpected(receipts_error(provider, std::move(reader.error())));
      readers.emplace(provider, *std::move(reader));
    }
    return {};
  }

  std::vector<ImmediateDelivery> deliveries(const PreparedNotification& prepared, Duration timeout,
                                            const std::stop_token& stop);

  const std::string default_channel;
  const TemplateOptions templates;
  const AttachmentOptions attachments;
  const Result<std::shared_ptr<CurlTransport>> made_transport;
  const std::shared_ptr<CurlTransport> transport;
  const std::shared_ptr<ThreadTimer> timer = std::make_shared<ThreadTimer>();
  const PolicyOptions policy;
  const std::shared_ptr<const Clock> clock;
  const std::shared_ptr<SuppressionList> suppressions;
  const std::map<std::string, JsonText> receipt_settings;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const ReceiptReader>> readers;
  ChannelRegistry registry;
  std::optional<MessageSources> sources;  // set by the first `ready()` that succeeds
  UuidV7Generator ids{*clock};
  WorkerPool workers{kMaxSendThreads};  // last: its tasks use the rest
};

std::vector<ImmediateDelivery> NotificationManager::Impl::deliveries(
    const PreparedNotification& prepared, Duration timeout, const std::stop_token& stop) {
  const nlohmann::json payload = prepared.payload.value();
  std::vector<ImmediateDelivery> out;
  for (const std::string& name : prepared.via) {
    const ConfiguredChannel* channel = registry.find(name);
    if (channel == nullptr) continue;  // prepared by another manager
    DeliveryRequest request;
    request.channel = name;
    request.idempotency_key = ids.next().to_string();
    request.timeout = timeout;
    request.content = payload.at("notification").at(name);
    request.recipient = payload.at("recipient").value(name, nlohmann::json::array());
    request.created_at = clock->now();
    request.policy = prepared.plan.policy;
    request.stop = stop;
    out.push_back({.channel = channel, .request = std::move(request)});
  }
  return out;
}

NotificationManager::NotificationManager(NotificationManagerConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}

NotificationManager::~NotificationManager() {
  // Transfers still under way are answered while everything they answer to exists.
  if (impl_->transport) impl_->transport->stop();
  impl_->timer->stop();
}

void NotificationManager::register_factory(std::string driver, ProviderFactory factory) {
  impl_->registry.add_factory(std::move(driver), std::move(factory));
}

void NotificationManager::register_channel(ChannelConfig config) {
  impl_->registry.add(std::move(config));
}

void NotificationManager::register_channel(std::string name, ChannelFunction function,
                                           HandlerOptions options) {
  ChannelConfig config;
  config.name = name;
  config.concurrency = options.concurrency;
  impl_->registry.add(std::move(config),
                      {make_function_provider(std::move(name), std::move(function))});
}

void NotificationManager::register_channel(ChannelConfig config,
                                           std::vector<std::shared_ptr<Provider>> providers) {
  impl_->registry.add(std::move(config), std::move(providers));
}

Result<void> NotificationManager::ready() {
  return impl_->ready();
}

const std::vector<ConfiguredChannel>& NotificationManager::channels() const {
  return impl_->registry.channels();
}

Result<PreparedNotification> NotificationManager::prepare(const JsonText& payload,
                                                          ContentPrivacy privacy) const {
  if (auto ok = impl_->ready(); !ok) return std::unexpected(std::move(ok.error()));
  return prepare_notification(payload, impl_->registry, *impl_->sources, impl_->default_channel,
                              privacy);
}

Result<SendReport> NotificationManager::send(const Notification& notification,
                                             const Recipient& recipient, Duration timeout) {
  const nlohmann::json payload{{"notification", notification.render().value()},
                               {"recipient", recipient.to_json().value()}};
  const auto prepared = prepare(payload);
  if (!prepared) return std::unexpected(prepared.error());
  std::stop_source stop;
  // Shared: the thread that sets it may still be inside when this one has got the value and left.
  const auto promise = std::make_shared<std::promise<SendReport>>();
  auto answer = promise->get_future();
  // Opens the loop again in case a QueueManager has stopped it.
  impl_->transport->run_once(Duration{0});
  const auto sending = std::make_shared<ImmediateSend>(
      impl_->deliveries(*prepared, timeout, stop.get_token()), prepared->plan, impl_->workers,
      [promise, loop = impl_->transport](SendReport report, std::vector<InboxMessage>) {
        promise->set_value(std::move(report));
        loop->wake();
      });
  sending->start();
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  // Carries the transfers itself, unless another thread is doing so; then it waits for that one.
  constexpr Duration kSlice{50};
  while (answer.wait_for(Duration{0}) != std::future_status::ready) {
    if (std::chrono::steady_clock::now() >= deadline) {
      stop.request_stop();
      sending->give_up();
      break;
    }
    impl_->transport->run_once(kSlice);
  }
  return answer.get();
}

void NotificationManager::send_async(
    PreparedNotification prepared, Duration timeout,
    std::function<void(SendReport, std::vector<InboxMessage>)> done) {
  auto deliveries = impl_->deliveries(prepared, timeout, {});
  if (deliveries.empty()) return done({}, {});
  std::make_shared<ImmediateSend>(std::move(deliveries), std::move(prepared.plan), impl_->workers,
                                  std::move(done))
      ->start();
}

std::shared_ptr<const ReceiptReader> NotificationManager::receipts_of(
    const std::string& provider) const {
  const auto found = impl_->readers.find(provider);
  return found == impl_->readers.end() ? nullptr : found->second;
}

std::set<std::string> NotificationManager::receipt_providers() const {
  std::set<std::string> names;
  for (const auto& [provider, settings] : impl_->receipt_settings) names.insert(provider);
  return names;
}

std::shared_ptr<SuppressionList> NotificationManager::suppressions() const {
  return impl_->suppressions;
}

std::shared_ptr<TransportLoop> NotificationManager::transport() const {
  return impl_->transport;
}

}  // namespace townkrier
