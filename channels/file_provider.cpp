// Deliveries as files, for development; see create_file_channel in townkrier/providers.hpp.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "channels/content_check.hpp"
#include "channels/email.hpp"
#include "channels/mail_message.hpp"
#include "channels/mail_text.hpp"
#include "channels/settings.hpp"
#include "townkrier/providers.hpp"

namespace townkrier {
namespace {

using nlohmann::json;

struct FileSettings {
  std::string dir;
  std::string type;
  EmailAddress from{"townkrier@localhost", "TownKrier"};
};

FileSettings read_settings(const json& value, const ProviderEnvironment& environment,
                           FieldErrors& errors) {
  JsonReader reader(value, "", errors);
  FileSettings out;
  out.dir = reader.required_string("dir", {.min_bytes = 1, .max_bytes = 4096}).value_or("");
  out.type = reader.optional_string("type", {.min_bytes = 1, .max_bytes = 64})
                 .value_or(environment.channel);
  if (reader.has("from")) out.from = read_from(reader);
  reader.refuse_unknown();
  return out;
}

/// The whole file or nothing: written beside its place, then renamed.
Result<void> write_file(const std::string& path, std::string_view text) {
  const std::string part = path + ".part";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = file >= 0;
  while (ok && !text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    ok = written > 0;
    if (ok) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file >= 0) ok = ::close(file) == 0 && ok;
  if (ok && ::rename(part.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  ::unlink(part.c_str());
  return fail(Errc::kIo, std::string("cannot write a file: ") + std::strerror(reason));
}

/// Blocking: it waits for the disk.
class FileProvider final : public Provider {
 public:
  FileProvider(FileSettings settings, const ProviderEnvironment& environment)
      : settings_(std::move(settings)), clock_(environment.clock), name_(environment.provider) {}

  std::string_view name() const override { return name_; }
  std::string_view channel_type() const override { return settings_.type; }
  bool blocking() const override { return true; }
  bool needs_recipient() const override {
    static constexpr std::array<std::string_view, 4> kAddressed{"email", "sms", "whatsapp", "push"};
    return std::ranges::find(kAddressed, settings_.type) != kAddressed.end();
  }

  Result<void> check(const json& content, const json& recipients) const override {
    return check_content(settings_.type, content, recipients);
  }

  void send(DeliveryRequest request, DeliveryDone done) override {
    const bool mail = settings_.type == NotificationChannel::kEmail;
    const auto text = mail ? mail_of(request) : Result<std::string>(json_of(request));
    if (!text) return done(DeliveryOutcome::permanent(text.error().message, "invalid_message"));
    std::error_code problem;  // what is wrong with the folder shows when the file is opened
    std::filesystem::create_directories(settings_.dir, problem);
    const std::string name = file_name(request.idempotency_key) + (mail ? ".eml" : ".json");
    if (auto ok = write_file(settings_.dir + "/" + name, *text); !ok) {
      return done(DeliveryOutcome::transient(ok.error().message, "io"));
    }
    done(DeliveryOutcome::sent(name));
  }

 private:
  /// The same on every try, so that a second one replaces the first.
  static std::string file_name(std::string key) {
    constexpr std::size_t kMaxBytes = 100;
    std::ranges::replace_if(
        key, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-'; }, '_');
    return key.substr(0, kMaxBytes);
  }

  TimePoint time_of(const DeliveryRequest& request) const {
    return request.created_at != TimePoint{} ? request.created_at : clock_->now();
  }

  Result<std::string> mail_of(const DeliveryRequest& request) const {
    const auto email = parse_email(request.content.value(), request.recipient.value());
    if (!email) return std::unexpected(email.error());
    const auto message = compose_mail(*email, {.default_from = settings_.from,
                                               .idempotency_key = request.idempotency_key,
                                               .date = time_of(request)});
    if (!message) return std::unexpected(message.error());
    return mail_text(*message);
  }

  std::string json_of(const DeliveryRequest& request) const {
    const json value{{"id", request.idempotency_key},
                     {"channel", request.channel},
                     {"attempt", request.attempt},
                     {"createdAt", to_iso8601(time_of(request))},
                     {"recipient", request.recipient.value()},
                     {"content", request.content.value()}};
    return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  }

  const FileSettings settings_;
  const std::shared_ptr<const Clock> clock_;
  const std::string name_;
};

}  // namespace

Result<std::shared_ptr<Provider>> create_file_channel(const json& settings,
                                                      const ProviderEnvironment& environment) {
  FieldErrors errors;
  auto parsed = read_settings(settings, environment, errors);
  if (!errors.empty()) return std::unexpected(errors.to_error(Errc::kInvalidConfig));
  return std::make_shared<FileProvider>(std::move(parsed), environment);
}

}  // namespace townkrier
