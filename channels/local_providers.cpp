#include "channels/local_providers.hpp"

#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "channels/text.hpp"
#include "core/json_reader.hpp"
#include "core/masking.hpp"
#include "townkrier/notification.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

class ConsoleProvider final : public Provider {
 public:
  ConsoleProvider(std::string name, LineSink sink)
      : name_(std::move(name)), sink_(std::move(sink)) {}

  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return NotificationChannel::kConsole; }
  bool needs_recipient() const override { return false; }

  Result<void> check(const json& content, const json&) const override {
    if (content.is_object()) return {};
    return fail_field(Errc::kInvalidArgument, "/content", "must be an object");
  }

  void send(DeliveryRequest request, DeliveryDone done) override {
    std::string line = "channel=" + request.channel + " id=" + request.idempotency_key +
                       " attempt=" + std::to_string(request.attempt);
    const json recipients = request.recipient.value();
    if (!recipients.empty()) line += " to=\"" + printable(mask_recipients(recipients), 200) + '"';
    const std::string subject = subject_of(request.content.value());
    if (!subject.empty()) {
      line += " subject=\"" + printable(mask_text(subject, ContentPrivacy::kMasked), 200) + '"';
    }
    sink_(line + '\n');
    done(DeliveryOutcome::sent());
  }

 private:
  static std::string subject_of(const json& content) {
    for (const char* key : {"subject", "title", "message", "text"}) {
      const auto found = content.find(key);
      if (found != content.end() && found->is_string()) return found->get<std::string>();
    }
    return {};
  }

  const std::string name_;
  const LineSink sink_;
};

Result<InboxMessage> read_inbox(const json& content, const json& recipients) {
  FieldErrors errors;
  InboxMessage message;
  JsonReader reader(content, "/content", errors);
  message.title = reader.optional_string("title").value_or("");
  message.message = reader.optional_string("message").value_or("");
  message.type = reader.optional_string("type").value_or("");
  message.action_url = reader.optional_string("actionUrl").value_or("");
  message.icon = reader.optional_string("icon").value_or("");
  if (const json* data = reader.optional_any("data")) message.data = *data;
  if (content.is_object() && message.title.empty() && message.message.empty()) {
    errors.add("/content", "needs a title or a message");
  }
  reader.refuse_unknown();
  if (!recipients.is_array() || recipients.size() != 1) {
    errors.add("/recipient", "takes exactly one user");
  } else {
    JsonReader user(recipients.front(), "/recipient/0", errors);
    message.user_id =
        user.required_string("userId", {.min_bytes = 1, .max_bytes = 200}).value_or("");
    if (has_control(message.user_id)) {
      errors.add(user.pointer("userId"), "must not hold control characters");
    }
    for (const char* unused : {"email", "name"}) user.optional_string(unused);
    user.refuse_unknown();
  }
  if (!errors.empty()) return std::unexpected(errors.to_error());
  return message;
}

class InAppProvider final : public Provider {
 public:
  InAppProvider(std::string name, std::shared_ptr<const Clock> clock)
      : name_(std::move(name)), clock_(std::move(clock)) {}

  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return NotificationChannel::kInApp; }

  Result<void> check(const json& content, const json& recipients) const override {
    const auto message = read_inbox(content, recipients);
    if (!message) return std::unexpected(message.error());
    return {};
  }

  void send(DeliveryRequest request, DeliveryDone done) override {
    auto message = read_inbox(request.content.value(), request.recipient.value());
    if (!message) {
      return done(DeliveryOutcome::permanent(message.error().message, "invalid_message"));
    }
    const auto id = LogId::parse(request.idempotency_key);
    if (!id) return done(DeliveryOutcome::permanent(id.error().message, "invalid_id"));
    message->id = *id;
    message->created_at = clock_->now();
    auto outcome = DeliveryOutcome::sent(id->to_string());
    outcome.inbox = *std::move(message);
    done(std::move(outcome));
  }

 private:
  const std::string name_;
  const std::shared_ptr<const Clock> clock_;
};

class FunctionProvider final : public Provider {
 public:
  FunctionProvider(std::string channel, ChannelFunction function)
      : channel_(std::move(channel)), function_(std::move(function)) {}

  std::string_view name() const override { return channel_; }
  std::string_view channel_type() const override { return channel_; }
  bool blocking() const override { return true; }

  void send(DeliveryRequest request, DeliveryDone done) override { done(outcome_of(request)); }

 private:
  DeliveryOutcome outcome_of(const DeliveryRequest& request) const {
    try {
      return function_(request);
    } catch (const std::exception& exception) {
      return DeliveryOutcome::transient(exception.what(), "exception");
    } catch (...) {
      return DeliveryOutcome::transient("an exception of an unknown type", "exception");
    }
  }

  const std::string channel_;
  const ChannelFunction function_;
};

Result<void> refuse_settings(const json& settings) {
  FieldErrors errors;
  JsonReader reader(settings, "", errors);
  reader.refuse_unknown();
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return {};
}

/// One call, so that lines of several threads do not mix.
void write_to_stdout(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::shared_ptr<Provider> make_console_provider(std::string name, LineSink sink) {
  return std::make_shared<ConsoleProvider>(std::move(name), std::move(sink));
}

std::shared_ptr<Provider> make_in_app_provider(std::string name,
                                               std::shared_ptr<const Clock> clock) {
  return std::make_shared<InAppProvider>(std::move(name), std::move(clock));
}

std::shared_ptr<Provider> make_function_provider(std::string channel, ChannelFunction function) {
  return std::make_shared<FunctionProvider>(std::move(channel), std::move(function));
}

Result<std::shared_ptr<Provider>> create_console_channel(const json& settings,
                                                         const ProviderEnvironment& environment) {
  if (auto ok = refuse_settings(settings); !ok) return std::unexpected(ok.error());
  return make_console_provider(environment.provider, &write_to_stdout);
}

Result<std::shared_ptr<Provider>> create_in_app_channel(const json& settings,
                                                        const ProviderEnvironment& environment) {
  if (auto ok = refuse_settings(settings); !ok) return std::unexpected(ok.error());
  return make_in_app_provider(environment.provider, environment.clock);
}

}  // namespace townkrier
