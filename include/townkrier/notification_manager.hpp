#pragma once

/// \file notification_manager.hpp
/// The channels of a service: which there are, what delivers over each, and an immediate send.
/// Register everything first; once a QueueManager uses it, the set of channels is fixed.

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "townkrier/backend.hpp"
#include "townkrier/channel.hpp"
#include "townkrier/config.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/receipts.hpp"
#include "townkrier/result.hpp"
#include "townkrier/suppression.hpp"

namespace townkrier {

/// One event loop for all outgoing HTTP and SMTP transfers. Its owner calls `run_once` again and
/// again (the transport actor); everybody else may `wake` it. When several threads call `run_once`,
/// one works for all and the others wait, each no longer than its `max_wait`.
class TransportLoop {
 public:
  virtual ~TransportLoop() = default;
  /// Waits up to `max_wait` for something to do, does it, calls finished transfers back.
  virtual void run_once(Duration max_wait) = 0;
  virtual void wake() = 0;
  /// Ends every transfer with a transient outcome "shutting down" and refuses new ones until
  /// `run_once` is called again.
  virtual void stop() = 0;
};

/// What a factory may use besides the settings of its provider.
struct ProviderEnvironment {
  std::string channel;                       ///< The configured channel's name.
  std::string provider;                      ///< The provider's own name.
  std::shared_ptr<TransportLoop> transport;  ///< The bundled providers' loop.
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
};

/// Makes a provider from its settings (a JSON object); kInvalidConfig names a wrong or unknown key
/// by its pointer ("/port").
using ProviderFactory = std::function<Result<std::shared_ptr<Provider>>(
    const nlohmann::json& settings, const ProviderEnvironment& environment)>;

/// `[templates]`: a folder of mustache templates, read at start; see docs/channels.md.
struct TemplateOptions {
  std::string dir;  ///< Empty: no templates.
};

/// `[attachments]`: the one folder that attachments may be named from by path.
struct AttachmentOptions {
  std::string dir;                      ///< Empty: no attachments by path.
  std::uint64_t max_bytes = 10u << 20;  ///< Of all files of one notification.
};

struct NotificationManagerConfig {
  std::string default_channel;  ///< Used when a notification names no channel and has `text` only.
  std::vector<ChannelConfig> channels;
  /// Addresses that get nothing, and opt-outs; null: none. Looked at before each try; receipts of
  /// bounces and complaints add to it.
  std::shared_ptr<SuppressionList> suppressions = nullptr;
  TemplateOptions templates = {};
  AttachmentOptions attachments = {};
  PolicyOptions policy = {};
  std::shared_ptr<const Clock> clock = nullptr;  ///< Default: SystemClock.
  /// `[receipts.NAME]`: whose receipts are taken, by the provider's name, with the settings of
  /// `create_receipt_reader`.
  std::map<std::string, JsonText> receipts = {};
};

/// A channel ready to deliver: at least one provider, tried in the order of its strategy.
struct ConfiguredChannel {
  ChannelConfig config;
  std::vector<std::shared_ptr<Provider>> providers;
  bool needs_recipient = true;
  Duration stop_grace = HandlerOptions{}.stop_grace;  ///< For blocking code, see HandlerOptions.
  int max_replaced = HandlerOptions{}.max_replaced;
};

/// A notification checked against the channels.
struct PreparedNotification {
  JsonText payload;  ///< {"notification":{..,"via":[..]},"recipient":{ch:[..]}}, normalised.
  std::vector<std::string> via;     ///< Configured channel names, in order, without repeats.
  std::vector<PayloadPart> parts;   ///< By channel of `via`, into `payload`.
  std::vector<ShownContent> shown;  ///< By channel of `via`.
  JsonText masked;                  ///< The payload as it may be shown; empty for kPublic.
  DeliveryPlan plan = {};           ///< Fallbacks by configured channel names.
};

/// Thread-safe for `prepare`, `send` and `channels`; registering is for one thread at start.
class NotificationManager {
 public:
  /// Knows the bundled drivers, see providers.hpp. Errors in `config` are reported by `ready()`.
  explicit NotificationManager(NotificationManagerConfig config = {});
  ~NotificationManager();
  NotificationManager(const NotificationManager&) = delete;
  NotificationManager& operator=(const NotificationManager&) = delete;

  /// Makes `driver` known; a later registration of the same name replaces the earlier one.
  void register_factory(std::string driver, ProviderFactory factory);
  /// Adds a channel; its providers are made by `ready()`.
  void register_channel(ChannelConfig config);
  /// A channel from a blocking function, run on `options.concurrency` worker threads.
  void register_channel(std::string name, ChannelFunction function, HandlerOptions options = {});
  /// A channel from providers of the caller's.
  void register_channel(ChannelConfig config, std::vector<std::shared_ptr<Provider>> providers);

  /// Makes every provider that is not made yet; the first error names channel, provider and key.
  Result<void> ready();

  /// All enabled channels, after a successful `ready()`.
  const std::vector<ConfiguredChannel>& channels() const;

  /// Checks content, recipients and channels of {"notification":..,"recipient":..}; renders its
  /// template and reads attachments given by path (the only thing here that may block). `via`
  /// absent or empty: every configured channel that has content. A channel may be named by its
  /// configured name, or by the type of its first provider (via "email" finds channel
  /// "email-resend"). Errors are kInvalidArgument / kUnknownChannel with pointers into the payload.
  /// `shown` and `masked` are made for `privacy`.
  Result<PreparedNotification> prepare(const JsonText& payload,
                                       ContentPrivacy privacy = ContentPrivacy::kPublic) const;

  /// Sends now, without a queue or a log; waits for all channels. Retries nothing.
  Result<SendReport> send(const Notification& notification, const Recipient& recipient,
                          Duration timeout = Duration{30'000});
  /// The same for a prepared notification; `done` is called once, from any thread. `inbox` rows
  /// that in-app channels made are given along for the caller to store.
  void send_async(PreparedNotification notification, Duration timeout,
                  std::function<void(SendReport, std::vector<InboxMessage>)> done);

  /// Reads what that provider posts about messages; null: nothing is taken. After `ready()`.
  std::shared_ptr<const ReceiptReader> receipts_of(const std::string& provider) const;
  /// The names of the providers whose receipts are taken.
  std::set<std::string> receipt_providers() const;
  /// Null: there is none.
  std::shared_ptr<SuppressionList> suppressions() const;

  /// The loop the bundled providers use; a QueueManager runs it while it lives.
  std::shared_ptr<TransportLoop> transport() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace townkrier
